#include "policy/counterexample.h"

#include <algorithm>

namespace sekisho::policy {
namespace {

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }
std::string word(auto value) { return std::string(name(value)); }

std::string joined(const std::vector<std::string>& parts, const std::string& between) {
  std::string out;
  for (const auto& part : parts) out += (out.empty() ? "" : between) + part;
  return out;
}

std::string flow(const std::vector<std::string>& parts) { return "{ " + joined(parts, ", ") + " }"; }

std::string said(const Limit& limit, Quantity figure) {
  return std::to_string(figure) + " per " + limit.per.text() +
         (limit.number_types.empty() ? "" : " of " + join(limit.number_types, ", "));
}

}  // namespace

bool Counterexample::asked(Fact fact) const {
  const auto& when = guarantee.when;
  switch (fact) {
    case Fact::etoc:
      return when.etoc.has_value();
    case Fact::plan:
      return when.plan.has_value();
    case Fact::refusal:
      return when.refusal.has_value();
    case Fact::plan_covers_type:
      return when.plan_covers_type.has_value();
    case Fact::forwards_calls:
      return when.forwards_calls.has_value();
    case Fact::carrier:
      return when.carrier.has_value();
    case Fact::track_record:
      return when.track_record_months.has_value();
    default:
      return false;  // type, operation, quantity and date stand in every order
  }
}

std::string Counterexample::standing() const {
  const auto& facts = cell.standing;
  std::vector<std::string> parts;
  if (tells(Fact::etoc)) parts.push_back("etoc " + word(facts.etoc));
  if (tells(Fact::plan)) parts.push_back("plan " + word(facts.plan));
  if (tells(Fact::plan_covers_type))
    parts.push_back(facts.plan_covers_type ? "the type in its plan" : "the type not in its plan");
  if (tells(Fact::forwards_calls))
    parts.push_back(facts.forwards_calls ? "call forwarding" : "no call forwarding");
  if (tells(Fact::refusal))
    parts.push_back(facts.refusals.empty() ? "no refusal" : "the refusal " + join(facts.refusals, " and "));
  if (tells(Fact::track_record))
    parts.push_back("a record of " + std::to_string(facts.track_record_months) + " months");
  return "an operator" + (parts.empty() ? "" : " with " + joined(parts, ", "));
}

std::string Counterexample::order() const {
  std::string out = word(cell.order.operation) + " " + std::to_string(cell.order.quantity) + " " +
                    word(*cell.order.number_type);
  if (tells(Fact::carrier))
    out += cell.order.carrier.empty() ? " from a carrier that no rule names"
                                      : " from the carrier " + quoted(cell.order.carrier);
  return out;
}

std::string Counterexample::limits() const {
  std::vector<std::string> parts;
  for (const auto& charge : decision.charges)
    parts.push_back(quoted(charge.rule->id) + " (" + said(*charge.rule->limit, charge.cap) + ")");
  return parts.empty() ? "no limit applies" : "the limits that apply do not: " + joined(parts, ", ");
}

std::string Counterexample::verdict() const {
  std::vector<std::string> rules;
  if (guarantee.kind == Guarantee::Kind::never_deny) {
    for (const auto& why : decision.findings)
      if (why.rule && why.reason != Reason::quota_exceeded)
        rules.push_back(quoted(why.rule->id) + " (" + std::string(code(why.reason)) + ")");
    return rules.empty() ? "denied, because no rule permits it" : "denied by " + joined(rules, ", ");
  }
  for (const auto* rule : decision.matched)
    if (rule->permit && rule->mode == Mode::enforce) rules.push_back(quoted(rule->id));
  std::string out = "permitted" + (rules.empty() ? ", because giving back and looking always are"
                                                 : " by " + joined(rules, ", "));
  if (guarantee.kind != Guarantee::Kind::at_most) return out;
  out += ", and nothing keeps it to " + std::to_string(guarantee.numbers) + " per " + guarantee.per.text();
  if (guarantee.per.kind != Period::Kind::order)  // an order has one type
    out += " over " + (counted == NumberTypes::all() ? "all types" : join(counted, ", "));
  return out + ": " + limits();
}

std::string Counterexample::text() const {
  return "the guarantee " + quoted(guarantee.id) + " does not hold. Counterexample: on " +
         cell.standing.today.text() + ", " + standing() + " asks to " + order() + "; " + verdict();
}

std::string Counterexample::test() const {
  const auto& facts = cell.standing;
  if (!cell.order.carrier.empty()) return "";
  std::vector<std::string> who{"etoc: { state: " + word(facts.etoc) + " }"};
  std::vector<std::string> plan{"state: " + word(facts.plan)};
  if (facts.plan_covers_type) plan.push_back("number_types: [" + word(*cell.order.number_type) + "]");
  if (facts.forwards_calls) plan.push_back("forwards_calls: yes");
  who.push_back("plan: " + flow(plan));
  std::vector<std::string> refusals;
  facts.refusals.each([&](RefusalAction action) { refusals.push_back("{ action: " + word(action) + " }"); });
  if (!refusals.empty()) who.push_back("refusals: [" + joined(refusals, ", ") + "]");
  if (facts.track_record_months > 0)
    who.push_back("first_supply: " + facts.today.plus_months(-facts.track_record_months).text());

  std::string expect = "permit";
  const auto over = std::find_if(decision.charges.begin(), decision.charges.end(),
                                 [&](const Charge& charge) { return cell.order.quantity > charge.cap; });
  const auto quota = [](const Rule& rule) {
    const auto& own = rule.limit->code;
    return "{ quota: " + (own.empty() ? std::string(code(Reason::quota_exceeded)) : own) + " }";
  };
  if (!decision.allowed && decision.reason() != Reason::quota_exceeded)
    expect = "{ deny: " + std::string(code(decision.reason())) + " }";
  else if (!decision.allowed)
    expect = quota(*decision.findings.front().rule);
  else if (over != decision.charges.end())
    expect = quota(*over->rule);
  const std::string order = "operation: " + word(cell.order.operation) +
                            ", number_type: " + word(*cell.order.number_type) +
                            ", quantity: " + std::to_string(cell.order.quantity);
  return "operators: { counterexample: " + flow(who) + " }\n" + "tests: [ { name: counterexample to " +
         guarantee.id + ", operator: counterexample, order: { " + order + " }, at: \"" + facts.today.text() +
         "T12:00:00+09:00\", expect: " + expect + " } ]\n";
}

}  // namespace sekisho::policy
