// An RSA key for tests, made anew in each test program: a private key in the repository would be one that
// somebody comes to trust.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rayhistory {

// PKCS #8 in PEM, 2048 bits; the same all through the program.
const std::string& rsa_test_key_pem();
// Another, of `bits`, or of an elliptic curve where `bits` is 0.
std::string new_test_key_pem(unsigned bits);

// The first one, encrypted.
std::string encrypted_test_key_pem(std::string_view pass_phrase);
// A certificate of the first one, whose subject has these organizational units, in PEM.
std::string test_certificate_pem(const std::vector<std::string>& units);

// Whether `signature` is RS256's over `message` by the key of `pem`.
bool is_rs256_signature(std::string_view pem, std::string_view message, std::string_view signature);

}  // namespace rayhistory
