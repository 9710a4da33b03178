#include "policy/said.h"

#include <algorithm>
#include <vector>

namespace sekisho::policy {
namespace {

std::string word(auto value) { return std::string(name(value)); }
std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

std::string joined(const std::vector<std::string>& parts, const std::string& between) {
  std::string out;
  for (const auto& part : parts) out += (out.empty() ? "" : between) + part;
  return out;
}

std::string flow(const std::vector<std::string>& parts) { return "{ " + joined(parts, ", ") + " }"; }

// "none, deemed": of a set fact.
std::string listed(Fact fact, const Facts& facts, const std::string& between) {
  auto text = text_of(fact, facts);
  std::string out;
  for (const char c : text) out += c == ' ' ? between : std::string(1, c);
  return out;
}

std::string plural(std::int64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

// As a test file writes an operator.
std::string operator_map(const std::vector<std::string>& extra, std::string_view etoc, std::string_view plan,
                         const std::vector<std::string>& plan_extra, std::string_view refusals) {
  std::vector<std::string> parts = extra;
  parts.push_back("etoc: { state: " + std::string(etoc) + " }");
  std::vector<std::string> inner{"state: " + std::string(plan)};
  inner.insert(inner.end(), plan_extra.begin(), plan_extra.end());
  parts.push_back("plan: " + flow(inner));
  std::vector<std::string> actions;
  while (!refusals.empty() && refusals != "none") {
    const auto one = refusals.substr(0, refusals.find(' '));
    refusals.remove_prefix(std::min(refusals.size(), one.size() + 1));
    actions.push_back("{ action: " + std::string(one) + " }");
  }
  if (!actions.empty()) parts.push_back("refusals: [" + joined(actions, ", ") + "]");
  return flow(parts);
}

// Operators further down that have, between them, what the chain's facts say.
std::vector<std::string> hops(const Facts& facts) {
  const auto members = [&](Fact fact) {
    std::vector<std::string_view> out;
    for (std::size_t i = 0; i < row(fact).words.size(); ++i)
      if (facts[fact] >> i & 1) out.push_back(row(fact).words[i]);
    return out;
  };
  const auto etoc = members(Fact::chain_etoc), plan = members(Fact::chain_plan);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < static_cast<std::size_t>(facts[Fact::chain_depth]); ++i)
    out.push_back(operator_map({}, etoc.empty() ? "none" : etoc[i % etoc.size()],
                               plan.empty() ? "none" : plan[i % plan.size()], {},
                               i == 0 ? text_of(Fact::chain_refusal, facts) : "none"));
  return out;
}

}  // namespace

std::string operator_in_words(const Facts& facts, const std::function<bool(Fact)>& tells) {
  std::vector<std::string> parts;
  const auto no_or = [&](Fact fact, const std::string& yes, const std::string& no) {
    if (tells(fact)) parts.push_back(facts[fact] ? yes : no);
  };
  const auto named = [&](Fact fact, const std::string& some, const std::string& none) {
    if (tells(fact)) parts.push_back(facts.name(fact).empty() ? none : some + " " + quoted(facts.name(fact)));
  };
  if (tells(Fact::etoc)) parts.push_back("etoc " + text_of(Fact::etoc, facts));
  if (tells(Fact::plan)) parts.push_back("plan " + text_of(Fact::plan, facts));
  no_or(Fact::plan_covers_type, "the type in its plan", "the type not in its plan");
  if (tells(Fact::plan_types))
    parts.push_back("the types " + listed(Fact::plan_types, facts, ", ") + " in its plan");
  no_or(Fact::forwards_calls, "call forwarding", "no call forwarding");
  if (tells(Fact::refusal))
    parts.push_back(facts[Fact::refusal] == 0 ? "no refusal"
                                              : "the refusal " + listed(Fact::refusal, facts, " and "));
  if (tells(Fact::track_record)) parts.push_back("a record of " + plural(facts[Fact::track_record], "month"));
  if (tells(Fact::numbers_elsewhere))
    parts.push_back(plural(facts[Fact::numbers_elsewhere], "number") + " at other carriers");
  no_or(Fact::domestic_agent, "an agent in Japan", "no agent in Japan");
  named(Fact::country, "the country", "a country that no rule names");
  named(Fact::owner_group, "the owner group", "no owner group that a rule names");
  named(Fact::operator_id, "the id", "an id that no rule names");
  return "an operator" + (parts.empty() ? "" : " with " + joined(parts, ", "));
}

std::string order_in_words(const Facts& facts, const std::function<bool(Fact)>& tells) {
  std::string out = text_of(Fact::operation, facts) + " " + text_of(Fact::quantity, facts) + " " +
                    text_of(Fact::number_type, facts);
  const auto carrier = facts.name(Fact::carrier), area = facts.name(Fact::area);
  if (tells(Fact::carrier))
    out += carrier.empty() ? " from a carrier that no rule names" : " from the carrier " + quoted(carrier);
  if (tells(Fact::area))
    out += area.empty() ? " in an area that no rule names" : " in the area " + quoted(area);
  if (tells(Fact::channels)) out += " with " + plural(facts[Fact::channels], "channel");
  if (tells(Fact::chain_depth) || tells(Fact::chain_etoc)) {
    out += facts[Fact::chain_depth] == 0
               ? " for itself"
               : " for " + plural(facts[Fact::chain_depth], "operator") + " further down";
    if (facts[Fact::chain_depth] > 0) {
      out += " (etoc " + listed(Fact::chain_etoc, facts, ", ") + "; plan " +
             listed(Fact::chain_plan, facts, ", ");
      out += "; refusals " + listed(Fact::chain_refusal, facts, ", ") + ")";
    }
  }
  return out;
}

std::string as_test(const std::string& name, const Facts& facts, const std::string& expect) {
  std::vector<std::string> who, plan;
  const auto say = [&](const char* key, std::string_view text) {
    if (!text.empty()) who.push_back(std::string(key) + ": \"" + std::string(text) + "\"");
  };
  say("id", facts.name(Fact::operator_id));
  say("country", facts.name(Fact::country));
  say("owner_group", facts.name(Fact::owner_group));
  if (facts[Fact::domestic_agent]) who.push_back("domestic_agent: yes");
  if (facts[Fact::track_record] > 0)
    who.push_back("first_supply: " +
                  facts.today().plus_months(-static_cast<int>(facts[Fact::track_record])).text());
  if (facts[Fact::numbers_elsewhere] > 0)
    who.push_back("numbers_elsewhere: " + text_of(Fact::numbers_elsewhere, facts));
  NumberTypes types;
  for (std::size_t i = 0; i < count_of<NumberType>(); ++i)
    if (facts[Fact::plan_types] >> i & 1) types.add(static_cast<NumberType>(i));
  if (!types.empty()) plan.push_back("number_types: [" + join(types, ", ") + "]");
  if (facts[Fact::forwards_calls]) plan.push_back("forwards_calls: yes");

  std::string operators = "case: " + operator_map(who, text_of(Fact::etoc, facts), text_of(Fact::plan, facts),
                                                  plan, text_of(Fact::refusal, facts));
  std::vector<std::string> order{"operation: " + text_of(Fact::operation, facts),
                                 "number_type: " + text_of(Fact::number_type, facts),
                                 "quantity: " + text_of(Fact::quantity, facts)};
  for (const auto fact : {Fact::carrier, Fact::area})
    if (!facts.name(fact).empty())
      order.push_back(std::string(policy::name(fact)) + ": \"" + std::string(facts.name(fact)) + "\"");
  if (facts[Fact::channels] > 0) order.push_back("channels: " + text_of(Fact::channels, facts));
  std::vector<std::string> chain;
  for (const auto& hop : hops(facts)) {
    chain.push_back("hop-" + std::to_string(chain.size() + 1));
    operators += ", " + chain.back() + ": " + hop;
  }
  if (!chain.empty()) order.push_back("chain: [" + joined(chain, ", ") + "]");
  return "operators: { " + operators + " }\n" + "tests: [ { name: " + name +
         ", operator: case, order: " + flow(order) + ", at: \"" + facts.today().text() +
         "T12:00:00+09:00\", expect: " + expect + " } ]\n";
}

std::string expectation(const Decision& decision, const Facts& facts) {
  const auto quota = [](const Rule& rule) {
    const auto& own = rule.limit->code;
    return "{ quota: " + (own.empty() ? std::string(code(Reason::quota_exceeded)) : own) + " }";
  };
  if (!decision.allowed && decision.reason() != Reason::quota_exceeded)
    return "{ deny: " + std::string(code(decision.reason())) + " }";
  if (!decision.allowed) return quota(*decision.findings.front().rule);
  const auto over = std::find_if(decision.charges.begin(), decision.charges.end(),
                                 [&](const Charge& charge) { return facts.quantity() > charge.cap; });
  return over == decision.charges.end() ? "permit" : quota(*over->rule);
}

std::string said(const Limit& limit, Quantity figure) {
  return std::to_string(figure) + (limit.unit == Unit::channels ? " channels" : "") + " per " +
         limit.per.text() + (limit.of == Scope::owner_group ? " for the owner group" : "") +
         (limit.number_types.empty() ? "" : " of " + join(limit.number_types, ", "));
}

}  // namespace sekisho::policy
