#include "gateway/admin.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json.hpp>

#include "config/digest.h"
#include "gateway/answers.h"
#include "gateway/http/problem.h"

namespace sekisho::gateway {
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

http::Response refused(const http::Request& request, policy::Reason reason) {
  const http::Problem problem{.reason = reason, .instance = std::string(request.path())};
  return http::to_response(problem, http::choose_language(request.headers.find("Accept-Language")));
}

// Null: none, or one that nobody has. Compared by digest, so how long it takes tells nothing of any token.
const config::AdminToken* token_of(const http::Request& request, const config::AdminTokens& tokens) {
  constexpr std::string_view scheme = "bearer ";
  auto shown = request.headers.find("Authorization").value_or("");
  const bool bears = shown.size() > scheme.size() && request.headers.count("Authorization") == 1 &&
                     http::same_name(shown.substr(0, scheme.size()), scheme);
  if (bears) shown.remove_prefix(scheme.size());
  const auto found = tokens.find(config::sha256(bears ? shown : std::string_view()));
  return bears && found != tokens.end() ? &found->second : nullptr;
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
             .handle = [this](http::Request request, const Peer&, BodyStream*) -> Task<Answer> {
               auto response = co_await answer(request);
               co_return Answer{std::move(response), nullptr};
             },
             .unreadable = [](const http::ReadFailure& failure,
                              const http::Headers& headers) { return unreadable(failure, headers, ""); },
             .closing = [] { return false; }} {}

config::Address Admin::listen(const config::Address& address) {
  door_ = std::make_unique<Door>(context_, address, false);
  return door_->address();
}

void Admin::start() {
  const auto enter = [this](net::Stream stream) {
    asio::co_spawn(context_, serve(std::move(stream)), asio::detached);
  };
  asio::co_spawn(context_, door_->keep_open(enter, [] {}), asio::detached);
}

void Admin::stop() { door_->close(); }

Task<> Admin::serve(net::Stream stream) {
  Session session(std::move(stream), house_, desk_.site()->admin_tls, {});
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
  const auto site = desk_.site();
  const auto* token = token_of(request, site->admin_tokens);
  if (!site->admin_tokens.empty() && !token) co_return refused(request, policy::Reason::unauthenticated);
  if (token && !get && token->role == config::AdminRole::viewer)
    co_return refused(request, policy::Reason::client_not_allowed);
  const std::string by = token ? token->name : "admin";
  co_return co_await act(request, by);
}

Task<http::Response> Admin::act(const http::Request& request, const std::string& by) {
  const auto path = request.path();
  const bool get = request.method == "GET" || request.method == "HEAD";
  if (path == "/metrics" && get)
    co_return with(200, "text/plain; version=0.0.4; charset=utf-8", desk_.metrics_text());
  if (path == "/admin/v1/status" && get) co_return with(200, "application/json", desk_.status_json());
  if (path == "/admin/v1/reload" && request.method == "POST") {
    const auto errors = co_await desk_.reload(by);
    boost::json::array list;
    for (const auto& one : errors) list.emplace_back(one.print());
    const boost::json::object out{{"ok", errors.empty()}, {"errors", std::move(list)}};
    co_return with(errors.empty() ? 200 : 422, "application/json", boost::json::serialize(out) + "\n");
  }
  co_return refused(request, policy::Reason::not_found);
}

}  // namespace sekisho::gateway
