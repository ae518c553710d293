#include "net/server_loop.h"

#include <stdexcept>

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

namespace rayhistory {
namespace {

TEST(RunServerLoop, OutlivesWhatALibraryThrows) {
  boost::asio::io_context io;
  int ran = 0;
  for (int i = 0; i < 3; ++i) {
    boost::asio::post(io, [] { throw std::length_error("field value too large"); });
    boost::asio::post(io, [&ran] { ++ran; });
  }
  run_server_loop(io, "test");
  EXPECT_EQ(ran, 3);
}

}  // namespace
}  // namespace rayhistory
