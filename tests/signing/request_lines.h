// What the programs of this folder have in common: a request a line on standard input, its fields with tabs
// between; on standard output a line for each, of Authorization, encoded path and encoded query.
#pragma once

#include <cstdint>
#include <functional>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "http/client.h"

namespace rayhistory {

using Fields = std::vector<std::string>;

inline Fields split(std::string_view text, char separator) {
  Fields parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

inline std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

inline int64_t nanoseconds_from(const std::string& unix_seconds) {
  constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;
  return std::stoll(unix_seconds) * kNanosecondsPerSecond;
}

// name=value&…, each in hex.
inline QueryParameters pairs_from_hex(std::string_view text) {
  QueryParameters pairs;
  if (text.empty()) return pairs;
  for (const std::string& pair : split(text, '&')) {
    const Fields sides = split(pair, '=');
    CHECK(sides.size() == 2);
    pairs.emplace_back(from_hex(sides[0]), from_hex(sides[1]));
  }
  return pairs;
}

inline HttpMethod method_from(const std::string& name) {
  for (const HttpMethod method :
       {HttpMethod::get, HttpMethod::head, HttpMethod::put, HttpMethod::post, HttpMethod::del})
    if (name_of(method) == name) return method;
  UNREACHABLE("an unknown method");
}

inline HttpRequest request_of(const std::string& method, const std::string& origin, std::string encoded_path,
                              const std::string& query, const std::string& headers) {
  HttpRequest request;
  request.method = method_from(method);
  const Result<Url> url = parse_url(origin, Scheme::https);
  CHECK(url.has_value());
  request.url = *url;
  request.url.encoded_path = std::move(encoded_path);
  request.url.encoded_query = encode_query(pairs_from_hex(query));
  for (const auto& [name, value] : pairs_from_hex(headers))
    request.headers.set(name, value);
  return request;
}

// `signed_request` makes a request of a line's fields, and signs it.
inline void answer_all(size_t fields_in_line,
                       const std::function<HttpRequest(const Fields&)>& signed_request) {
  std::string line;
  while (std::getline(std::cin, line)) {
    const Fields fields = split(line, '\t');
    CHECK(fields.size() == fields_in_line);
    const HttpRequest request = signed_request(fields);
    std::cout << *request.headers.find("Authorization") << '\t' << request.url.encoded_path << '\t'
              << request.url.encoded_query << '\n';
  }
}

}  // namespace rayhistory
