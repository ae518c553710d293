// What a store's server can do, found out and not assumed. Many servers speak S3's protocol, and hardly two
// of them speak all of it. Each row of the table is one thing that some of them cannot do: how the store does
// without it, and which promise it then cannot keep. The code, `collector --check`, docs/stores.md and the
// tests use this one table.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rayhistory {

enum class StoreAbility : uint8_t {
  put_if_absent,
  put_if_match,
  conditional_complete,
  sized_complete,
  metadata,
  multipart,
  part_copy,
  uneven_parts,
  upload_listing,
  server_copy,
  listing_v2,
  continuation,
  key_encoding,
  ranged_reads,
  steady_etags,
  unchecked_writes,
  large_bodies,
};
inline constexpr size_t kStoreAbilities = static_cast<size_t>(StoreAbility::large_bodies) + 1;

struct StoreAbilityRow {
  StoreAbility ability;
  std::string_view name;     // "part_copy", as the line `store abilities` has it
  std::string_view meaning;  // what the server does where it has the ability
  std::string_view without;  // what the store does where the server has not, a sentence
  std::string_view lost;     // the promise that is then not kept, a sentence; empty: all are kept
};
std::span<const StoreAbilityRow, kStoreAbilities> store_ability_table();
const StoreAbilityRow& row_of(StoreAbility ability);

enum class AbilityState : uint8_t {
  assumed,  // the server has not shown yet whether it can
  present,
  absent,
};

// What one store knows of its server. Any thread.
class StoreAbilities {
 public:
  // False only once the server has shown that it cannot.
  bool may(StoreAbility ability) const { return state(ability) != AbilityState::absent; }
  AbilityState state(StoreAbility ability) const { return states_[index(ability)]; }

  // A call that needed it has worked, as far as a call can show.
  void confirm(StoreAbility ability);

  // Logs it when an ability turns out to be absent, with `evidence`: the server's answer, or what was seen.
  void learn(StoreAbility ability, bool is_present, std::string_view evidence = {});

  // "put_if_match=yes part_copy=no ranged_reads=assumed …": all rows, in the table's order.
  std::string line() const;
  // Of what is absent: a sentence each, with the promise that is lost.
  std::vector<std::string> lacks() const;

 private:
  static size_t index(StoreAbility ability) { return static_cast<size_t>(ability); }

  std::array<std::atomic<AbilityState>, kStoreAbilities> states_{};
};

}  // namespace rayhistory
