#include "gateway/counting.h"

namespace sekisho::gateway {

std::string_view outcome_of(const Exchange& x) {
  if (!x.checked_by.empty()) return "checked";
  if (!x.decision.allowed) return "refused";
  if (x.replay) return "replayed";
  return x.answer.kind == CarrierAnswer::Kind::answered ? "passed" : "carrier_failed";
}

std::string_view code_of(const Exchange& x) {
  if (!x.decision.allowed) return policy::code(x.decision.reason());
  return outcome_of(x) == "carrier_failed" ? policy::code(x.answer.reason) : std::string_view();
}

void count(Metrics& metrics, const Exchange& x, const http::Response& response) {
  const auto operation = policy::name(x.operation());
  const auto total = std::chrono::steady_clock::now() - x.began;
  const auto seconds = [](auto duration) { return std::chrono::duration<double>(duration).count(); };
  const auto outcome = outcome_of(x);
  const auto code = code_of(x);
  metrics.add(Metric::requests, {x.carrier_name(), operation, outcome, code});
  if (code == policy::code(policy::Reason::overloaded)) metrics.add(Metric::shed, {"overloaded"});
  metrics.observe(Metric::request_duration, {operation}, seconds(total));
  // Whom nobody knows is kept waiting on purpose: that is no work of the gate's.
  if (code != policy::code(policy::Reason::unauthenticated))
    metrics.observe(Metric::gate_overhead, {}, seconds(total - x.carrier_time));
  for (const auto* rule : x.decision.matched)
    metrics.add(Metric::rule_matches, {rule->id, policy::name(rule->mode)});
  for (const auto& charge : x.decision.charges)
    if (const auto left = x.left_of(charge); left && *left * 10 < charge.cap)
      metrics.add(Metric::quota_near_limit, {charge.rule->id});
  if (x.answer.kind == CarrierAnswer::Kind::answered) {
    const char status_class[] = {char('0' + response.status / 100), 'x', 'x', 0};
    metrics.observe(Metric::carrier_duration, {x.carrier_name(), status_class}, seconds(x.carrier_time));
  }
  if (x.operation() == policy::Operation::release && x.outcome.released > 0)
    metrics.add(Metric::numbers, {x.carrier_name(), "", "released"}, double(x.outcome.released));
  if (x.hold) {
    const auto type = policy::name(x.hold->number_type);
    const auto granted = x.settlement.granted;
    if (granted > 0) metrics.add(Metric::numbers, {x.carrier_name(), type, "granted"}, double(granted));
    if (x.settlement.kind == policy::Settlement::Kind::suspense)
      metrics.add(Metric::numbers, {x.carrier_name(), type, "suspense"}, double(x.hold->quantity));
    if (granted > x.hold->quantity) metrics.add(Metric::over_delivery, {x.carrier_name()});
  }
}

void count_ended(Metrics& metrics, const EndedOrder& ended) {
  const auto& [account, hold, settlement] = ended;
  const auto type = policy::name(hold.number_type);
  if (settlement.granted > 0)
    metrics.add(Metric::numbers, {hold.carrier, type, "granted"}, double(settlement.granted));
  if (settlement.granted > hold.quantity) metrics.add(Metric::over_delivery, {hold.carrier});
}

void count_from_zero(Metrics& metrics, const config::Installation& site) {
  using policy::Reason;
  for (const auto* reason :
       {"overloaded", "connections", "accept", "source-rate", "client-rate", "attempts", "nonces"})
    metrics.add(Metric::shed, {reason}, 0);
  for (const auto& rule : site.policy.rules)
    if (rule.limit) metrics.add(Metric::quota_near_limit, {rule.id}, 0);
  const auto allocate = policy::name(policy::Operation::allocate);
  for (const auto& carrier : site.carriers) {
    metrics.add(Metric::over_delivery, {carrier.name}, 0);
    for (const auto why : {Reason::carrier_unreachable, Reason::carrier_timeout, Reason::carrier_malformed})
      metrics.add(Metric::requests, {carrier.name, allocate, "carrier_failed", policy::code(why)}, 0);
  }
}

}  // namespace sekisho::gateway
