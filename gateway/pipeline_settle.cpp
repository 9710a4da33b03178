// The end of an order's life: what the carrier did, or says later of an earlier order, becomes what is
// counted.
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "cache/clock.h"
#include "gateway/answers.h"
#include "gateway/counting.h"
#include "gateway/earlier_orders.h"
#include "gateway/pipeline.h"
#include "gateway/records.h"
#include "gateway/webhook.h"

namespace sekisho::gateway {
using policy::Outcome;
using policy::Reason;

// Only what is certain changes a count.
Task<> Pipeline::settle(Exchange& x) {
  const bool was_sent = x.decision.allowed;
  if (!was_sent) x.outcome.kind = Outcome::Kind::unsent;
  x.heard = cache::wall_clock();
  if (x.match->route->remember.count() > 0) co_await remember(x);
  const auto operation = x.operation();
  const bool asks_back = operation == policy::Operation::status || operation == policy::Operation::cancel;
  if (asks_back) co_await settle_earlier_order(x);
  if (x.hold) co_await settle_own(x);
  const bool gives_back = operation == policy::Operation::release || operation == policy::Operation::cancel;
  if (gives_back && x.outcome.released > 0)
    co_await give_back(x);
  else if (!x.hold && x.journal_floor)
    desk_.books.end_order(*x.journal_floor);  // nothing was given back
}

Task<> Pipeline::settle_own(Exchange& x) {
  const auto going = x.steps.go(Step::settle);
  const auto& order = *x.order();
  auto& outcome = x.outcome;
  if (order.operation == policy::Operation::confirm && outcome.order_id.empty())
    outcome.order_id = order.order_id;
  if (outcome.all) outcome.granted = x.hold->quantity;
  // Who asked for numbers by name, and was given as many, was given those.
  const bool named = outcome.kind == Outcome::Kind::finished && outcome.numbers.empty() &&
                     outcome.granted == policy::Quantity(order.numbers.size());
  if (named) outcome.numbers = order.numbers;
  desk_.journal.append(cache::RecordKind::outcome, x.heard, outcome_record(x, x.hold));
  x.settlement = policy::settle(outcome);
  cache::SettleRequest request{.operator_id = x.account,
                               .hold = *x.hold,
                               .settlement = x.settlement,
                               .now = x.heard,
                               .first_try = true,
                               .content = x.asked.content};
  const bool told = outcome.kind != Outcome::Kind::unsent && outcome.kind != Outcome::Kind::unknown;
  if (told) request.answer = to_store(x.passed_on.emplace(passed(x)));
  cache::Unsettled item{.what = std::move(request), .floor = x.journal_floor};
  co_await desk_.books.settle(std::move(item));
  const auto kind = x.settlement.kind;
  const bool waits = kind == policy::Settlement::Kind::pending || kind == policy::Settlement::Kind::suspense;
  if (waits && !x.settlement.order_id.empty()) {
    const cache::WaitingOrder order_of_carrier{order.carrier, x.settlement.order_id, x.account};
    co_await desk_.memory.waits(order_of_carrier);
  }
}

// A status call that tells how an earlier order ended settles that order's hold, and so does a cancellation.
Task<> Pipeline::settle_earlier_order(Exchange& x) {
  const auto going = x.steps.go(Step::settle);
  const auto& order = *x.order();
  Told told{.decision = x.id,
            .operation = order.operation,
            .carrier = order.carrier,
            .order_id = order.order_id,
            // An order from before a merger stands on the account that it was given to then.
            .accounts = {x.caller, x.client->operator_id},
            .outcome = x.outcome,
            .status = x.answer.response.status,
            .heard = x.heard};
  // "Not found" tells nothing about what was granted.
  const bool answered = x.answer.kind == CarrierAnswer::Kind::answered && x.answer.response.status / 100 == 2;
  std::optional<EndedOrder> ended;
  if (answered) {
    told.answer = to_store(passed(x));
    EarlierOrders earlier(desk_.ledger, desk_.journal, desk_.books, desk_.memory);
    ended = co_await earlier.tell(told);
  }
  if (ended)
    count_ended(desk_.metrics, *ended);
  else
    desk_.journal.append(cache::RecordKind::outcome, x.heard, outcome_record(x, std::nullopt));
}

Task<> Pipeline::give_back(Exchange& x) {
  const auto going = x.steps.go(Step::settle);
  if (x.named.empty())
    for (const auto& number : x.outcome.numbers) x.named.push_back({number, ""});
  desk_.journal.append(cache::RecordKind::outcome, x.heard, outcome_record(x, std::nullopt));
  cache::ReleaseRequest release{x.holder, x.id, x.named, x.heard};
  cache::Unsettled item{.what = std::move(release), .floor = x.journal_floor};
  co_await desk_.books.settle(std::move(item));
}

// What the answer to a search or a reservation told, for an order that will name only its id.
Task<> Pipeline::remember(const Exchange& x) {
  const auto& order = *x.order();
  const auto kind = x.outcome.kind;
  const bool told =
      kind != Outcome::Kind::unsent && kind != Outcome::Kind::unknown && !x.outcome.order_id.empty();
  const cache::Recalled what{x.outcome.granted > 0 ? x.outcome.granted : order.quantity,
                             order.number_type.value_or(policy::NumberType::fixed)};
  if (!told || what.quantity < 1 || !order.number_type) co_return;
  co_await desk_.memory.remember(x.caller, order.carrier, x.outcome.order_id, what, x.match->route->remember);
}

// The carrier calls: no operator, no policy, but its signature. What it says settles the order that it names.
Task<http::Response> Pipeline::hear_webhook(Exchange& x) {
  const auto& route = *x.match->route;
  const auto message = message_of(x);
  if (!is_from_carrier(*route.webhook, message.headers, x.request.body, x.now)) {
    x.decision = policy::refused({}, Reason::unauthenticated);
    co_return close(x);
  }
  x.read = policy::read_order(*x.match, message, x.site->numbering_plan, x.today);
  if (const auto* unreadable = std::get_if<policy::Unreadable>(&x.read)) {
    x.decision = policy::refused({}, unreadable->reason);
    x.decision.findings.front().detail = unreadable->detail;
    co_return close(x);
  }
  x.heard = x.now;
  x.outcome = policy::read_outcome(*x.match, 200, x.request.body, message.headers);
  x.decision.allowed = true;
  const auto& order = *x.order();
  // It may come before the answer that it follows upon is settled.
  bool reachable = true;
  std::optional<EndedOrder> ended;
  asio::steady_timer pause(desk_.executor);
  const bool is_end = x.outcome.kind == Outcome::Kind::finished || x.outcome.kind == Outcome::Kind::reserved;
  for (int tries = 0; is_end && !ended && tries < 10; ++tries) {
    if (tries > 0) {
      pause.expires_after(std::chrono::milliseconds(200));
      boost::system::error_code ignored;
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    const auto account = co_await desk_.memory.account_of(order.carrier, order.order_id, reachable);
    if (!account) continue;
    EarlierOrders earlier(desk_.ledger, desk_.journal, desk_.books, desk_.memory);
    const Told told{.decision = x.id,
                    .operation = order.operation,
                    .carrier = order.carrier,
                    .order_id = order.order_id,
                    .accounts = {*account},
                    .outcome = x.outcome,
                    .heard = x.heard};
    ended = co_await earlier.tell(told);
    const auto usage = co_await desk_.ledger.usage(*account);
    reachable = usage.has_value();
  }
  if (ended) count_ended(desk_.metrics, *ended);
  if (!ended && !reachable) {
    x.decision = policy::refused({}, Reason::ledger_unavailable);  // the carrier calls again
    co_return close(x);
  }
  // An order that nobody here waits for: made elsewhere, or ended before.
  if (!ended) desk_.journal.append(cache::RecordKind::outcome, x.heard, outcome_record(x, std::nullopt));
  x.answer.kind = CarrierAnswer::Kind::answered;
  x.answer.response.status = 204;
  desk_.journal.append(cache::RecordKind::decision, x.now, decision_record(x));
  auto response = passed(x);
  count(desk_.metrics, x, response);
  co_return response;
}

}  // namespace sekisho::gateway
