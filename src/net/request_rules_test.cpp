#include "net/request_rules.h"

#include <string>

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory {
namespace {

namespace http = boost::beast::http;
using testing::AnyOf;

// "authority target" of a request that is taken, "status" of one that is refused.
std::string judge(const std::string& text) {
  http::request_parser<http::empty_body> parser;
  boost::system::error_code error;
  parser.put(boost::asio::buffer(text), error);
  if (error == http::error::need_more) return "not whole";
  if (error && !parser.is_header_done()) return "parser";
  const auto judged = judge_request(parser.get());
  if (const auto* refusal = std::get_if<RequestRefusal>(&judged)) return std::to_string(refusal->status);
  const auto& address = std::get<RequestAddress>(judged);
  return std::string(address.authority) + " " + std::string(address.target);
}

std::string get(const std::string& fields, const std::string& target = "/a?b", char minor = '1') {
  return "GET " + target + " HTTP/1." + minor + "\r\n" + fields + "\r\n";
}

TEST(JudgeRequest, TakesOneHostAndAPath) {
  EXPECT_EQ(judge(get("Host: head:8265\r\n")), "head:8265 /a?b");
  EXPECT_EQ(judge(get("host: [::1]:8080\r\n")), "[::1]:8080 /a?b");
  EXPECT_EQ(judge(get("Host: [fe80::1%25eth0]\r\n")), "[fe80::1%25eth0] /a?b");
  EXPECT_EQ(judge(get("Host:\r\n")), " /a?b");
  EXPECT_EQ(judge(get("Host: ray_head.my-ns.svc\r\n")), "ray_head.my-ns.svc /a?b");
  EXPECT_EQ(judge(get("", "/", '0')), " /");
  EXPECT_EQ(judge("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"), "x *");
}

TEST(JudgeRequest, RefusesARequestWithoutExactlyOneHostName) {
  EXPECT_EQ(judge(get("")), "400");
  EXPECT_EQ(judge(get("Host: a\r\nHost: b\r\n")), "400");
  EXPECT_EQ(judge(get("Host: a\r\nHost: a\r\n")), "400");
  EXPECT_EQ(judge(get("Host: a\r\nhOST: a\r\n", "/", '0')), "400");
  for (const std::string host : {"a/b", "a@b", "a b", "a:b", "a:1:2", "[::1", "[]", "[::1]x", "a\\b", "a?b",
                                 "a#b", "\"a\"", "<a>", "a,b c", "\xC3\xA9"})
    EXPECT_EQ(judge(get("Host: " + host + "\r\n")), "400") << host;
}

// RFC 9112, section 3.2.2: the target's host counts, and the Host field does not.
TEST(JudgeRequest, TakesTheHostOfAnAbsoluteTarget) {
  EXPECT_EQ(judge(get("Host: other\r\n", "http://head:1/x?y")), "head:1 /x?y");
  EXPECT_EQ(judge(get("Host: other\r\n", "HTTPS://head")), "head /");
  EXPECT_EQ(judge(get("Host: other\r\n", "http://head?y")), "400");
  for (const std::string target : {"http://", "http:///x", "http://a@b/", "ftp://a/", "x", "*", "head:1"})
    EXPECT_EQ(judge(get("Host: x\r\n", target)), "400") << target;
}

// A request with another coding has a body whose end a server cannot tell; a proxy may see it elsewhere.
TEST(JudgeRequest, TakesNoTransferCodingButChunked) {
  EXPECT_EQ(judge(get("Host: x\r\nTransfer-Encoding: chunked\r\n")), "x /a?b");
  EXPECT_EQ(judge(get("Host: x\r\nTransfer-Encoding: Chunked\r\n")), "x /a?b");
  for (const std::string coding : {"identity", "xchunked", "chunked, identity", "gzip, chunked",
                                   "chunked, chunked", "\"chunked\"", "chunked;q=1", ""}) {
    EXPECT_THAT(judge(get("Host: x\r\nTransfer-Encoding: " + coding + "\r\n")), AnyOf("501", "parser"))
        << coding;
  }
  EXPECT_EQ(judge(get("Host: x\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n")), "501");
  EXPECT_THAT(judge(get("Host: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n")),
              AnyOf("501", "parser"));
  EXPECT_EQ(judge(get("Host: x\r\nTransfer-Encoding: chunked\r\n", "/", '0')), "400");
  EXPECT_NE(judge(get("Host: x\r\nTransfer-Encoding: identity\r\nContent-Length: 3\r\n")), "x /a?b");
  EXPECT_NE(judge(get("Host: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n")), "x /a?b");
}

TEST(JudgeRequest, RefusesControlCharactersInAValue) {
  EXPECT_EQ(judge(get("Host: x\r\nX-A: a\tb\r\n")), "x /a?b");
  EXPECT_EQ(judge(get("Host: x\r\nX-A: caf\xC3\xA9\r\n")), "x /a?b");
  for (int control = 0; control < 0x20; ++control) {
    if (control == '\t' || control == '\n') continue;
    const std::string verdict =
        judge(get("Host: x\r\nX-A: a" + std::string(1, static_cast<char>(control)) + "b\r\n"));
    EXPECT_TRUE(verdict == "400" || verdict == "parser") << control << ": " << verdict;
  }
  EXPECT_NE(judge(get("Host: x\r\nX-A: a\x7F b\r\n")), "x /a?b");
}

TEST(RefusalOf, TellsABrokenConnectionFromABadRequest) {
  EXPECT_FALSE(refusal_of(http::make_error_code(http::error::end_of_stream)));
  EXPECT_FALSE(refusal_of(http::make_error_code(http::error::partial_message)));
  EXPECT_FALSE(refusal_of(boost::system::errc::make_error_code(boost::system::errc::connection_reset)));
  EXPECT_EQ(refusal_of(http::make_error_code(http::error::header_limit))->status, 431u);
  EXPECT_EQ(refusal_of(http::make_error_code(http::error::buffer_overflow))->status, 400u);
  EXPECT_EQ(refusal_of(http::make_error_code(http::error::bad_chunk))->status, 400u);
}

TEST(ChunkFraming, AllowsWhatSendersNeed) {
  ChunkFraming one_byte_chunks;
  for (int i = 0; i < 1'000'000; ++i) {
    one_byte_chunks.note_chunk();
    one_byte_chunks.note_read(std::string_view("1;a=b\r\nx\r\n").size(), 1);
  }
  EXPECT_FALSE(one_byte_chunks.is_too_much());
  ChunkFraming trailer;
  trailer.note_read(16'000, 0);
  EXPECT_FALSE(trailer.is_too_much());
}

TEST(ChunkFraming, StopsABodyThatNeverGrows) {
  ChunkFraming extensions;
  int chunks = 0;
  while (!extensions.is_too_much() && chunks < 1'000) {
    extensions.note_chunk();
    extensions.note_read(1'000, 1);
    ++chunks;
  }
  EXPECT_LT(chunks, 20);
  ChunkFraming trailers;
  trailers.note_read(17'000, 0);
  EXPECT_TRUE(trailers.is_too_much());
}

}  // namespace
}  // namespace rayhistory
