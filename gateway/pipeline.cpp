// The life of one order, from top to bottom: facts, one decision, effects.
//
// Searches, releases and status calls take the same way. They charge nothing, so that the steps which hold
// and settle have nothing to do for them.
#include "gateway/pipeline.h"

#include <openssl/evp.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "cache/clock.h"
#include "cache/registry_follower.h"
#include "config/digest.h"
#include "gateway/answers.h"
#include "gateway/freshness.h"
#include "gateway/http/writer.h"
#include "gateway/identify.h"
#include "gateway/records.h"
#include "gateway/standing.h"

namespace sekisho::gateway {
using policy::Outcome;
using policy::Reason;

Task<http::Response> Pipeline::handle(http::Request request) {
  Exchange x;
  x.request = std::move(request);
  understand(x);
  if (x.client && x.request.path() == standing_path) co_return co_await tell_standing(x);

  const bool not_theirs = co_await names_numbers_of_others(x);
  x.decision = policy::decide(x.site->rules, facts(x, not_theirs));
  if (!x.decision.allowed) co_return close(x);

  co_await hold(x);
  if (!x.decision.allowed || x.replay) co_return close(x);
  // From here on numbers are held: every path below ends in settle().

  auto permit = co_await put_on_record(x);
  // From here on the order is on disk, and still allowed by the newest snapshot; or there is no permit.

  if (permit) co_await forward(x, std::move(*permit));
  // From here on the carrier may have acted, whatever we heard back.

  co_await settle(x);
  // From here on the ledger knows, or will: what it could not take waits in `settlements`.

  co_return close(x);
}

// Who calls, which route, what is asked, how the operator stands: values from values.
void Pipeline::understand(Exchange& x) {
  x.now = cache::wall_clock();
  x.site = desk_.site;
  x.id = desk_.ids.next(x.now);
  const auto trace = x.request.headers.find("traceparent");
  x.traceparent = trace && is_traceparent(*trace) ? std::string(*trace) : desk_.ids.traceparent();
  x.client = identify(x.request.headers, x.site->clients);
  if (!x.client) return;
  x.today = desk_.dates.today(x.now);
  x.account = account_of(x.client->operator_id, x.today);
  x.holder = x.account;
  x.match = policy::match_route(x.site->carriers, x.request.method, x.request.path());
  if (!x.match) return;
  const policy::Message message{
      .query = x.request.query(),
      .headers = [&](std::string_view name) { return values_of(x.request.headers, name); },
      .body = x.request.body};
  x.read = policy::read_order(*x.match, message, x.site->numbering_plan, x.today);
  // Nothing remembers earlier answers yet, and an order of no numbers must not be decided on.
  if (x.order() && !x.order()->recall.empty())
    x.read = policy::Unreadable{.detail = "the earlier answer '" + x.order()->recall + "' is not known here"};
  if (x.hands_out()) x.standing = look_up(x, x.account);
}

// By whose facts and on whose account an operator's orders run: its own, or its successor's after a merger.
policy::OperatorId Pipeline::account_of(const policy::OperatorId& id, policy::JstDate day) const {
  const auto* acting = desk_.registry->acting_for(id.text(), day);
  if (!acting || acting->id() == id.text()) return id;
  return policy::OperatorId::parse(acting->id()).value_or(id);
}

policy::Standing Pipeline::look_up(const Exchange& x, const policy::OperatorId& account) const {
  const auto& registry = *desk_.registry;
  const auto fresh = freshness(desk_.settings, desk_.known, cache::boot_ms());
  const auto& order = *x.order();
  auto standing =
      policy::stand(registry.find(account), account, order.number_type, x.today, registry.serial(), fresh);
  for (const auto& hop : order.chain) {
    // The caller names its downstream operators by id or corporate number; whom no register knows has
    // nothing.
    auto known = policy::OperatorId::parse(hop);
    if (!known) known = policy::OperatorId::parse("jp:" + hop);
    const auto* record = known ? registry.acting_for(known->text(), x.today) : nullptr;
    policy::add_hop(standing.chain, record, order.number_type, x.today);
  }
  return standing;
}

policy::Case Pipeline::facts(const Exchange& x, bool numbers_of_others) const {
  policy::Case facts;
  if (x.client) facts.caller = x.client->operator_id;
  if (x.match) facts.route = x.match->route;
  if (x.client && x.match) facts.client_allowed = may_use(*x.client, x.match->carrier->name, x.operation());
  facts.order = std::get_if<policy::Order>(&x.read);
  facts.unreadable = std::get_if<policy::Unreadable>(&x.read);
  facts.standing = &x.standing;
  facts.numbers_of_others = numbers_of_others;
  return facts;
}

// Not an order: the caller asks how it stands itself.
Task<http::Response> Pipeline::tell_standing(Exchange& x) {
  const auto& id = x.account;
  const auto usage = co_await desk_.ledger.usage(id);
  if (!usage) {
    x.decision = policy::refused({}, Reason::ledger_unavailable);
    co_return refusal(x);
  }
  co_return standing_answer(x.site->policy, desk_.registry->find(id), id, *usage, x.today);
}

// A number that the ledger knows as another operator's may not be given back, or moved, by this one. One that
// the ledger does not know passes, and so does every one while the ledger cannot be asked: giving back is
// always possible.
Task<bool> Pipeline::names_numbers_of_others(Exchange& x) {
  if (!x.order()) co_return false;
  for (const auto& number : x.order()->numbers) x.named.push_back({number, ""});
  for (auto& [number, decision] : x.named) {
    const auto tenures = co_await desk_.ledger.trace(number);
    if (!tenures) co_return false;
    // Newest first: who had the number before the newest holder has no say.
    if (tenures->empty() || tenures->front().until) continue;
    decision = tenures->front().decision;
    const auto holder =
        policy::OperatorId::parse(tenures->front().operator_id).value_or(policy::OperatorId());
    if (holder == x.account || holder == x.client->operator_id || account_of(holder, x.today) == x.account)
      x.holder = holder;
    else
      co_return true;
  }
  co_return false;
}

// Sets the quantity aside: one round trip, whatever number of limits apply.
Task<> Pipeline::hold(Exchange& x) {
  if (!x.hands_out()) co_return;
  if (!desk_.journal.writable()) {
    x.decision = policy::refused(std::move(x.decision), Reason::journal_unavailable);
    co_return;
  }
  x.asked = hold_request(x);
  const auto asked = std::chrono::steady_clock::now();
  auto result = co_await desk_.books.take(x.asked);
  if (result.answer.kind == policy::HoldAnswer::Kind::fenced && co_await learn_of(result.answer.fence)) {
    // The ledger knew of a revocation before we did. Now we do: decide again by it.
    x.account = account_of(x.client->operator_id, x.today);
    x.standing = look_up(x, x.account);
    x.decision = policy::decide(x.site->rules, facts(x));
    if (!x.decision.allowed) co_return;
    x.asked = hold_request(x);
    result = co_await desk_.books.take(x.asked);
  }
  desk_.metrics.observe(Metric::ledger_hold, {},
                        std::chrono::duration<double>(std::chrono::steady_clock::now() - asked).count());
  x.retry_ms = result.answer.retry_ms;
  x.replay = std::move(result.replay);
  x.decision = policy::with_hold(std::move(x.decision), result.answer, x.standing.today);
  if (result.answer.kind != policy::HoldAnswer::Kind::taken) co_return;
  x.hold = x.asked.hold;
  x.hold->quantity = result.answer.quantity;
  for (const auto left : result.answer.left) x.left.push_back(left - x.hold->quantity);
}

cache::HoldRequest Pipeline::hold_request(Exchange& x) const {
  const auto& order = *x.order();
  cache::HoldRequest request{.operator_id = x.account,
                             .registry_serial = x.standing.registry_serial,
                             .keep_days = std::max(cache::least_keep_days, x.site->policy.longest_days()),
                             .partial = order.partial};
  request.hold = {.id = x.id,
                  .quantity = order.quantity,
                  .number_type = *order.number_type,
                  .day = x.standing.today,
                  .since = x.now,
                  .carrier = order.carrier};
  request.charges = &x.decision.charges;
  request.throttles = &x.decision.throttles;
  if (!order.reference.empty()) {
    request.hold.key = config::sha256_hex(order.reference);
    request.content = config::sha256_hex(x.request.method + " " + x.request.target + "\n" + x.request.body);
  }
  return request;
}

// Waits, not long, until this worker has a registry at least this new.
Task<bool> Pipeline::learn_of(std::uint64_t registry_serial) {
  asio::steady_timer pause(desk_.executor);
  for (int tries = 0; tries < 100 && desk_.registry->serial() < registry_serial; ++tries) {
    pause.expires_after(std::chrono::milliseconds(5));
    boost::system::error_code ignored;
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  co_return desk_.registry->serial() >= registry_serial;
}

// Nothing reaches the carrier before the journal says that it will, on disk; and nothing that a newer
// snapshot refuses. An order that hands nothing out is recorded too, but does not wait for the disk.
Task<std::optional<Permit>> Pipeline::put_on_record(Exchange& x) {
  if (x.hands_out() || x.operation() == policy::Operation::release)
    x.journal_floor = desk_.books.open_order();
  desk_.journal.append(cache::RecordKind::decision, x.now, decision_record(x));
  if (!x.hands_out()) co_return Permit(x.id);

  const auto committed = co_await desk_.books.commit(x.asked, forwarding_record(x), x.now);
  if (committed != cache::Commit::go) {
    const bool on_disk = committed == cache::Commit::ledger_lost;
    const auto why = on_disk ? Reason::ledger_unavailable : Reason::journal_unavailable;
    x.decision = policy::refused(std::move(x.decision), why);
    if (on_disk) desk_.journal.append(cache::RecordKind::decision, x.now, decision_record(x));
    co_return std::nullopt;
  }
  // The operator may have been revoked while its order waited, or may not stand behind its successor any
  // more: what was held on an account that is not its own today is given back, and the caller asks again.
  x.today = desk_.dates.today(cache::wall_clock());
  const auto account = account_of(x.client->operator_id, x.today);
  x.standing = look_up(x, account);
  auto again = policy::decide(x.site->rules, facts(x));
  if (account != x.account) again = policy::refused(std::move(again), Reason::registry_stale);
  if (!again.allowed) {
    x.decision = std::move(again);
    x.left.clear();  // its charges are not those that were held
    desk_.journal.append(cache::RecordKind::decision, x.now, decision_record(x));
    co_return std::nullopt;
  }
  co_return Permit(x.id);
}

Task<> Pipeline::forward(Exchange& x, Permit permit) {
  http::Request request;
  request.method = x.request.method;
  request.target = x.request.target;
  request.headers = http::end_to_end(x.request.headers);
  request.headers.remove(x.site->clients.api_key_header);
  request.headers.set("Sekisho-Decision", permit.decision());
  request.headers.set("Sekisho-Operator", x.account.text());
  request.headers.set("Sekisho-Client", x.client->id);
  request.headers.set("traceparent", x.traceparent);
  const bool trimmed = x.hold && x.hold->quantity < x.order()->quantity;
  request.body = trimmed
                     ? policy::rewrite_quantity(x.request.body, *x.order()->quantity_span, x.hold->quantity)
                     : x.request.body;

  const auto pool = desk_.pool_of(x);
  const auto sent = std::chrono::steady_clock::now();
  x.answer = co_await pool->forward(permit, std::move(request));
  x.carrier_time = std::chrono::steady_clock::now() - sent;

  switch (x.answer.kind) {
    case CarrierAnswer::Kind::unsent:
      x.outcome.kind = Outcome::Kind::unsent;
      break;
    case CarrierAnswer::Kind::unknown:
      x.outcome.kind = Outcome::Kind::unknown;
      break;
    case CarrierAnswer::Kind::answered:
      x.outcome = policy::read_outcome(*x.match, x.answer.response.status, x.answer.response.body);
  }
  if (x.outcome.detail.empty()) x.outcome.detail = x.answer.detail;
}

// What the carrier did becomes what is counted. Only what is certain changes a count.
Task<> Pipeline::settle(Exchange& x) {
  const bool was_sent = x.decision.allowed;
  if (!was_sent) x.outcome.kind = Outcome::Kind::unsent;
  x.heard = cache::wall_clock();
  if (x.operation() == policy::Operation::status) co_return co_await settle_earlier_order(x);
  if (x.hands_out() || x.outcome.released > 0)
    desk_.journal.append(cache::RecordKind::outcome, x.heard, outcome_record(x, x.hold));

  if (x.hold) {
    x.settlement = policy::settle(x.outcome);
    cache::SettleRequest request{.operator_id = x.account,
                                 .hold = *x.hold,
                                 .settlement = x.settlement,
                                 .now = x.heard,
                                 .content = x.asked.content};
    const bool told = x.outcome.kind == Outcome::Kind::finished || x.outcome.kind == Outcome::Kind::pending;
    if (told) request.answer = to_store(passed(x));
    cache::Unsettled item{.what = std::move(request), .floor = x.journal_floor};
    co_await desk_.books.settle(std::move(item));
  } else if (x.operation() == policy::Operation::release && x.outcome.released > 0) {
    cache::ReleaseRequest release{x.holder, x.id, x.named, x.heard};
    cache::Unsettled item{.what = std::move(release), .floor = x.journal_floor};
    co_await desk_.books.settle(std::move(item));
  } else if (x.journal_floor) {
    desk_.books.end_order(*x.journal_floor);  // a release that the carrier did not carry out
  }
}

// A status call that tells how an earlier order ended settles that order's hold.
Task<> Pipeline::settle_earlier_order(Exchange& x) {
  const auto& order = *x.order();
  // "Not found" tells nothing about what was granted.
  const bool tells = x.outcome.kind == Outcome::Kind::finished && !order.order_id.empty() &&
                     x.answer.response.status / 100 == 2;
  std::optional<policy::Hold> hold;
  auto account = x.account;
  if (tells) {
    hold = co_await desk_.ledger.hold_of_order(account, order.carrier, order.order_id);
    // An order from before a merger stands on the account that it was given to then.
    if (!hold && account != x.client->operator_id) {
      account = x.client->operator_id;
      hold = co_await desk_.ledger.hold_of_order(account, order.carrier, order.order_id);
    }
  }
  // What it settles is on record before it is counted, and open until it is.
  if (hold) {
    x.account = account;
    x.journal_floor = desk_.books.open_order();
  }
  desk_.journal.append(cache::RecordKind::outcome, x.heard, outcome_record(x, hold));
  if (!hold) co_return;
  x.settlement = policy::settle(x.outcome);
  x.settlement.order_id = order.order_id;
  cache::SettleRequest request{
      .operator_id = account, .hold = *hold, .settlement = x.settlement, .now = x.heard};
  request.answer = to_store(passed(x));
  cache::Unsettled item{.what = std::move(request), .floor = x.journal_floor};
  co_await desk_.books.settle(std::move(item));
}

// The single exit: record, count, answer.
http::Response Pipeline::close(Exchange& x) {
  const bool recorded = x.decision.allowed && !x.replay;  // put_on_record() did it
  const bool refused_late = !x.decision.allowed && x.journal_floor;
  if (!recorded && !refused_late)
    desk_.journal.append(cache::RecordKind::decision, x.now, decision_record(x));

  http::Response response = !x.decision.allowed                              ? refusal(x)
                            : x.replay                                       ? replayed(x)
                            : x.answer.kind == CarrierAnswer::Kind::answered ? passed(x)
                                                                             : carrier_failure(x);
  count(x, response);
  return response;
}

void Pipeline::count(const Exchange& x, const http::Response& response) {
  auto& metrics = desk_.metrics;
  const auto operation = policy::name(x.operation());
  const auto total = std::chrono::steady_clock::now() - x.began;
  const auto seconds = [](auto duration) { return std::chrono::duration<double>(duration).count(); };
  const std::string_view outcome = !x.decision.allowed                              ? "refused"
                                   : x.replay                                       ? "replayed"
                                   : x.answer.kind == CarrierAnswer::Kind::answered ? "passed"
                                                                                    : "carrier_failed";
  const auto code = !x.decision.allowed           ? policy::code(x.decision.reason())
                    : outcome == "carrier_failed" ? policy::code(x.answer.reason)
                                                  : std::string_view();
  metrics.add(Metric::requests, {x.carrier_name(), operation, outcome, code});
  metrics.observe(Metric::request_duration, {operation}, seconds(total));
  metrics.observe(Metric::gate_overhead, {}, seconds(total - x.carrier_time));
  for (const auto* rule : x.decision.matched)
    metrics.add(Metric::rule_matches, {rule->id, policy::name(rule->mode)});
  for (std::size_t i = 0; i < x.left.size(); ++i)
    if (x.left[i] * 10 < x.decision.charges[i].cap)
      metrics.add(Metric::quota_near_limit, {x.decision.charges[i].rule->id});
  if (x.answer.kind == CarrierAnswer::Kind::answered) {
    const char status_class[] = {char('0' + response.status / 100), 'x', 'x', 0};
    metrics.observe(Metric::carrier_duration, {x.carrier_name(), status_class}, seconds(x.carrier_time));
  }
  if (x.operation() == policy::Operation::release && x.outcome.released > 0)
    metrics.add(Metric::numbers, {x.carrier_name(), "", "released"}, double(x.outcome.released));
  if (x.hold) {
    const auto type = policy::name(x.hold->number_type);
    const auto granted = x.settlement.granted;
    if (granted > 0) metrics.add(Metric::numbers, {x.carrier_name(), type, "granted"}, double(granted));
    if (x.settlement.kind == policy::Settlement::Kind::suspense)
      metrics.add(Metric::numbers, {x.carrier_name(), type, "suspense"}, double(x.hold->quantity));
    if (granted > x.hold->quantity) metrics.add(Metric::over_delivery, {x.carrier_name()});
  }
}

}  // namespace sekisho::gateway
