#include "testing/scripted_http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/check.h"
#include "http/url.h"

namespace rayhistory {
namespace {

constexpr size_t kReadBytes = 64 * 1024;

bool send_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

bool receive_more(int descriptor, std::string& pending) {
  std::array<char, kReadBytes> buffer;
  const ssize_t got = ::recv(descriptor, buffer.data(), buffer.size(), 0);
  if (got <= 0) return false;
  pending.append(buffer.data(), static_cast<size_t>(got));
  return true;
}

// The client under test is the only one that writes these, so it is enough to read what a right one sends.
ReceivedRequest parse_head(std::string_view head) {
  ReceivedRequest request;
  size_t line_end = head.find("\r\n");
  const std::string_view first = head.substr(0, line_end);
  const size_t space = first.find(' ');
  request.method = first.substr(0, space);
  request.target = first.substr(space + 1, first.rfind(' ') - space - 1);
  head.remove_prefix(line_end + 2);
  while (!head.empty()) {
    line_end = head.find("\r\n");
    const std::string_view line = head.substr(0, line_end);
    const size_t colon = line.find(':');
    CHECK(colon != std::string_view::npos);
    std::string_view value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    request.headers.add(line.substr(0, colon), value);
    head.remove_prefix(line_end + 2);
  }
  return request;
}

std::string wire_form(const ScriptedResponse& answer, bool is_head) {
  std::string wire = fmt::format("HTTP/1.1 {} Scripted\r\n", answer.status);
  bool has_length = false;
  for (const auto& [name, value] : answer.headers) {
    wire += fmt::format("{}: {}\r\n", name, value);
    has_length = has_length || name == "Content-Length";
  }
  if (!has_length) wire += fmt::format("Content-Length: {}\r\n", answer.body.size());
  wire += "\r\n";
  if (!is_head) wire += answer.body;
  return wire;
}

}  // namespace

std::string ReceivedRequest::query_value(std::string_view name) const {
  const std::string query = "&" + target.substr(std::min(target.find('?') + 1, target.size()));
  const std::string wanted = fmt::format("&{}=", name);
  const size_t begin = query.find(wanted);
  if (begin == std::string::npos) return "";
  const size_t value = begin + wanted.size();
  return *decode_percent(query.substr(value, query.find('&', value) - value));
}

bool ReceivedRequest::has_query(std::string_view name_and_value) const {
  std::string_view query = target;
  query.remove_prefix(std::min(query.find('?'), query.size()));
  while (!query.empty()) {
    query.remove_prefix(1);  // the '?' or '&'
    const size_t end = std::min(query.find('&'), query.size());
    if (query.substr(0, end) == name_and_value) return true;
    query.remove_prefix(end);
  }
  return false;
}

ScriptedHttpServer::ScriptedHttpServer(Script script, size_t kept_body_bytes)
    : script_(std::move(script)), kept_body_bytes_(kept_body_bytes) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(listener_ >= 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  CHECK(::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) == 0);
  CHECK(::listen(listener_, SOMAXCONN) == 0);
  CHECK(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) == 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread([this](const std::stop_token& stop) { accept_until_stopped(stop); });
}

ScriptedHttpServer::~ScriptedHttpServer() {
  acceptor_.request_stop();
  ::shutdown(listener_, SHUT_RDWR);  // wakes accept()
  acceptor_.join();
  ::close(listener_);
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const int descriptor : open_)
      ::shutdown(descriptor, SHUT_RDWR);
  }
  connections_.clear();
}

std::string ScriptedHttpServer::origin() const {
  return fmt::format("http://127.0.0.1:{}", port_);
}

std::vector<ReceivedRequest> ScriptedHttpServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::vector<std::string> ScriptedHttpServer::request_lines() const {
  std::vector<std::string> lines;
  for (const ReceivedRequest& request : requests())
    lines.push_back(request.method + " " + request.target);
  return lines;
}

void ScriptedHttpServer::accept_until_stopped(const std::stop_token& stop) {
  for (int connection = 1; !stop.stop_requested(); ++connection) {
    const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor < 0) continue;
    {
      const std::lock_guard lock(mutex_);
      open_.push_back(descriptor);
    }
    connections_.emplace_back([this, descriptor, connection] { serve(descriptor, connection); });
  }
}

void ScriptedHttpServer::serve(int descriptor, int connection) {
  std::string pending;
  while (respond_once(descriptor, connection, pending)) {
  }
  const std::lock_guard lock(mutex_);
  std::erase(open_, descriptor);
  ::close(descriptor);
}

bool ScriptedHttpServer::respond_once(int descriptor, int connection, std::string& pending) {
  size_t head_end = std::string::npos;
  while ((head_end = pending.find("\r\n\r\n")) == std::string::npos) {
    if (!receive_more(descriptor, pending)) return false;
  }
  ReceivedRequest request = parse_head(std::string_view(pending).substr(0, head_end + 2));
  request.connection = connection;
  pending.erase(0, head_end + 4);
  const std::string length = request.header("Content-Length");
  if (!length.empty()) std::from_chars(length.data(), length.data() + length.size(), request.body_size);
  for (uint64_t left = request.body_size; left > 0;) {
    if (pending.empty() && !receive_more(descriptor, pending)) return false;
    const size_t piece = static_cast<size_t>(std::min<uint64_t>(left, pending.size()));
    const size_t room = kept_body_bytes_ - request.body.size();
    request.body.append(pending, 0, std::min(piece, room));
    pending.erase(0, piece);
    left -= piece;
  }

  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
  }
  ScriptedResponse answer;
  {
    const std::lock_guard lock(script_mutex_);
    answer = script_(request);
  }
  if (answer.never) {
    while (receive_more(descriptor, pending)) {
    }
    return false;
  }
  const std::string wire = wire_form(answer, request.method == "HEAD");
  const size_t sent_bytes = std::min(answer.cut_after.value_or(wire.size()), wire.size());
  if (!send_all(descriptor, std::string_view(wire).substr(0, sent_bytes))) return false;
  return !answer.close && !answer.cut_after;
}

}  // namespace rayhistory
