// Deciding for somebody else: the same facts and the same decision, and no effect but the record.
// (pipeline.cpp is the story.)
//
// The ledger is only read: numbers that a check was allowed are there for whoever orders first. Throttles are
// not asked, since to ask one is to use it.
#include "cache/clock.h"
#include "gateway/call_spans.h"
#include "gateway/counting.h"
#include "gateway/pipeline.h"
#include "gateway/records.h"

namespace sekisho::gateway {
using policy::HoldAnswer;
using policy::NumberType;
using policy::Operation;
using policy::Reason;

namespace {

// Whether some field of the order stands in the body.
bool reads_body(const policy::OrderFields& fields) {
  for (const auto* field :
       {&fields.quantity, &fields.number_type, &fields.area, &fields.channels, &fields.chain,
        &fields.reference, &fields.partial, &fields.order_id, &fields.numbers})
    if (*field && (*field)->place_in_body()) return true;
  return false;
}

// The types that a carrier has words for; all, where it has none.
policy::NumberTypes types_of(const policy::Carrier& carrier) {
  policy::NumberTypes types;
  for (const auto& [word, type] : carrier.number_types) types.add(type);
  return types.empty() ? policy::NumberTypes::all() : types;
}

// The least that a call of this route can be.
policy::Order least_order(const policy::RouteMatch& match) {
  policy::Order order{.operation = match.route->operation, .carrier = match.carrier->name};
  order.quantity = policy::gives(*match.route) ? 1 : 0;
  return order;
}

}  // namespace

Task<std::shared_ptr<Exchange>> Pipeline::check_call(http::Request request, Peer peer, bool whole,
                                                     std::string asked_by) {
  auto x = std::make_shared<Exchange>();
  x->request = std::move(request);
  x->peer = &peer;
  x->checked_by = std::move(asked_by);
  arrive(*x);
  if (x->match && x->match->route->webhook) x->match.reset();  // the carrier's call, and not a caller's
  const bool admitted = co_await admit(*x);
  if (admitted) {
    understand(*x);
    const bool unread = x->match && std::holds_alternative<policy::Unreadable>(x->read);
    // Whose order a transfer is stands in what was not seen: nothing can be said of it.
    if (unread && !whole && reads_body(x->match->route->order) && !x->match->route->order.receiver) {
      x->unseen = true;
      x->read = least_order(*x->match);
    }
    co_await check(*x);
  }
  co_await note_check(*x);
  x->peer = nullptr;
  co_return x;
}

Task<std::shared_ptr<Exchange>> Pipeline::check_order(std::shared_ptr<const DescribedOrder> order,
                                                      std::string asked_by) {
  auto x = std::make_shared<Exchange>();
  x->checked_by = std::move(asked_by);
  arrive(*x);
  x->described = std::move(order);
  x->client = &x->described->client;
  x->match = policy::RouteMatch{&x->described->carrier, &x->described->route, {}};
  x->read = x->described->order;
  x->caller = x->holder = account_of(x->client->operator_id, x->today);
  x->account = account_for(*x, x->today);
  co_await check(*x);
  co_await note_check(*x);
  co_return x;
}

Task<> Pipeline::check(Exchange& x) {
  if (x.unseen && x.hands_out()) co_return co_await check_unseen(x);
  co_await judge(x);
  if (x.decision.allowed && x.hands_out()) co_await measure(x);
}

// A call whose body nobody showed is refused where every order is that it could be: one number of each type.
// Of the refusals the one with the fewest reasons is told, which is what the others have in common or less.
Task<> Pipeline::check_unseen(Exchange& x) {
  std::vector<NumberType> types;
  types_of(*x.match->carrier).each([&](NumberType type) { types.push_back(type); });
  std::optional<NumberType> nearest;
  std::size_t fewest = 0;
  for (const auto type : types) {
    x.order()->number_type = type;
    co_await judge(x);
    if (x.decision.allowed) co_await measure(x);
    if (x.decision.allowed) co_return;
    const auto reasons = x.decision.findings.size();
    if (nearest && reasons >= fewest) continue;
    nearest = type;
    fewest = reasons;
  }
  x.order()->number_type = nearest;
  co_await judge(x);
  if (x.decision.allowed) co_await measure(x);
}

// What a hold would answer by what is counted now.
Task<> Pipeline::measure(Exchange& x) {
  HoldAnswer answer;
  const bool grouped = x.site->policy.counts_groups() && !x.standing.owner_group.empty();
  std::optional<policy::Usage> own, of_group;
  if (desk_.books.admits()) own = co_await desk_.ledger.usage(x.account);
  if (own && grouped)
    of_group = co_await desk_.ledger.usage(policy::OperatorId::of_group(x.standing.owner_group));
  if (own && (of_group || !grouped)) {
    std::vector<policy::Quantity> before;
    for (const auto& charge : x.decision.charges) {
      const auto& limit = *charge.rule->limit;
      const auto& counted = of_group && limit.of == policy::Scope::owner_group ? *of_group : *own;
      auto& sum = before.emplace_back(0);
      for (const auto& bucket : policy::buckets_of(limit, x.standing.today)) sum += counted.bucket(bucket);
    }
    answer = policy::hold_against(x.decision.charges, before, x.order()->quantity, x.order()->partial);
    if (grouped) answer.account = HoldAnswer::Account::own;
    answer.usage = std::move(*own);
    answer.of_group = std::move(of_group);
  }
  if (answer.kind == HoldAnswer::Kind::taken) x.would_take = answer.quantity;
  x.decision = policy::with_hold(std::move(x.decision), answer, x.standing.today);
}

// Whoever forwards by this does so with the record on disk, as the gate itself would.
Task<> Pipeline::note_check(Exchange& x) {
  if (x.decision.allowed && x.hands_out()) {
    auto record = decision_record(x);
    const bool durable =
        co_await cache::append_durably(desk_.journal, cache::RecordKind::decision, x.now, std::move(record));
    if (!durable) x.decision = policy::refused(std::move(x.decision), Reason::journal_unavailable);
  } else {
    desk_.journal.append(cache::RecordKind::decision, x.now, decision_record(x));
  }
  desk_.metrics.add(Metric::requests,
                    {x.carrier_name(), policy::name(x.operation()), outcome_of(x), code_of(x)});
  tell_spans(desk_, x, nullptr);
}

}  // namespace sekisho::gateway
