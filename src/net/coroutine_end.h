// For the end of a coroutine that boost::asio::co_spawn started and nobody waits for.
#pragma once

#include <exception>
#include <string_view>

namespace rayhistory {

// Logs what a library has thrown, as `message`: a fault of one connection, and not the end of all others.
// Nothing thrown: nothing logged.
void log_if_thrown(const std::exception_ptr& thrown, std::string_view message);

}  // namespace rayhistory
