#include "gateway/records.h"

#include <algorithm>
#include <ranges>

#include "cache/journal_fields.h"
#include "cache/ledger_records.h"

namespace sekisho::gateway {
using cache::Fields;

namespace {

// What the registers said, so that the decision can be made again: every fact of policy/facts.def that is not
// what it is of an operator nobody knows. What the order itself says stands in `order`; what follows from
// others (the weekday, whether the plan covers the type) is left out.
void put_facts(Fields& out, const policy::Order& order, const policy::Standing& standing,
               const policy::OperatorId& account) {
  using policy::Fact;
  static constexpr Fact elsewhere[] = {Fact::number_type, Fact::plan_covers_type, Fact::operator_id,
                                       Fact::operation,   Fact::carrier,          Fact::area,
                                       Fact::channels,    Fact::weekday,          Fact::quantity};
  static const policy::Facts nothing;
  const auto facts = policy::facts_of(order, standing);
  for (const auto& about : policy::all_facts()) {
    const auto fact = about.fact;
    if (std::find(std::begin(elsewhere), std::end(elsewhere), fact) != std::end(elsewhere)) continue;
    const bool always = fact == Fact::etoc || fact == Fact::plan || fact == Fact::date;
    if (always || facts[fact] != nothing[fact] || facts.name(fact) != nothing.name(fact))
      out.put(policy::name(fact), policy::text_of(fact, facts));
  }
  // An operator that was merged while its order waited: the facts are its successor's.
  if (standing.operator_id != account) out.put(policy::name(Fact::operator_id), standing.operator_id.text());
  if (standing.stale) out.put("stale", true);
}

// Which count a limit is about.
void put_count(Fields& out, const policy::Limit& limit) {
  out.put("per", limit.per.text());
  if (limit.of == policy::Scope::owner_group) out.put("of", policy::name(limit.of));
  const auto& types = limit.number_types;
  if (!types.empty() && types != policy::NumberTypes::all()) out.put("number_types", policy::join(types));
}

void put_order(Fields& out, const policy::Order& order) {
  if (order.number_type) out.put("number_type", policy::name(*order.number_type));
  if (order.quantity) out.put("quantity", order.quantity);
  if (!order.area.empty()) out.put("area", order.area);
  if (order.channels) out.put("channels", order.channels);
  if (!order.chain.empty()) out.put("chain", order.chain);
  if (order.partial) out.put("partial", true);
  if (!order.order_id.empty()) out.put("order_id", order.order_id);
  if (!order.numbers.empty()) out.put("numbers", order.numbers);
}

void put_finding(Fields& out, const policy::Finding& finding) {
  // A limit may have a code of its own: what the caller was told, where it may be told.
  out.put("code", finding.code.empty() ? policy::code(finding.reason) : std::string_view(finding.code));
  if (finding.rule) out.put("rule", finding.rule->id);
  if (!finding.detail.empty()) out.put("detail", finding.detail);
}

void put_refusal(Fields& out, const policy::Policy& policy, const policy::Decision& decision) {
  out.put("code", policy::code(decision.reason()));
  out.put("status", decision.status());
  out.objects("findings", decision.findings, put_finding);
  if (decision.limits.empty()) return;
  out.objects("limits", decision.limits, [&](Fields& one, const policy::LimitState& limit) {
    one.put("rule", limit.rule).put("limit", limit.limit).put("used", limit.used).put("held", limit.held);
    if (const auto* rule = policy.find(limit.rule)) put_count(one, *rule->limit);
  });
}

// What was set aside for the order, or would have been for one that is only checked.
std::optional<policy::Quantity> taken_by(const Exchange& x) {
  return x.hold ? std::optional(x.hold->quantity) : x.would_take;
}

void put_charges(Fields& out, const Exchange& x) {
  // The others the ledger was not asked about, or did not say.
  const auto known = [](const policy::Charge& charge) { return charge.before.has_value(); };
  const auto& all = x.decision.charges;
  if (std::none_of(all.begin(), all.end(), known)) return;
  out.objects("charges", all | std::views::filter(known), [&](Fields& one, const policy::Charge& charge) {
    one.put("rule", charge.rule->id).put("limit", charge.cap).put("before", *charge.before);
    if (const auto taken = taken_by(x)) one.put("taken", *charge.before + *taken);  // with this order
    put_count(one, *charge.rule->limit);
  });
}

}  // namespace

std::string decision_record(const Exchange& x) {
  Fields out;
  out.put("decision", x.id).put("trace", x.traceparent);
  if (x.who.credential != Credential::none) out.put("credential", policy::name(x.who.credential));
  if (x.who.cause != Cause::none && !x.client) out.put("cause", policy::name(x.who.cause));
  if (!x.checked_by.empty()) out.put("check", x.checked_by);
  if (x.unseen) out.put("unseen", true);
  if (x.client && !x.client->id.empty()) out.put("client", x.client->id);
  if (x.client) out.put("operator", x.account.text());
  if (x.client && x.caller != x.client->operator_id) out.put("merged_from", x.client->operator_id.text());
  if (x.client && x.account != x.caller) out.put("caller", x.caller.text());
  if (x.match) out.put("carrier", x.match->carrier->name);
  if (x.match) out.put("operation", policy::name(x.match->route->operation));
  if (x.order()) out.object("order", [&](Fields& in) { put_order(in, *x.order()); });
  out.put("policy", x.site->policy.digest);
  if (x.hands_out()) {
    out.put("registry", x.standing.registry_serial);
    if (x.standing.past_soft) out.put("registry_past_soft", true);
    out.object("facts", [&](Fields& in) { put_facts(in, *x.order(), x.standing, x.account); });
  }
  const auto id_of = [](const policy::Rule* rule) { return std::string_view(rule->id); };
  if (!x.decision.matched.empty())
    out.objects("matched", x.decision.matched, [](Fields& one, const policy::Rule* rule) {
      one.put("rule", rule->id).put("mode", policy::name(rule->mode));
    });
  put_charges(out, x);
  if (const auto taken = taken_by(x); taken && *taken < x.order()->quantity) out.put("trimmed", true);
  if (!x.decision.waived.empty()) out.put_all("waived", x.decision.waived, id_of);
  if (!x.decision.reviews.empty())
    out.put_all("reviews", x.decision.reviews,
                [](const policy::Rule* rule) { return std::string_view(*rule->review); });
  out.put("allowed", x.decision.allowed);
  if (!x.decision.allowed) put_refusal(out, x.site->policy, x.decision);
  if (x.replay) out.put("replayed", true);
  return out.take();
}

std::string forwarding_record(const Exchange& x) {
  return cache::forwarding_record({.decision = x.id,
                                   .operator_id = x.account,
                                   .carrier = x.match->carrier->name,
                                   .operation = x.match->route->operation,
                                   .hold = x.hold ? &*x.hold : nullptr,
                                   .confirmed = x.confirmed ? &*x.confirmed : nullptr,
                                   .content = x.asked.content});
}

std::string outcome_record(const Exchange& x, const std::optional<policy::Hold>& of) {
  const bool gives_back = x.outcome.released > 0;
  cache::OutcomeNote note{.decision = x.id,
                          .operator_id = gives_back ? x.holder : x.account,
                          .operation = x.match->route->operation,
                          .outcome = x.outcome,
                          .heard = x.heard,
                          .of = of ? &*of : nullptr};
  if (x.answer.kind == CarrierAnswer::Kind::answered) note.status = x.answer.response.status;
  if (gives_back) note.returned = &x.named;
  return cache::outcome_record(note);
}

std::string policy_record(const config::Installation& site, std::string_view by, std::string_view reason) {
  Fields out;
  out.put("policy", site.policy.digest).put("name", site.policy.name);
  out.put("rules", site.policy.rules.size());
  if (!site.policy.text.empty()) out.put("text", site.policy.text);
  if (!by.empty()) out.put("by", by);
  if (!reason.empty()) out.put("reason", reason);
  return out.take();
}

std::string registry_record(std::uint64_t serial, std::string_view kind, std::string_view by,
                            std::string_view reason, const std::vector<std::string>& operators) {
  Fields out;
  out.put("serial", serial).put("change", kind);
  if (!by.empty()) out.put("by", by);
  if (!reason.empty()) out.put("reason", reason);
  if (!operators.empty()) out.put("operators", operators);
  return out.take();
}

}  // namespace sekisho::gateway
