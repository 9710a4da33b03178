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

// What one enforced rule that no waiver lifts does to an order.
void apply(const Rule& rule, const Facts& facts, Decision& decision) {
  if (rule.deny) decision.findings.push_back({.reason = *rule.deny, .rule = &rule});
  if (rule.review) decision.reviews.push_back(&rule);
  if (rule.throttle) decision.throttles.push_back(&rule);
  if (!rule.limit) return;
  const auto& limit = *rule.limit;
  const auto* step = limit.on(facts.today());
  if (!step || !limit.counts(facts.word<NumberType>(Fact::number_type))) return;
  if (limit.per.kind != Period::Kind::order) {
    // What asks for no numbers (capacity, some modifications) is not held against a count of them.
    if (facts.quantity() == 0) return;
    decision.charges.push_back({&rule, step->value});
    return;
  }
  const auto asked = limit.unit == Unit::channels ? facts[Fact::channels] : facts.quantity();
  if (asked <= step->value) return;
  decision.limits.push_back(limit_state(rule, step->value, Usage{}, facts.today()));
  decision.findings.push_back({Reason::quota_exceeded, &rule, limit.code, {}});
  decision.waiting_helps = false;
}

// Default deny; any deny wins; every limit binds; what is only watched or waived is told.
void add_rules(const Compiled& policy, const Facts& facts, Decision& decision) {
  Verdict verdict;
  policy.evaluate(facts, verdict);
  verdict.matched.each([&](std::size_t index) {
    const auto& rule = policy.rule(index);
    const bool waived = verdict.waived.has(index);
    decision.matched.push_back(&rule);
    if (waived) decision.waived.push_back(&rule);
    if (rule.mode == Mode::warn && !waived) decision.notices.push_back(&rule);
    if (rule.mode == Mode::enforce && !waived) apply(rule, facts, decision);
  });
  if (!verdict.permitted && decision.findings.empty()) refuse(decision, Reason::policy_denied);
}

std::int64_t bits(const auto& set) { return static_cast<std::int64_t>(set.bits()); }

}  // namespace

Facts facts_of(const Order& order, const Standing& standing) {
  const auto word = [](auto value) { return static_cast<std::int64_t>(value); };
  Facts facts;
  facts.set(Fact::etoc, word(standing.etoc));
  facts.set(Fact::plan, word(standing.plan));
  facts.set(Fact::refusal, bits(standing.refusals));
  facts.set(Fact::number_type, order.number_type ? word(*order.number_type) : std::int64_t{-1});
  facts.set(Fact::plan_covers_type, word(standing.plan_covers_type));
  facts.set(Fact::plan_types, bits(standing.plan_types));
  facts.set(Fact::forwards_calls, word(standing.forwards_calls));
  facts.set(Fact::track_record, word(standing.track_record_months));
  facts.set(Fact::numbers_elsewhere, standing.numbers_elsewhere);
  facts.set(Fact::country, std::string_view(standing.country));
  facts.set(Fact::domestic_agent, word(standing.domestic_agent));
  facts.set(Fact::owner_group, std::string_view(standing.owner_group));
  facts.set(Fact::operator_id, std::string_view(standing.operator_id.text()));
  facts.set(Fact::operation, word(order.operation));
  facts.set(Fact::carrier, std::string_view(order.carrier));
  facts.set(Fact::area, std::string_view(order.area));
  facts.set(Fact::channels, order.channels);
  facts.set(Fact::chain_depth, word(standing.chain.depth));
  facts.set(Fact::chain_etoc, bits(standing.chain.etoc));
  facts.set(Fact::chain_plan, bits(standing.chain.plan));
  facts.set(Fact::chain_refusal, bits(standing.chain.refusals));
  facts.set(Fact::date, Facts::days_of(standing.today));
  facts.set(Fact::weekday, word(weekday_of(standing.today)));
  facts.set(Fact::quantity, order.quantity);
  return facts;
}

Standing stand(const PackedRecord* record, const OperatorId& id, std::optional<NumberType> type,
               JstDate today, std::uint64_t registry_serial, Freshness freshness) {
  Standing standing{.operator_id = id,
                    .today = today,
                    .registry_serial = registry_serial,
                    .stale = freshness.stale,
                    .past_soft = freshness.past_soft};
  if (!record) {
    standing.country = id.text().substr(0, id.text().find(':'));
    return standing;
  }
  standing.etoc = etoc_on(*record, today);
  if (standing.etoc == EtocState::certified) standing.certified_until = record->valid_until();
  standing.plan = record->plan();
  standing.plan_covers_type = type && record->plan_types().has(*type);
  standing.plan_types = record->plan_types();
  standing.forwards_calls = record->forwards_calls();
  record->each_refusal([&](const PackedRecord::RefusalTerms& entry) {
    if (entry.in_force(type, today)) standing.refusals.add(entry.action);
  });
  if (const auto first = record->first_supply()) standing.track_record_months = whole_months(*first, today);
  standing.numbers_elsewhere = record->numbers_elsewhere();
  standing.country = record->country();
  standing.owner_group = record->owner_group();
  standing.domestic_agent = record->has_domestic_agent();
  return standing;
}

void add_hop(ChainStanding& chain, const PackedRecord* record, std::optional<NumberType> type,
             JstDate today) {
  const auto hop = stand(record, {}, type, today, 0, {});
  ++chain.depth;
  chain.etoc.add(hop.etoc);
  chain.plan.add(hop.plan);
  hop.refusals.each([&](RefusalAction action) { chain.refusals.add(action); });
}

Decision apply_rules(const Compiled& policy, const Facts& facts) {
  Decision decision;
  add_rules(policy, facts, decision);
  return settled(std::move(decision));
}

Decision decide(const Compiled& policy, const Case& facts) {
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
    add_rules(policy, facts_of(*facts.order, *facts.standing), decision);
    if (facts.standing->stale) refuse(decision, Reason::registry_stale);
  }
  return settled(std::move(decision));
}

std::vector<StandingLimit> limits_today(const Policy& policy, const PackedRecord* record,
                                        const OperatorId& id, const Usage& usage, const Usage* of_group,
                                        JstDate today) {
  std::vector<StandingLimit> out;
  for (const auto& rule : policy.rules) {
    const auto* step = rule.limit ? rule.limit->on(today) : nullptr;
    if (!step || rule.mode != Mode::enforce || !rule.active.has(today)) continue;
    if (policy.waiver(rule, id.text(), today)) continue;
    const auto& counted = of_group && rule.limit->of == Scope::owner_group ? *of_group : usage;
    StandingLimit limit{limit_state(rule, step->value, counted, today)};
    NumberTypes::all().each([&](NumberType type) {
      const Order order{.operation = Operation::allocate, .number_type = type, .quantity = 1};
      const auto standing = stand(record, id, type, today, 0, {});
      limit.applies |= rule.when.holds(facts_of(order, standing));
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

HoldAnswer hold_against(const std::vector<Charge>& charges, const std::vector<Quantity>& before,
                        Quantity asked, bool partial) {
  HoldAnswer answer{.kind = HoldAnswer::Kind::taken, .quantity = asked};
  for (std::size_t i = 0; i < charges.size(); ++i) {
    const auto left = answer.left.emplace_back(charges[i].cap - before[i]);
    if (charges[i].rule->limit->trim && partial && left > 0)
      answer.quantity = std::min(answer.quantity, left);
  }
  for (std::size_t i = 0; i < charges.size(); ++i)
    if (answer.left[i] < answer.quantity) answer.bound.push_back(i);
  if (!answer.bound.empty()) answer.kind = HoldAnswer::Kind::over_limit;
  return answer;
}

// What the limit counts, of what a refusing ledger told; null: of that account it told nothing.
static const Usage* counted_for(const Charge& charge, const HoldAnswer& answer) {
  const bool joint =
      charge.rule->limit->of == Scope::owner_group && answer.account != HoldAnswer::Account::only;
  if (joint) return answer.of_group ? &*answer.of_group : nullptr;
  return answer.account == HoldAnswer::Account::group ? nullptr : &answer.usage;
}

Decision with_hold(Decision decision, const HoldAnswer& answer, JstDate today) {
  using Kind = HoldAnswer::Kind;
  switch (answer.kind) {
    case Kind::taken:
      for (std::size_t i = 0; i < decision.charges.size() && i < answer.left.size(); ++i)
        decision.charges[i].before = decision.charges[i].cap - answer.left[i];
      break;
    case Kind::replay:
      break;  // answers with what was decided then
    case Kind::over_limit:
      for (std::size_t i = 0; i < decision.charges.size(); ++i) {
        auto& charge = decision.charges[i];
        if (const auto* counted = counted_for(charge, answer)) {
          charge.before = 0;
          for (const auto& bucket : buckets_of(*charge.rule->limit, today))
            *charge.before += counted->bucket(bucket);
        } else if (i < answer.left.size()) {
          charge.before = charge.cap - answer.left[i];
        }
      }
      for (const auto index : answer.bound) {
        const auto& charge = decision.charges[index];
        const auto* counted = counted_for(charge, answer);
        decision.limits.push_back(limit_state(*charge.rule, charge.cap, counted ? *counted : Usage{}, today));
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
