#include "policy/counterexample.h"

#include <algorithm>

#include "policy/pieces.h"
#include "policy/prove.h"
#include "policy/said.h"

namespace sekisho::policy {
namespace {

using Kind = Period::Kind;

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const auto& part : parts) out += (out.empty() ? "" : ", ") + part;
  return out;
}

bool gives_back(const Facts& facts) { return !hands_out(facts.word<Operation>(Fact::operation)); }

// Giving back and looking are not the rules' business: always allowed.
Decision decided(const Compiled& policy, const Facts& facts) {
  return gives_back(facts) ? Decision{.allowed = true} : apply_rules(policy, facts);
}

bool permitted(const Decision& decision, const Facts& facts) {
  if (!decision.allowed) return false;
  const bool trims = std::any_of(decision.charges.begin(), decision.charges.end(),
                                 [](const Charge& charge) { return charge.rule->limit->trim; });
  const Quantity least = trims ? 1 : facts.quantity();
  return std::all_of(decision.charges.begin(), decision.charges.end(),
                     [&](const Charge& charge) { return charge.cap >= least; });
}

bool denied(const Decision& decision) {
  return std::any_of(decision.findings.begin(), decision.findings.end(),
                     [](const Finding& why) { return why.reason != Reason::quota_exceeded; });
}

bool some_permit(const Decision& decision) {
  return std::any_of(decision.matched.begin(), decision.matched.end(),
                     [](const Rule* rule) { return rule->mode == Mode::enforce && rule->permit; });
}

}  // namespace

bool Counterexample::breaks(const Facts& some) const {
  const auto spoken = spoken_of(guarantee);
  if (std::none_of(spoken.begin(), spoken.end(), [&](const Clause& clause) { return holds(clause, some); }))
    return false;
  if (guarantee.unwaived &&
      std::any_of(policy.waivers.begin(), policy.waivers.end(),
                  [&](const Waiver& waiver) { return holds(waived_cases(waiver), some); }))
    return false;
  const auto decision = decided(compiled, some);
  switch (guarantee.kind) {
    case Guarantee::Kind::never_permit:
      return permitted(decision, some);
    case Guarantee::Kind::never_deny:
      return !gives_back(some) && (denied(decision) || !some_permit(decision));
    case Guarantee::Kind::at_most:
      return permitted(decision, some) && !bounded(some, decision);
  }
  return true;
}

bool Counterexample::bounded(const Facts& some, const Decision& decision) const {
  if (gives_back(some)) return true;
  const bool of_order = guarantee.per.kind == Kind::order;
  const auto asked = guarantee.unit == Unit::channels ? some[Fact::channels] : some.quantity();
  if (of_order && asked <= guarantee.numbers) return true;
  return std::any_of(decision.charges.begin(), decision.charges.end(), [&](const Charge& charge) {
    const auto& limit = *charge.rule->limit;
    // An order has one type, and the limit counts it or would not be charged.
    const bool types = of_order || limit.number_types.empty() || !counted.meets(limit.number_types.inverse());
    return limit.unit == guarantee.unit && charge.cap <= guarantee.numbers && types &&
           within(guarantee.per, limit.per);
  });
}

bool Counterexample::tells(Fact fact) const {
  if (!space.asked(fact)) return false;
  const auto axis = space.axis_of(fact);
  for (std::size_t one = 0; one < space.classes(axis); ++one) {
    const auto point = space.points(axis, one).front();
    // On an axis of several facts, those that are as they are here need not be told.
    if (point[fact] == facts[fact] && point.name(fact) == facts.name(fact)) continue;
    auto other = facts;
    for (const auto moved : space.facts(axis)) {
      other.set(moved, point[moved]);
      other.set(moved, point.name(moved));
    }
    if (!breaks(other)) return true;
  }
  return false;
}

std::string Counterexample::limits() const {
  std::vector<std::string> parts;
  for (const auto& charge : apply_rules(compiled, facts).charges)
    parts.push_back(quoted(charge.rule->id) + " (" + said(*charge.rule->limit, charge.cap) + ")");
  return parts.empty() ? "no limit applies" : "the limits that apply do not: " + joined(parts);
}

std::string Counterexample::verdict() const {
  const auto decision = decided(compiled, facts);
  std::vector<std::string> rules;
  if (guarantee.kind == Guarantee::Kind::never_deny) {
    for (const auto& why : decision.findings)
      if (why.rule && why.reason != Reason::quota_exceeded)
        rules.push_back(quoted(why.rule->id) + " (" + std::string(code(why.reason)) + ")");
    return rules.empty() ? "denied, because no rule permits it" : "denied by " + joined(rules);
  }
  for (const auto* rule : decision.matched)
    if (rule->permit && rule->mode == Mode::enforce) rules.push_back(quoted(rule->id));
  std::string out =
      "permitted" + (rules.empty() ? ", because giving back and looking always are" : " by " + joined(rules));
  if (!decision.waived.empty()) {
    std::vector<std::string> lifted;
    for (const auto* rule : decision.waived) lifted.push_back(quoted(rule->id));
    out += " (lifted by a waiver: " + joined(lifted) + ")";
  }
  if (guarantee.kind != Guarantee::Kind::at_most) return out;
  out += ", and nothing keeps it to " + std::to_string(guarantee.numbers) +
         (guarantee.unit == Unit::channels ? " channels" : "") + " per " + guarantee.per.text();
  if (guarantee.per.kind != Kind::order)  // an order has one type
    out += " over " + (counted == NumberTypes::all() ? "all types" : join(counted, ", "));
  return out + ": " + limits();
}

std::string Counterexample::text() const {
  // What the guarantee itself asks is told too: it is what the reader looks for.
  const auto told = [this](Fact fact) { return guarantee.when.asks(fact) || tells(fact); };
  return "the guarantee " + quoted(guarantee.id) + " does not hold. Counterexample: on " +
         facts.today().text() + ", " + operator_in_words(facts, told) + " asks to " +
         order_in_words(facts, told) + "; " + verdict();
}

std::string Counterexample::test() const {
  return as_test("counterexample to " + guarantee.id, facts, expectation(decided(compiled, facts), facts));
}

}  // namespace sekisho::policy
