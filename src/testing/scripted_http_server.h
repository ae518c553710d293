// An HTTP server on loopback that answers what a test tells it to, byte by byte where that matters: for what
// real servers do too seldom (redirects, throttling, half an answer, an error inside a 200).
//
// A connection has a thread of its own. The script is called by these threads, one at a time, so it may keep
// state without locks; the test may read that once the exchanges are over.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "http/client.h"

namespace rayhistory {

struct ReceivedRequest {
  std::string method;
  std::string target;  // as it came: encoded path and query
  Headers headers;
  uint64_t body_size = 0;
  std::string body;    // of a long one the first kKeptBodyBytes
  int connection = 0;  // counted from 1

  std::string path() const { return target.substr(0, target.find('?')); }
  bool has_query(std::string_view name_and_value) const;  // "uploadId=1"
  std::string query_value(std::string_view name) const;   // decoded; empty where there is none
  std::string header(std::string_view name) const { return std::string(headers.find(name).value_or("")); }
};

struct ScriptedResponse {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};  // Content-Length is set by itself, unless `headers` has one
  // Only so many bytes of the whole answer, headers included, are sent before the connection is cut.
  std::optional<size_t> cut_after = {};
  bool close = false;  // after the whole answer
  // Nothing is sent, the connection stays open until the client ends it.
  bool never = false;
};

class ScriptedHttpServer {
 public:
  using Script = std::function<ScriptedResponse(const ReceivedRequest&)>;

  // Of each request's body, the first `kept_body_bytes` are kept.
  explicit ScriptedHttpServer(Script script, size_t kept_body_bytes = 1024 * 1024);
  ~ScriptedHttpServer();
  ScriptedHttpServer(const ScriptedHttpServer&) = delete;
  ScriptedHttpServer& operator=(const ScriptedHttpServer&) = delete;

  uint16_t port() const { return port_; }
  std::string origin() const;  // "http://127.0.0.1:34567"
  std::vector<ReceivedRequest> requests() const;
  // "PUT /bucket/key?partNumber=1&uploadId=u"
  std::vector<std::string> request_lines() const;

 private:
  void accept_until_stopped(const std::stop_token& stop);
  void serve(int descriptor, int connection);
  bool respond_once(int descriptor, int connection, std::string& pending);

  const Script script_;
  const size_t kept_body_bytes_;
  uint16_t port_ = 0;
  int listener_ = -1;
  mutable std::mutex mutex_;  // of all below
  std::mutex script_mutex_;
  std::vector<ReceivedRequest> requests_;
  std::vector<int> open_;
  bool stopping_ = false;
  std::list<std::jthread> connections_;
  std::jthread acceptor_;
};

}  // namespace rayhistory
