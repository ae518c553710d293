// Signs what it is told, for test_azure_shared_key.py: one request a line on standard input, one answer a
// line on standard output.
//
// In:  fields with tabs between, those marked * in hex:
//      method, origin, *path (raw), *query as name=value&… (raw, each in hex), *headers as name=value&… (each
//      in hex), account, *key, unix seconds, size of the body
// Out: Authorization, encoded path, encoded query
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "signing/azure_shared_key.h"

namespace rayhistory {
namespace {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

QueryParameters pairs_from_hex(std::string_view text) {
  QueryParameters pairs;
  if (text.empty()) return pairs;
  for (const std::string& pair : split(text, '&')) {
    const std::vector<std::string> sides = split(pair, '=');
    CHECK(sides.size() == 2);
    pairs.emplace_back(from_hex(sides[0]), from_hex(sides[1]));
  }
  return pairs;
}

HttpMethod method_from(const std::string& name) {
  for (const HttpMethod method :
       {HttpMethod::get, HttpMethod::head, HttpMethod::put, HttpMethod::post, HttpMethod::del})
    if (name_of(method) == name) return method;
  UNREACHABLE("an unknown method");
}

void answer_all() {
  std::string line;
  while (std::getline(std::cin, line)) {
    const std::vector<std::string> fields = split(line, '\t');
    CHECK(fields.size() == 9);
    HttpRequest request;
    request.method = method_from(fields[0]);
    Result<Url> url = parse_url(fields[1], Scheme::https);
    CHECK(url.has_value());
    request.url = *url;
    request.url.encoded_path = encode_path(from_hex(fields[2]));
    request.url.encoded_query = encode_query(pairs_from_hex(fields[3]));
    for (const auto& [name, value] : pairs_from_hex(fields[4]))
      request.headers.set(name, value);
    const MemoryBody body(std::string(std::stoul(fields[8]), 'x'));
    request.body = &body;
    constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;
    sign_azure_shared_key(request, {fields[5], from_hex(fields[6])},
                          std::stoll(fields[7]) * kNanosecondsPerSecond);
    std::cout << *request.headers.find("Authorization") << '\t' << request.url.encoded_path << '\t'
              << request.url.encoded_query << '\n';
  }
}

}  // namespace
}  // namespace rayhistory

int main() {
  rayhistory::answer_all();
  return 0;
}
