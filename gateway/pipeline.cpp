// The life of one order, from top to bottom: facts, one decision, effects.
//
// Searches, releases and status calls take the same way. They charge nothing, so that the steps which hold
// and settle have nothing to do for them. What each operation does to the count:
//
//   allocate, port_in, modify: hold, then what the carrier gave is granted
//   capacity: channels, limited order by order; no numbers are held
//   reserve: hold; it stays, reserved, until it is confirmed or cancelled
//   confirm: hold in the place of the reservation, so that its numbers count once
//   transfer: hold on the receiver's account; a number that is granted leaves who had it
//   status, cancel: the hold of an earlier order is settled when the carrier tells its end
//   release: numbers leave the account, and so they do by a cancellation that takes them back
//   pass: nothing; the bodies are handed on as they come
#include "gateway/pipeline.h"

#include <openssl/evp.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "cache/clock.h"
#include "cache/registry_follower.h"
#include "config/digest.h"
#include "gateway/answers.h"
#include "gateway/call_spans.h"
#include "gateway/counting.h"
#include "gateway/freshness.h"
#include "gateway/http/writer.h"
#include "gateway/identify.h"
#include "gateway/records.h"
#include "gateway/standing.h"

namespace sekisho::gateway {
using policy::Outcome;
using policy::Reason;

Task<Answer> Pipeline::handle(http::Request request, const Peer& peer, BodyStream* body) {
  Exchange x;
  x.request = std::move(request);
  x.peer = &peer;
  x.incoming = body;
  auto response = co_await run(x);
  tell_spans(desk_, x, &response);
  co_return Answer{std::move(response), std::move(x.answer.body)};
}

Task<http::Response> Pipeline::run(Exchange& x) {
  arrive(x);
  if (x.match && x.match->route->webhook) co_return co_await hear_webhook(x);
  const bool admitted = co_await admit(x);
  if (!admitted) co_return close(x);
  // From here on it is certain who calls.

  understand(x);
  if (x.request.path() == standing_path) co_return co_await tell_standing(x);

  co_await judge(x);
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

// Every fact in, one decision out.
Task<> Pipeline::judge(Exchange& x) {
  co_await recall(x);
  if (x.hands_out()) x.standing = look_up(x, x.account);
  const bool not_theirs = co_await names_numbers_of_others(x);
  auto facts_now = facts(x, not_theirs);
  facts_now.overloaded = sheds(x);
  x.decision = policy::decide(x.site->rules, facts_now);
}

// A signed request is read whole first: who calls is certain with its body only.
bool Pipeline::passes(const http::Request& head) const {
  const auto match = policy::match_route(desk_.site->carriers, head.method, head.path());
  return match && match->route->operation == policy::Operation::pass && !is_signed(head.headers);
}

// When, by which files, and which route: values from values, as all of understanding.
void Pipeline::arrive(Exchange& x) {
  x.now = cache::wall_clock();
  x.site = desk_.site;
  x.id = desk_.ids.next(x.now);
  follow_trace(desk_, x);
  x.today = desk_.dates.today(x.now);
  x.match = policy::match_route(x.site->carriers, x.request.method, x.request.path());
  if (x.match && x.match->route->webhook) return;
  // By the path alone, so also for somebody whom nobody knows: that such a call exists is in the
  // documentation of the carrier's API.
  if (x.match) x.denials = x.match->route->denials.get();
}

// (admit(), who calls and how often: pipeline_callers.cpp)

// What is asked, and on whose account.
void Pipeline::understand(Exchange& x) {
  if (x.match) x.read = policy::read_order(*x.match, message_of(x), x.site->numbering_plan, x.today);
  x.account = account_for(x, x.today);
}

policy::Message Pipeline::message_of(const Exchange& x) const {
  return {.query = x.request.query(),
          .headers = [&x](std::string_view name) { return given(x.request.headers, name); },
          .body = x.request.body,
          .claims =
              [&x](std::string_view name) {
                const auto value = x.who.token ? x.who.token->claim(name) : std::nullopt;
                return policy::Given{value.value_or(""), value ? 1u : 0u};
              }};
}

// A transfer runs on the receiver's account, by the receiver's facts; everything else on the caller's.
policy::OperatorId Pipeline::account_for(const Exchange& x, policy::JstDate day) const {
  const auto* order = x.order();
  const bool received = order && !order->receiver.empty();
  return account_of(received ? order->receiver : x.client->operator_id, day);
}

// The quantity and type of an order that names neither, but an earlier answer that had them.
Task<> Pipeline::recall(Exchange& x) {
  auto* order = x.order();
  if (order && policy::names_order_only(*x.match->route)) co_await name_numbers(x);
  if (!order || order->recall.empty()) co_return;
  bool reachable = false;
  const auto earlier = co_await desk_.memory.recall(x.caller, order->carrier, order->recall, reachable);
  if (earlier) {
    order->quantity = earlier->quantity;
    if (!order->number_type) order->number_type = earlier->number_type;
  } else if (reachable) {
    x.read = policy::Unreadable{.detail = "nothing is known here of '" + order->recall +
                                          "': search or reserve again"};
  } else {
    x.read = policy::Unreadable{.reason = Reason::ledger_unavailable};
  }
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

// Asked once, before anything is held: what was accepted is finished.
bool Pipeline::sheds(const Exchange& x) const {
  if (!x.match) return false;
  if (!x.checked_by.empty()) return desk_.overload.sheds(x.operation());  // no carrier is called
  const auto pool = desk_.pool_of(x);
  return desk_.overload.sheds(x.operation(), pool->queue_delay());
}

// Not an order: the caller asks how it stands itself.
Task<http::Response> Pipeline::tell_standing(Exchange& x) {
  const auto& id = x.caller;
  const auto usage = co_await desk_.ledger.usage(id);
  const auto* record = desk_.registry->find(id.text());
  std::optional<policy::Usage> of_group;
  const bool grouped = record && !record->owner_group().empty();
  if (grouped) of_group = co_await desk_.ledger.usage(policy::OperatorId::of_group(record->owner_group()));
  if (!usage || (grouped && !of_group)) {
    x.decision = policy::refused({}, Reason::ledger_unavailable);
    co_return refusal(x);
  }
  co_return standing_answer(x.site->policy, record, id, *usage, of_group ? &*of_group : nullptr, x.today);
}

// A number that the ledger knows as another operator's may not be given back, or moved, by this one. One that
// the ledger does not know passes, and so does every one while the ledger cannot be asked: giving back is
// always possible.
Task<bool> Pipeline::names_numbers_of_others(Exchange& x) {
  if (!x.order()) co_return false;
  for (const auto& number : x.order()->numbers) x.named.push_back({number, ""});
  for (auto& [number, decision, later] : x.named) {
    const auto tenures = co_await desk_.ledger.trace(number);
    if (!tenures) co_return false;
    // Newest first: who had the number before the newest holder has no say.
    if (tenures->empty() || tenures->front().until) continue;
    decision = tenures->front().decision;
    const auto holder =
        policy::OperatorId::parse(tenures->front().operator_id).value_or(policy::OperatorId());
    if (holder == x.caller || holder == x.client->operator_id || account_of(holder, x.today) == x.caller)
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
  const auto going = x.steps.go(Step::hold);
  const auto asked = std::chrono::steady_clock::now();
  auto result = co_await desk_.books.take(x.asked);
  if (result.answer.kind == policy::HoldAnswer::Kind::fenced && co_await learn_of(result.answer.fence)) {
    // The ledger knew of a revocation before we did. Now we do: decide again by it.
    x.account = account_for(x, x.today);
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
  x.confirmed = std::move(result.confirmed);
}

// 128 bits, which is enough to tell one caller's orders apart: it lies in Redis up to three times.
static std::string short_digest(std::string_view text) { return config::sha256_hex(text, 16); }

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
  if (x.site->policy.counts_groups()) request.hold.group = x.standing.owner_group;
  request.charges = &x.decision.charges;
  if (order.operation == policy::Operation::confirm) request.confirms = order.order_id;
  request.throttles = &x.decision.throttles;
  if (!order.reference.empty()) {
    // A key is its caller's own, also on a receiver's account.
    const auto whose = x.account == x.caller ? std::string() : x.caller.text() + "\n";
    request.hold.key = short_digest(whose + order.reference);
    request.content = short_digest(x.request.method + " " + x.request.target + "\n" + x.request.body);
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
  const bool may_give_back =
      x.operation() == policy::Operation::release || x.operation() == policy::Operation::cancel;
  if (x.hands_out() || may_give_back) x.journal_floor = desk_.books.open_order();
  desk_.journal.append(cache::RecordKind::decision, x.now, decision_record(x));
  if (!x.hands_out()) co_return Permit(x.id);

  const auto going = x.steps.go(Step::journal);
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
  const auto account = account_for(x, x.today);
  x.standing = look_up(x, account);
  auto again = policy::decide(x.site->rules, facts(x));
  if (account != x.account) again = policy::refused(std::move(again), Reason::registry_stale);
  if (!again.allowed) {
    x.decision = std::move(again);
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
  drop_credentials(request.headers, x.site->clients);
  request.headers.set("Sekisho-Decision", permit.decision());
  request.headers.set("Sekisho-Operator", x.account.text());
  request.headers.set("Sekisho-Client", x.client->id);
  pass_trace_on(x, request.headers);
  const bool trimmed = x.hold && x.hold->quantity < x.order()->quantity;
  request.body = trimmed
                     ? policy::rewrite_quantity(x.request.body, *x.order()->quantity_span, x.hold->quantity)
                     : x.request.body;
  if (trimmed) http::drop_body_digests(request.headers);

  const auto pool = desk_.pool_of(x);
  const auto going = x.steps.go(Step::forward);
  const auto sent = std::chrono::steady_clock::now();
  if (x.operation() == policy::Operation::pass)
    x.answer = co_await pool->pass(permit, std::move(request), x.incoming);
  else
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
      const auto headers = [&x](std::string_view name) { return given(x.answer.response.headers, name); };
      x.outcome = policy::read_outcome(*x.match, x.answer.response.status, x.answer.response.body, headers);
  }
  if (x.outcome.detail.empty()) x.outcome.detail = x.answer.detail;
}

// (settle() and what it does for each operation: pipeline_settle.cpp)

// The single exit: record, count, answer.
http::Response Pipeline::close(Exchange& x) {
  const bool recorded = x.decision.allowed && !x.replay;  // put_on_record() did it
  const bool refused_late = !x.decision.allowed && x.journal_floor;
  if (!recorded && !refused_late)
    desk_.journal.append(cache::RecordKind::decision, x.now, decision_record(x));

  http::Response response = !x.decision.allowed                              ? refusal(x)
                            : x.replay                                       ? replayed(x)
                            : x.answer.kind != CarrierAnswer::Kind::answered ? carrier_failure(x)
                            : x.passed_on                                    ? std::move(*x.passed_on)
                                                                             : passed(x);
  count(desk_.metrics, x, response);
  return response;
}

}  // namespace sekisho::gateway
