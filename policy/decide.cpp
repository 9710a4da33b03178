#include "policy/decide.h"

#include <algorithm>

namespace sekisho::policy {
namespace {

int whole_months(JstDate from, JstDate to) {
  if (to < from) return 0;
  const auto a = from.ymd(), b = to.ymd();
  const int months =
      (int(b.year()) - int(a.year())) * 12 + int(unsigned(b.month())) - int(unsigned(a.month()));
  return months - (unsigned(b.day()) < unsigned(a.day()) ? 1 : 0);
}

bool in_force(const RefusalEntry& entry, std::optional<NumberType> type, JstDate today) {
  if (entry.from && today < *entry.from) return false;
  if (entry.until && today > *entry.until) return false;
  return entry.number_types.empty() || !type || entry.number_types.has(*type);
}

void refuse(Decision& decision, Reason reason, std::string detail = {}) {
  decision.findings.push_back({.reason = reason, .detail = std::move(detail)});
}

// The ladder: findings in the order of the table. Stable, so that rules of one reason keep the file's order.
Decision settled(Decision decision) {
  std::stable_sort(decision.findings.begin(), decision.findings.end(),
                   [](const Finding& a, const Finding& b) { return a.reason < b.reason; });
  decision.allowed = decision.findings.empty();
  return decision;
}

// What rules say about an order that hands numbers out. Default deny; any deny wins; every limit binds.
void apply_rules(const Policy& policy, const Order& order, const Standing& standing, Decision& decision) {
  bool permitted = false;
  for (const auto& rule : policy.rules) {
    if (!rule.active.has(standing.today) || !matches(rule.when, order, standing)) continue;
    decision.matched.push_back(&rule);
    if (rule.mode == Mode::warn) decision.notices.push_back(&rule);
    if (rule.mode != Mode::enforce) continue;
    if (rule.deny) decision.findings.push_back({.reason = *rule.deny, .rule = &rule});
    if (rule.review) decision.reviews.push_back(&rule);
    if (rule.throttle) decision.throttles.push_back(&rule);
    permitted |= rule.permit;
    const auto cap = rule.limit ? rule.limit->on(standing.today) : std::nullopt;
    const bool counts_this = rule.limit && (rule.limit->number_types.empty() || !order.number_type ||
                                            rule.limit->number_types.has(*order.number_type));
    if (!cap || !counts_this) continue;
    if (rule.limit->per.kind == Period::Kind::order) {
      if (order.quantity <= *cap) continue;
      decision.limits.push_back(limit_state(rule, *cap, Usage{}, standing.today));
      decision.findings.push_back({Reason::quota_exceeded, &rule, rule.limit->code, {}});
      decision.waiting_helps = false;
    } else {
      decision.charges.push_back(
          {&rule, *cap, buckets_of(rule.limit->per, rule.limit->number_types, standing.today)});
    }
  }
  if (!permitted && decision.findings.empty()) refuse(decision, Reason::policy_denied);
}

}  // namespace

bool matches(const When& when, const Order& order, const Standing& standing) {
  if (when.etoc && !when.etoc->has(standing.etoc)) return false;
  if (when.plan && !when.plan->has(standing.plan)) return false;
  if (when.refusal && !when.refusal->meets(standing.refusals)) return false;
  if (when.number_type && !(order.number_type && when.number_type->has(*order.number_type))) return false;
  if (when.plan_covers_type && *when.plan_covers_type != standing.plan_covers_type) return false;
  if (when.forwards_calls && *when.forwards_calls != standing.forwards_calls) return false;
  if (when.operation && !when.operation->has(order.operation)) return false;
  if (when.carrier &&
      std::find(when.carrier->begin(), when.carrier->end(), order.carrier) == when.carrier->end())
    return false;
  if (when.quantity && !when.quantity->has(order.quantity)) return false;
  if (when.track_record_months && !when.track_record_months->has(standing.track_record_months)) return false;
  if (when.date && !when.date->has(standing.today)) return false;
  return true;
}

Standing stand(const OperatorRecord* record, const OperatorId& id, std::optional<NumberType> type,
               JstDate today, std::uint64_t registry_serial, Freshness freshness) {
  Standing standing{.operator_id = id,
                    .today = today,
                    .registry_serial = registry_serial,
                    .stale = freshness.stale,
                    .past_soft = freshness.past_soft};
  if (!record) return standing;
  standing.etoc = etoc_on(*record, today);
  if (standing.etoc == EtocState::certified) standing.certified_until = record->etoc.valid_until;
  standing.plan = record->plan.state;
  standing.plan_covers_type = type && record->plan.number_types.has(*type);
  standing.forwards_calls = record->plan.forwards_calls;
  for (const auto& entry : record->refusals)
    if (in_force(entry, type, today)) standing.refusals.add(entry.action);
  if (record->track_record.first_supply)
    standing.track_record_months = whole_months(*record->track_record.first_supply, today);
  return standing;
}

Decision decide(const Policy& policy, const Case& facts) {
  Decision decision;
  if (facts.draining) refuse(decision, Reason::draining);
  if (facts.overloaded) refuse(decision, Reason::overloaded);
  if (!facts.caller) {
    // Nothing else is told to a caller that nobody knows.
    refuse(decision, Reason::unauthenticated);
    return settled(std::move(decision));
  }
  if (!facts.route) refuse(decision, Reason::route_not_governed);
  if (!facts.client_allowed) refuse(decision, Reason::client_not_allowed);
  if (facts.unreadable) refuse(decision, facts.unreadable->reason, facts.unreadable->detail);
  if (facts.numbers_of_others) refuse(decision, Reason::not_yours);
  if (decision.findings.empty() && hands_out(facts.order->operation)) {
    apply_rules(policy, *facts.order, *facts.standing, decision);
    if (facts.standing->stale) refuse(decision, Reason::registry_stale);
  }
  return settled(std::move(decision));
}

std::vector<StandingLimit> limits_today(const Policy& policy, const OperatorRecord* record,
                                        const OperatorId& id, const Usage& usage, JstDate today) {
  std::vector<StandingLimit> out;
  for (const auto& rule : policy.rules) {
    const auto cap = rule.limit ? rule.limit->on(today) : std::nullopt;
    if (!cap || rule.mode != Mode::enforce || !rule.active.has(today)) continue;
    StandingLimit limit{limit_state(rule, *cap, usage, today)};
    NumberTypes::all().each([&](NumberType type) {
      const Order order{.operation = Operation::allocate, .number_type = type, .quantity = 1};
      limit.applies |= matches(rule.when, order, stand(record, id, type, today, 0, {}));
    });
    out.push_back(std::move(limit));
  }
  return out;
}

int Decision::status() const {
  if (findings.empty()) return 200;
  if (reason() == Reason::quota_exceeded && !waiting_helps) return 403;
  return row(reason()).status;
}

Decision with_hold(Decision decision, const HoldAnswer& answer, JstDate today) {
  using Kind = HoldAnswer::Kind;
  switch (answer.kind) {
    case Kind::taken:
    case Kind::replay:
      break;  // a replay answers with what was decided then
    case Kind::over_limit:
      for (const auto index : answer.bound) {
        const auto& charge = decision.charges[index];
        decision.limits.push_back(limit_state(*charge.rule, charge.cap, answer.usage, today));
        decision.waiting_helps &= charge.rule->limit->per.resets();
        decision.findings.push_back({Reason::quota_exceeded, charge.rule, charge.rule->limit->code, {}});
      }
      break;
    case Kind::throttled:
      refuse(decision, Reason::rate_exceeded);
      break;
    case Kind::fenced:
      refuse(decision, Reason::registry_stale);
      break;
    case Kind::unavailable:
      refuse(decision, Reason::ledger_unavailable);
      break;
    case Kind::in_flight:
      refuse(decision, Reason::idempotency_conflict);
      break;
    case Kind::mismatch:
      refuse(decision, Reason::idempotency_mismatch);
      break;
    case Kind::outcome_unknown:
      refuse(decision, Reason::outcome_unknown);
      break;
  }
  return settled(std::move(decision));
}

Decision refused(Decision decision, Reason reason) {
  refuse(decision, reason);
  return settled(std::move(decision));
}

}  // namespace sekisho::policy
