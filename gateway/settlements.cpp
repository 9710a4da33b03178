#include "gateway/settlements.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

namespace sekisho::gateway {
namespace asio = boost::asio;
using namespace std::chrono_literals;

void Settlements::start() { asio::co_spawn(executor_, work_off(), asio::detached); }

Task<> Settlements::work_off() {
  asio::steady_timer pause(executor_);
  while (!stopped_) {
    co_await books_.work_off();
    pause.expires_after(20ms);
    boost::system::error_code ignored;
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

}  // namespace sekisho::gateway
