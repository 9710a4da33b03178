#include "gateway/admin.h"

#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json.hpp>

#include "gateway/answers.h"
#include "gateway/http/problem.h"

namespace sekisho::gateway {
using asio::ip::tcp;
using boost::system::error_code;
using namespace std::chrono_literals;

namespace {

http::Response with(int status, std::string type, std::string body) {
  http::Response response{.status = status, .body = std::move(body)};
  response.headers.add("Content-Type", type);
  response.headers.add("Cache-Control", "no-store");
  return response;
}

std::string lines(const std::string& first, const std::vector<std::string>& rest) {
  std::string out = first + "\n";
  for (const auto& one : rest) out += one + "\n";
  return out;
}

}  // namespace

Admin::Admin(asio::io_context& context, Watchdog& dog, AdminDesk desk)
    : context_(context),
      desk_(std::move(desk)),
      house_{.dog = dog,
             .limits = {},
             .header_timeout = 5s,
             .body_timeout = 5s,
             .idle_timeout = 60s,
             .handle = [this](http::Request request, const Peer&) -> Task<http::Response> {
               co_return co_await answer(request);
             },
             .unreadable = [](const http::ReadFailure& failure,
                              const http::Headers& headers) { return unreadable(failure, headers, ""); },
             .closing = [] { return false; }} {}

config::Address Admin::listen(const config::Address& address) {
  auto bound = address;
  if (!address.unix_path.empty()) {
    ::unlink(address.unix_path.c_str());
    const asio::local::stream_protocol::endpoint at(address.unix_path);
    unix_ = std::make_unique<asio::local::stream_protocol::acceptor>(context_, at);
  } else {
    const tcp::endpoint at(asio::ip::make_address(address.host), address.port);
    tcp_ = std::make_unique<tcp::acceptor>(context_, at, true);
    bound.port = tcp_->local_endpoint().port();
  }
  return bound;
}

void Admin::start() {
  if (tcp_) asio::co_spawn(context_, accept(*tcp_), asio::detached);
  if (unix_) asio::co_spawn(context_, accept(*unix_), asio::detached);
}

void Admin::stop() {
  stopped_ = true;
  error_code ignored;
  if (tcp_) tcp_->close(ignored);
  if (unix_) unix_->close(ignored);
}

template <class Acceptor>
Task<> Admin::accept(Acceptor& acceptor) {
  while (!stopped_) {
    error_code failed;
    auto socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, failed));
    if (failed == asio::error::operation_aborted || failed == asio::error::bad_descriptor) co_return;
    if (failed) continue;
    asio::generic::stream_protocol::socket stream(std::move(socket));
    asio::co_spawn(context_, serve(std::move(stream)), asio::detached);
  }
}

Task<> Admin::serve(asio::generic::stream_protocol::socket socket) {
  Session session(std::move(socket), house_, {});
  co_await session.run();
}

Task<http::Response> Admin::answer(const http::Request& request) {
  const auto path = request.path();
  const bool get = request.method == "GET" || request.method == "HEAD";
  if (path == "/livez" && get) co_return with(200, "text/plain; charset=utf-8", "ok\n");
  if (path == "/readyz" && get) {
    const auto why_not = desk_.why_not_ready();
    if (!why_not.empty()) co_return with(503, "text/plain; charset=utf-8", lines("not ready", why_not));
    co_return with(200, "text/plain; charset=utf-8", lines("ready", desk_.degraded()));
  }
  if (path == "/metrics" && get)
    co_return with(200, "text/plain; version=0.0.4; charset=utf-8", desk_.metrics_text());
  if (path == "/admin/v1/status" && get) co_return with(200, "application/json", desk_.status_json());
  if (path == "/admin/v1/reload" && request.method == "POST") {
    const auto errors = co_await desk_.reload();
    boost::json::array list;
    for (const auto& one : errors) list.emplace_back(one.print());
    const boost::json::object out{{"ok", errors.empty()}, {"errors", std::move(list)}};
    co_return with(errors.empty() ? 200 : 422, "application/json", boost::json::serialize(out) + "\n");
  }
  http::Problem problem{.reason = policy::Reason::not_found, .instance = std::string(path)};
  co_return http::to_response(problem, http::choose_language(request.headers.find("Accept-Language")));
}

}  // namespace sekisho::gateway
