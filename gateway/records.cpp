#include "gateway/records.h"

#include <algorithm>
#include <boost/json.hpp>

#include "cache/journal_fields.h"
#include "cache/ledger_records.h"

namespace sekisho::gateway {
namespace json = boost::json;
using cache::inside;
using cache::strings;

namespace {

// What the registers said, so that the decision can be made again: every fact of policy/facts.def that is not
// what it is of an operator nobody knows. What the order itself says stands in `order`; what follows from
// others (the weekday, whether the plan covers the type) is left out.
json::object facts_json(const policy::Order& order, const policy::Standing& standing,
                        const policy::OperatorId& account) {
  using policy::Fact;
  static constexpr Fact elsewhere[] = {Fact::number_type, Fact::plan_covers_type, Fact::operator_id,
                                       Fact::operation,   Fact::carrier,          Fact::area,
                                       Fact::channels,    Fact::weekday,          Fact::quantity};
  const auto facts = policy::facts_of(order, standing);
  const policy::Facts nothing;
  json::object out;
  for (const auto& about : policy::all_facts()) {
    const auto fact = about.fact;
    if (std::find(std::begin(elsewhere), std::end(elsewhere), fact) != std::end(elsewhere)) continue;
    const bool always = fact == Fact::etoc || fact == Fact::plan || fact == Fact::date;
    if (always || facts[fact] != nothing[fact] || facts.name(fact) != nothing.name(fact))
      out[policy::name(fact)] = policy::text_of(fact, facts);
  }
  // An operator that was merged while its order waited: the facts are its successor's.
  if (standing.operator_id != account) out[policy::name(Fact::operator_id)] = standing.operator_id.text();
  if (standing.stale) out["stale"] = true;
  return out;
}

// Which count a limit is about.
void put_count(json::object& out, const policy::Limit& limit) {
  out["per"] = limit.per.text();
  if (limit.of == policy::Scope::owner_group) out["of"] = policy::name(limit.of);
  const auto& types = limit.number_types;
  if (!types.empty() && types != policy::NumberTypes::all()) out["number_types"] = policy::join(types);
}

json::array ids_of(const std::vector<const policy::Rule*>& rules) {
  json::array out;
  for (const auto* rule : rules) out.emplace_back(rule->id);
  return out;
}

json::object order_of(const policy::Order& order) {
  json::object out;
  if (order.number_type) out["number_type"] = policy::name(*order.number_type);
  if (order.quantity) out["quantity"] = order.quantity;
  if (!order.area.empty()) out["area"] = order.area;
  if (order.channels) out["channels"] = order.channels;
  if (!order.chain.empty()) out["chain"] = strings(order.chain);
  if (order.partial) out["partial"] = true;
  if (!order.order_id.empty()) out["order_id"] = order.order_id;
  if (!order.numbers.empty()) out["numbers"] = strings(order.numbers);
  return out;
}

json::array findings_of(const policy::Decision& decision) {
  json::array out;
  for (const auto& finding : decision.findings) {
    // A limit may have a code of its own: what the caller was told, where it may be told.
    json::object one{
        {"code", finding.code.empty() ? policy::code(finding.reason) : std::string_view(finding.code)}};
    if (finding.rule) one["rule"] = finding.rule->id;
    if (!finding.detail.empty()) one["detail"] = finding.detail;
    out.push_back(std::move(one));
  }
  return out;
}

json::array limits_of(const policy::Policy& policy, const policy::Decision& decision) {
  json::array out;
  for (const auto& limit : decision.limits) {
    json::object one{
        {"rule", limit.rule}, {"limit", limit.limit}, {"used", limit.used}, {"held", limit.held}};
    if (const auto* rule = policy.find(limit.rule)) put_count(one, *rule->limit);
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace

std::string decision_record(const Exchange& x) {
  json::object out{{"decision", x.id}, {"trace", x.traceparent}};
  if (x.who.credential != Credential::none) out["credential"] = policy::name(x.who.credential);
  if (x.who.cause != Cause::none && !x.client) out["cause"] = policy::name(x.who.cause);
  if (!x.checked_by.empty()) out["check"] = x.checked_by;
  if (x.unseen) out["unseen"] = true;
  if (x.client && !x.client->id.empty()) out["client"] = x.client->id;
  if (x.client) out["operator"] = x.account.text();
  if (x.client && x.caller != x.client->operator_id) out["merged_from"] = x.client->operator_id.text();
  if (x.client && x.account != x.caller) out["caller"] = x.caller.text();
  if (x.match) out["carrier"] = x.match->carrier->name;
  if (x.match) out["operation"] = policy::name(x.match->route->operation);
  if (x.order()) out["order"] = order_of(*x.order());
  out["policy"] = x.site->policy.digest;
  if (x.hands_out()) {
    out["registry"] = x.standing.registry_serial;
    if (x.standing.past_soft) out["registry_past_soft"] = true;
    out["facts"] = facts_json(*x.order(), x.standing, x.account);
  }
  json::array matched;
  for (const auto* rule : x.decision.matched)
    matched.push_back(json::object{{"rule", rule->id}, {"mode", policy::name(rule->mode)}});
  if (!matched.empty()) out["matched"] = std::move(matched);
  const auto taken = x.hold ? std::optional(x.hold->quantity) : x.would_take;
  json::array charges;
  for (const auto& charge : x.decision.charges) {
    if (!charge.before) continue;  // the ledger was not asked, or did not say
    json::object one{{"rule", charge.rule->id}, {"limit", charge.cap}, {"before", *charge.before}};
    if (taken) one["taken"] = *charge.before + *taken;  // with this order
    put_count(one, *charge.rule->limit);
    charges.push_back(std::move(one));
  }
  if (!charges.empty()) out["charges"] = std::move(charges);
  if (taken && *taken < x.order()->quantity) out["trimmed"] = true;
  if (!x.decision.waived.empty()) out["waived"] = ids_of(x.decision.waived);
  if (!x.decision.reviews.empty()) {
    json::array reviews;
    for (const auto* rule : x.decision.reviews) reviews.emplace_back(*rule->review);
    out["reviews"] = std::move(reviews);
  }
  out["allowed"] = x.decision.allowed;
  if (!x.decision.allowed) {
    out["code"] = policy::code(x.decision.reason());
    out["status"] = x.decision.status();
    out["findings"] = findings_of(x.decision);
    if (!x.decision.limits.empty()) out["limits"] = limits_of(x.site->policy, x.decision);
  }
  if (x.replay) out["replayed"] = true;
  return inside(out);
}

std::string forwarding_record(const Exchange& x) {
  return cache::forwarding_record({.decision = x.id,
                                   .operator_id = x.account,
                                   .carrier = x.match->carrier->name,
                                   .operation = x.match->route->operation,
                                   .hold = x.hold,
                                   .confirmed = x.confirmed,
                                   .content = x.asked.content});
}

std::string outcome_record(const Exchange& x, const std::optional<policy::Hold>& of) {
  const bool gives_back = x.outcome.released > 0;
  cache::OutcomeNote note{.decision = x.id,
                          .operator_id = gives_back ? x.holder : x.account,
                          .operation = x.match->route->operation,
                          .outcome = x.outcome,
                          .heard = x.heard,
                          .of = of};
  if (x.answer.kind == CarrierAnswer::Kind::answered) note.status = x.answer.response.status;
  if (gives_back) note.returned = x.named;
  return cache::outcome_record(note);
}

std::string policy_record(const config::Installation& site, std::string_view by, std::string_view reason) {
  json::object out{
      {"policy", site.policy.digest}, {"name", site.policy.name}, {"rules", site.policy.rules.size()}};
  if (!site.policy.text.empty()) out["text"] = site.policy.text;
  if (!by.empty()) out["by"] = by;
  if (!reason.empty()) out["reason"] = reason;
  return inside(out);
}

std::string registry_record(std::uint64_t serial, std::string_view kind, std::string_view by,
                            std::string_view reason, const std::vector<std::string>& operators) {
  json::object out{{"serial", serial}, {"change", kind}};
  if (!by.empty()) out["by"] = by;
  if (!reason.empty()) out["reason"] = reason;
  if (!operators.empty()) out["operators"] = strings(operators);
  return inside(out);
}

}  // namespace sekisho::gateway
