#include "gateway/admin.h"

#include <boost/asio/detached.hpp>

#include "config/digest.h"
#include "gateway/answers.h"
#include "gateway/log.h"

namespace sekisho::gateway {
using namespace std::chrono_literals;

namespace {

constexpr std::string_view checker_header = "Sekisho-Token";

bool asks_for_another(std::string_view path) { return path == "/authz" || path.starts_with("/authz/"); }

// A call that is asked about has an Authorization of its own caller: whoever asks shows itself elsewhere.
std::optional<std::string_view> shown_token(const http::Request& request) {
  const auto& headers = request.headers;
  if (asks_for_another(request.path()))
    return headers.count(checker_header) == 1 ? headers.find(checker_header) : std::nullopt;
  constexpr std::string_view scheme = "bearer ";
  auto shown = headers.find("Authorization").value_or("");
  const bool bears = shown.size() > scheme.size() && headers.count("Authorization") == 1 &&
                     http::same_name(shown.substr(0, scheme.size()), scheme);
  if (!bears) return std::nullopt;
  shown.remove_prefix(scheme.size());
  return shown;
}

// Null: none, or one that nobody has. Compared by digest, so how long it takes tells nothing of any token.
const config::AdminToken* token_of(const http::Request& request, const config::AdminTokens& tokens) {
  const auto shown = shown_token(request);
  const auto found = tokens.find(config::sha256(shown.value_or("")));
  return shown && found != tokens.end() ? &found->second : nullptr;
}

}  // namespace

Admin::Admin(asio::io_context& context, Watchdog& dog, AdminDesk desk)
    : context_(context),
      desk_(std::move(desk)),
      api_(context, desk_),
      house_{.dog = dog,
             .limits = {},
             .header_timeout = 5s,
             .body_timeout = 5s,
             .idle_timeout = 60s,
             .handle = [this](http::Request request, const Peer&, BodyStream*) -> Task<Answer> {
               auto response = co_await answer(std::move(request));
               co_return Answer{std::move(response), nullptr};
             },
             .unreadable = [](const http::ReadFailure& failure,
                              const http::Headers& headers) { return unreadable(failure, headers, ""); },
             .closing = [] { return false; }} {}

config::Address Admin::listen(const config::Address& address) {
  door_ = std::make_unique<Door>(context_, address, false);
  door_->listen();
  return door_->address();
}

void Admin::start() {
  api_.start();
  const auto enter = [this](net::Stream stream) {
    asio::co_spawn(context_, serve(std::move(stream)), asio::detached);
  };
  asio::co_spawn(context_, door_->keep_open(enter, [] {}), asio::detached);
}

void Admin::stop() {
  door_->close();
  api_.stop();
}

Task<> Admin::serve(net::Stream stream) {
  Session session(std::move(stream), house_, desk_.site()->admin_tls, {});
  co_await session.run();
}

Task<http::Response> Admin::answer(http::Request request) {
  std::string bug;
  try {
    co_return co_await act(request);
  } catch (const std::exception& broken) {
    bug = broken.what();
  }
  log::error("an admin call ended by an exception", {{"path", std::string(request.path())}, {"what", bug}});
  co_return admin_problem(request, AdminError::internal_error);
}

Task<http::Response> Admin::act(const http::Request& request) {
  const auto site = desk_.site();
  AdminCall call{.request = request, .by = "admin"};
  std::string allowed;
  const auto* route = admin_route(request.method, request.path(), call.path, allowed);
  if (!route || !route->roles.empty()) {
    const auto* token = token_of(request, site->admin_tokens);
    const bool for_another = asks_for_another(request.path());
    if (!site->admin_tokens.empty() && !token)
      co_return admin_problem(request,
                              for_another ? AdminError::checker_unknown : AdminError::unauthenticated);
    if (route && token && !route->roles.has(token->role))
      co_return admin_problem(request,
                              for_another ? AdminError::checker_unknown : AdminError::role_not_allowed);
    if (token) {
      call.by = token->name;
      call.named = true;
      call.sees_refusals = token->role == config::AdminRole::compliance;
    }
  }
  if (!route && !allowed.empty()) {
    auto refused = admin_problem(request, AdminError::method_not_allowed);
    refused.headers.set("Allow", allowed);
    co_return refused;
  }
  if (!route) co_return admin_problem(request, AdminError::not_found);
  co_return co_await (api_.*route->handler)(call);
}

}  // namespace sekisho::gateway
