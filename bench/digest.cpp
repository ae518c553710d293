// What a signed request costs before it is sent: the body's SHA-256, and the signature's four HMACs.
#include "base/digest.h"

#include <string>

#include <benchmark/benchmark.h>

namespace rayhistory {
namespace {

void hash_a_part(benchmark::State& state) {
  const std::string part(static_cast<size_t>(state.range(0)), 'x');
  for (auto _ : state)
    benchmark::DoNotOptimize(sha256(part));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(hash_a_part)->Arg(1 << 10)->Arg(1 << 20)->Arg(8 << 20);

void derive_a_signature(benchmark::State& state) {
  const std::string text(300, 's');
  for (auto _ : state) {
    Sha256Digest key = hmac_sha256("AWS4secret", "20261123");
    for (const char* scope : {"us-east-1", "s3", "aws4_request"})
      key = hmac_sha256(as_text(key), scope);
    benchmark::DoNotOptimize(hmac_sha256(as_text(key), text));
  }
}
BENCHMARK(derive_a_signature);

}  // namespace
}  // namespace rayhistory
