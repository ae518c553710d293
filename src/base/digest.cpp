#include "base/digest.h"

#include <sys/random.h>

#include <cerrno>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/check.h"

namespace rayhistory {
namespace {

template <size_t size>
std::array<unsigned char, size> digest_of(const EVP_MD* kind, std::string_view data) {
  std::array<unsigned char, size> digest;
  unsigned length = 0;
  CHECK(EVP_Digest(data.data(), data.size(), digest.data(), &length, kind, nullptr) == 1);
  CHECK(length == size);
  return digest;
}

constexpr std::string_view kStandardAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string encode_base64(std::string_view bytes, std::string_view alphabet, bool padded) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  uint32_t bits = 0;
  int bit_count = 0;
  for (const char byte : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(byte);
    bit_count += 8;
    while (bit_count >= 6) {
      bit_count -= 6;
      text += alphabet[(bits >> bit_count) & 63];
    }
  }
  if (bit_count > 0) text += alphabet[(bits << (6 - bit_count)) & 63];
  while (padded && text.size() % 4 != 0)
    text += '=';
  return text;
}

}  // namespace

Sha256Digest sha256(std::string_view data) {
  return digest_of<32>(EVP_sha256(), data);
}

Md5Digest md5(std::string_view data) {
  return digest_of<16>(EVP_md5(), data);
}

Sha256Digest hmac_sha256(std::string_view key, std::string_view data) {
  Sha256Digest digest;
  unsigned length = 0;
  CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(data.data()), data.size(), digest.data(),
             &length) != nullptr);
  CHECK(length == digest.size());
  return digest;
}

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  CHECK(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) == 1);
}

Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::update(std::string_view data) {
  CHECK(EVP_DigestUpdate(state_->context, data.data(), data.size()) == 1);
}

Sha256Digest Sha256::finish() {
  Sha256Digest digest;
  unsigned length = 0;
  CHECK(EVP_DigestFinal_ex(state_->context, digest.data(), &length) == 1);
  CHECK(length == digest.size());
  return digest;
}

struct Md5::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Md5::Md5() : state_(std::make_unique<State>()) {
  CHECK(EVP_DigestInit_ex(state_->context, EVP_md5(), nullptr) == 1);
}

Md5::Md5(Md5&&) noexcept = default;
Md5& Md5::operator=(Md5&&) noexcept = default;
Md5::~Md5() = default;

void Md5::update(std::string_view data) {
  CHECK(EVP_DigestUpdate(state_->context, data.data(), data.size()) == 1);
}

Md5Digest Md5::finish() {
  Md5Digest digest;
  unsigned length = 0;
  CHECK(EVP_DigestFinal_ex(state_->context, digest.data(), &length) == 1);
  CHECK(length == digest.size());
  return digest;
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string_view as_text(const Sha256Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string_view as_text(const Md5Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string to_base64(std::string_view bytes) {
  return encode_base64(bytes, kStandardAlphabet, true);
}

std::string to_base64_url(std::string_view bytes) {
  return encode_base64(bytes, kUrlAlphabet, false);
}

std::optional<std::string> from_base64(std::string_view text) {
  if (const size_t padding = text.find('='); padding != std::string_view::npos) {
    if (text.size() % 4 != 0 || text.size() - padding > 2) return std::nullopt;
    if (text.substr(padding).find_first_not_of('=') != std::string_view::npos) return std::nullopt;
    text = text.substr(0, padding);
  }
  if (text.size() % 4 == 1) return std::nullopt;
  const bool url = text.find_first_of("-_") != std::string_view::npos;
  const std::string_view alphabet = url ? kUrlAlphabet : kStandardAlphabet;

  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  uint32_t bits = 0;
  int bit_count = 0;
  for (const char c : text) {
    const size_t value = alphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 6) | static_cast<uint32_t>(value);
    bit_count += 6;
    if (bit_count >= 8) {
      bit_count -= 8;
      bytes += static_cast<char>((bits >> bit_count) & 255);
    }
  }
  return bytes;
}

std::string random_hex(size_t bytes) {
  std::string random(bytes, '\0');
  size_t filled = 0;
  while (filled < bytes) {
    const ssize_t got = ::getrandom(random.data() + filled, bytes - filled, 0);
    CHECK(got > 0 || errno == EINTR);
    if (got > 0) filled += static_cast<size_t>(got);
  }
  return to_hex(random);
}

}  // namespace rayhistory
