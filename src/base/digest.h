// Digests and encodings, over OpenSSL. Any thread may call any of these.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace rayhistory {

using Sha256Digest = std::array<unsigned char, 32>;
using Md5Digest = std::array<unsigned char, 16>;

Sha256Digest sha256(std::string_view data);
Md5Digest md5(std::string_view data);
Sha256Digest hmac_sha256(std::string_view key, std::string_view data);

// SHA-256 of what comes in pieces.
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();
  void update(std::string_view data);
  Sha256Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// MD5 of what comes in pieces. For stores' checks of what came over the wire, not for security.
class Md5 {
 public:
  Md5();
  Md5(Md5&&) noexcept;
  Md5& operator=(Md5&&) noexcept;
  ~Md5();
  void update(std::string_view data);
  Md5Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Lower case.
std::string to_hex(std::string_view bytes);
template <size_t size>
std::string to_hex(const std::array<unsigned char, size>& bytes) {
  return to_hex(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}
std::string_view as_text(const Sha256Digest& digest);
std::string_view as_text(const Md5Digest& digest);

std::string to_base64(std::string_view bytes);      // standard alphabet, padded
std::string to_base64_url(std::string_view bytes);  // URL-safe alphabet, without padding
// Either alphabet, with or without padding; nothing where `text` is neither.
std::optional<std::string> from_base64(std::string_view text);

// `bytes` random bytes in lower-case hex, from the operating system: for tokens and temporary names.
std::string random_hex(size_t bytes);

}  // namespace rayhistory
