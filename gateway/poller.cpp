#include "gateway/poller.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "cache/clock.h"
#include "gateway/answers.h"
#include "gateway/counting.h"
#include "gateway/identify.h"

namespace sekisho::gateway {
using namespace std::chrono_literals;

namespace {

// RFC 3986: everything but the unreserved characters.
std::string escaped(std::string_view text) {
  std::string out;
  for (const unsigned char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       std::string_view("-._~").find(char(c)) != std::string_view::npos;
    if (plain)
      out += char(c);
    else
      out += fmt::format("%{:02X}", c);
  }
  return out;
}

}  // namespace

std::string target_about(const policy::Route& route, std::string_view order_id) {
  std::string target;
  for (const auto& segment : route.path.segments) {
    const auto parameter = policy::parameter_of(segment);
    target += "/" + (parameter ? escaped(order_id) + std::string(parameter->suffix) : segment);
  }
  const auto& id = *route.order.order_id;
  if (id.kind == policy::Locator::Kind::query) target += "?" + escaped(id.text) + "=" + escaped(order_id);
  return target;
}

void Poller::start() { asio::co_spawn(desk_.executor, run(), asio::detached); }

void Poller::stop() {
  stopped_ = true;
  pause_.cancel();
}

Task<> Poller::run() {
  while (!stopped_) {
    pause_.expires_after(500ms);
    boost::system::error_code ignored;
    co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    const auto site = desk_.site;
    if (stopped_ || !site) continue;
    for (const auto& carrier : site->carriers)
      for (const auto& route : carrier.routes) {
        if (!route.poll) continue;
        co_await look_for_orders();
        const auto due = co_await desk_.memory.due(carrier.name, *route.poll);
        for (const auto& order : due) {
          const policy::RouteMatch whom{.carrier = &carrier, .route = &route, .parameters = {}};
          if (!stopped_) co_await ask(whom, site, order);
        }
      }
  }
}

Task<> Poller::look_for_orders() {
  const auto epoch = epochs_.footing().epoch;
  if (epoch == 0 || epoch == looked_in_) co_return;
  const auto open = co_await desk_.ledger.open_holds();
  if (!open) co_return;
  for (const auto& [id, hold] : *open) {
    if (id.is_group() || hold.order_id.empty() || hold.state == policy::HoldState::reserved) continue;
    const cache::WaitingOrder order{hold.carrier, hold.order_id, id};
    if (!co_await desk_.memory.waits(order)) co_return;
  }
  looked_in_ = epoch;
}

Task<> Poller::ask(policy::RouteMatch whom, std::shared_ptr<const config::Installation> site,
                   cache::WaitingOrder order) {
  const auto& carrier = *whom.carrier;
  const auto& route = *whom.route;
  Exchange x;
  x.now = cache::wall_clock();
  x.site = std::move(site);
  x.id = desk_.ids.next(x.now);
  x.match = std::move(whom);
  http::Request request;
  request.method = route.method;
  request.target = target_about(route, order.order_id);
  request.headers.set("Sekisho-Decision", x.id);
  request.headers.set("traceparent", desk_.ids.traceparent(!desk_.spans));
  const auto pool = desk_.pool_of(x);
  const Permit permit(x.id);  // a question hands nothing out, and changes nothing at the carrier
  x.answer = co_await pool->forward(permit, std::move(request));
  const bool answered = x.answer.kind == CarrierAnswer::Kind::answered;
  desk_.metrics.add(Metric::polls, {carrier.name, answered ? "answered" : "carrier_failed"});
  // "Not found" tells nothing about what was granted.
  if (!answered || x.answer.response.status / 100 != 2) co_return;

  const auto headers = [&x](std::string_view name) { return given(x.answer.response.headers, name); };
  Told told{
      .decision = x.id,
      .operation = policy::Operation::status,
      .carrier = carrier.name,
      .order_id = order.order_id,
      .accounts = {order.account},
      .outcome = policy::read_outcome(*x.match, x.answer.response.status, x.answer.response.body, headers),
      .status = x.answer.response.status,
      .heard = cache::wall_clock(),
      .answer = to_store(passed(x))};
  const bool is_end = told.outcome.kind == policy::Outcome::Kind::finished;
  EarlierOrders earlier(desk_.ledger, desk_.journal, desk_.books, desk_.memory);
  const auto ended = co_await earlier.tell(told);
  if (ended) count_ended(desk_.metrics, *ended);
  if (ended || !is_end) co_return;
  // Somebody else settled it, or the ledger cannot be asked. Only where it can be is the question over.
  const auto usage = co_await desk_.ledger.usage(order.account);
  if (usage) co_await desk_.memory.ended(carrier.name, order.order_id);
}

}  // namespace sekisho::gateway
