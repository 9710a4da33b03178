#include "policy/when.h"

#include <algorithm>

namespace sekisho::policy {

bool Condition::holds(const Facts& facts) const {
  bool yes = false;
  switch (row(fact).kind) {
    case FactKind::words:
      yes = facts[fact] >= 0 && (words >> facts[fact] & 1);
      break;
    case FactKind::set:
      yes = (facts[fact] & words) != 0;
      break;
    case FactKind::number:
    case FactKind::date:
      yes = range.has(facts[fact]);
      break;
    case FactKind::name:
      yes = std::binary_search(names.begin(), names.end(), facts.name(fact));
      break;
  }
  return yes != negated;
}

bool holds(const Clause& clause, const Facts& facts) {
  return std::all_of(clause.begin(), clause.end(), [&](const Condition& one) { return one.holds(facts); });
}

bool When::holds(const Facts& facts) const {
  return std::any_of(any.begin(), any.end(),
                     [&](const Clause& clause) { return policy::holds(clause, facts); });
}

bool When::asks(Fact fact) const {
  for (const auto& clause : any)
    for (const auto& one : clause)
      if (one.fact == fact) return true;
  return false;
}

When both(const When& a, const When& b) {
  When out{.any = {}};
  for (const auto& left : a.any)
    for (const auto& right : b.any) {
      auto& clause = out.any.emplace_back(left);
      clause.insert(clause.end(), right.begin(), right.end());
    }
  return out;
}

When either(const When& a, const When& b) {
  auto out = a;
  out.any.insert(out.any.end(), b.any.begin(), b.any.end());
  return out;
}

// Not one of the clauses holds: of each, one question is answered otherwise.
When negation(const When& when) {
  When out;
  for (const auto& clause : when.any) {
    When some{.any = {}};
    for (auto one : clause) {
      one.negated = !one.negated;
      some.any.push_back({std::move(one)});
    }
    out = both(out, some);
  }
  return out;
}

When asked(Condition condition) { return {.any = {{std::move(condition)}}}; }

Condition on_days(const Range<JstDate>& days) {
  Condition out{.fact = Fact::date};
  if (days.from) out.range.from = Facts::days_of(*days.from);
  if (days.until) out.range.until = Facts::days_of(*days.until);
  return out;
}

}  // namespace sekisho::policy
