#include "gateway/session.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <ctime>

#include "gateway/http/writer.h"
#include "gateway/log.h"

namespace sekisho::gateway {
using boost::system::error_code;
using http::Progress;
using namespace std::chrono_literals;

namespace {
constexpr auto send_timeout = 30s;  // a reader that takes nothing for this long is dropped

// "Tue, 24 Nov 2026 02:10:00 GMT" (RFC 9110 5.6.7); made anew once a second.
const std::string& imf_date(std::chrono::system_clock::time_point now) {
  thread_local std::time_t made_at = 0;
  thread_local std::string text;
  const auto second = std::chrono::system_clock::to_time_t(now);
  if (second != made_at) {
    std::tm parts{};
    ::gmtime_r(&second, &parts);
    char buffer[40];
    text.assign(buffer, std::strftime(buffer, sizeof buffer, "%a, %d %b %Y %H:%M:%S GMT", &parts));
    made_at = second;
  }
  return text;
}

}  // namespace

Session::Session(asio::generic::stream_protocol::socket socket, SessionHouse& house, Peer peer)
    : socket_(std::move(socket)),
      house_(house),
      peer_(std::move(peer)),
      reader_(house.limits),
      guard_(house.dog, *this) {}

void Session::expire() {
  expired_ = true;
  error_code ignored;
  socket_.cancel(ignored);  // whatever waits on it ends, and run() sees why
}

void Session::close_if_idle() {
  if (phase_ == Phase::idle) expire();
}

Task<> Session::run() {
  while (true) {
    http::Request request;
    if (!co_await next_request(request)) break;
    busy_ = true;
    phase_ = Phase::answering;
    const bool keep = request.keep_alive;
    const bool head_only = request.method == "HEAD";
    auto response = co_await house_.handle(std::move(request), peer_);
    const bool keep_alive = keep && !house_.closing();
    response.keep_alive = keep_alive;
    const bool sent = co_await send(std::move(response), head_only);
    busy_ = false;
    if (!sent || !keep_alive) break;
  }
  error_code ignored;
  socket_.shutdown(asio::socket_base::shutdown_both, ignored);
}

Task<bool> Session::next_request(http::Request& request) {
  phase_ = Phase::idle;
  arm(house_.idle_timeout);
  bool first_bytes = reader_.idle();  // nothing of the next request has come yet
  if (!first_bytes) arm(house_.header_timeout);
  error_code failed;
  while (true) {
    const auto progress = reader_.advance();
    if (progress == Progress::message_done) {
      disarm();
      request = reader_.take();
      co_return true;
    }
    if (progress == Progress::failed) {
      auto refusal = house_.unreadable(reader_.failure(), reader_.request().headers);
      co_await send(std::move(refusal), false);
      co_return false;
    }
    if (progress == Progress::head_done) {
      arm(house_.body_timeout);
      if (reader_.expects_continue()) {
        static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
        co_await asio::async_write(socket_, asio::buffer(go_on),
                                   asio::redirect_error(asio::use_awaitable, failed));
        if (failed) co_return false;
      }
      continue;
    }
    if (expired_) co_return false;  // a drain caught us between requests
    const auto space = reader_.space();
    const auto bytes = co_await socket_.async_read_some(asio::buffer(space.data(), space.size()),
                                                        asio::redirect_error(asio::use_awaitable, failed));
    if (expired_ && phase_ == Phase::reading) {
      const http::ReadFailure slow{policy::Reason::request_timeout, "the request did not arrive in time"};
      auto refusal = house_.unreadable(slow, reader_.request().headers);
      co_await send(std::move(refusal), false);
      co_return false;
    }
    if (failed) co_return false;
    reader_.commit(bytes);
    phase_ = Phase::reading;
    if (first_bytes) arm(house_.header_timeout);
    first_bytes = false;
  }
}

Task<bool> Session::send(http::Response response, bool head_only) {
  if (!response.headers.find("Date"))
    response.headers.add("Date", imf_date(std::chrono::system_clock::now()));
  out_.clear();
  http::write(out_, response, head_only);
  expired_ = false;
  arm(send_timeout);
  error_code failed;
  co_await asio::async_write(socket_, asio::buffer(out_), asio::redirect_error(asio::use_awaitable, failed));
  disarm();
  co_return !failed;
}

}  // namespace sekisho::gateway
