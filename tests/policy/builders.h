// Facts and policies for tests, in a line each.
#pragma once

#include <string>
#include <vector>

#include "policy/decide.h"

namespace sekisho::policy {

inline JstDate day(std::string_view iso) { return JstDate::parse(iso).value(); }
inline Instant at(std::string_view iso) { return parse_instant(iso).value(); }

// A Japanese operator with the check digit that its number needs.
inline OperatorId corporate(std::int64_t base) {
  auto digits = std::to_string(base);
  digits.insert(0, 12 - digits.size(), '0');
  for (char check = '1'; check <= '9'; ++check)
    if (auto id = OperatorId::parse("jp:" + (check + digits))) return *id;
  return {};
}

inline Limit limit_of(Quantity numbers, Period per) {
  Limit limit{.per = per};
  limit.numbers.push_back({.dates = {}, .value = numbers});
  return limit;
}

inline Rule permits(std::string id, When when = {}) {
  Rule rule{.id = std::move(id), .when = std::move(when)};
  rule.permit = true;
  return rule;
}
inline Rule denies(std::string id, Reason reason, When when = {}) {
  Rule rule{.id = std::move(id), .when = std::move(when)};
  rule.deny = reason;
  return rule;
}
inline Rule limits(std::string id, Quantity numbers, Period per, When when = {}) {
  Rule rule{.id = std::move(id), .when = std::move(when)};
  rule.limit = limit_of(numbers, per);
  return rule;
}

// The policy of the sample installation (config/examples/contract/policy.yaml), said in code.
inline Policy contract_policy() {
  using E = EtocState;
  using P = PlanState;
  const WordSet<E> uncertified{E::none, E::applied, E::expired, E::surrendered};
  auto ramp = limits("uncertified-ramp", 0, {Period::Kind::lifetime}, {.etoc = uncertified});
  ramp.limit->numbers = {{{.until = day("2026-03-31")}, 100}, {{.from = day("2026-04-01")}, 1}};
  ramp.limit->code = "etoc-uncertified";
  auto certified = permits("certified", {.etoc = WordSet{E::certified, E::renewal_pending, E::objection}});
  certified.limit = limit_of(1000, {Period::Kind::day});
  certified.limit->trim = true;
  certified.throttle = Throttle{50, 1000, 100};
  Rule watched{.id = "mobile-is-watched", .mode = Mode::observe};
  watched.when = {.number_type = NumberTypes{NumberType::mobile}, .quantity = Range<Quantity>{501, {}}};
  watched.review = "large-mobile-order";
  return {
      .name = "wholesale-2026",
      .contact = "numbers-desk@carrier.example",
      .rules = {
          denies("refusal-list", Reason::supply_refused,
                 {.refusal = WordSet{RefusalAction::refuse_new, RefusalAction::suspend_stock}}),
          denies("plan-required", Reason::plan_missing, {.plan = WordSet{P::none, P::lapsed, P::withdrawn}}),
          denies("fixed-needs-a-certified-plan", Reason::plan_deemed_not_enough,
                 {.plan = WordSet{P::deemed}, .number_type = NumberTypes{NumberType::fixed}}),
          denies("type-outside-the-plan", Reason::type_not_in_plan, {.plan_covers_type = false}),
          limits("little-record", 100, {Period::Kind::days, 30}, {.track_record_months = Range<int>{{}, 11}}),
          denies("etoc-revoked", Reason::etoc_revoked, {.etoc = WordSet{E::revoked}}),
          ramp,
          permits("uncertified-may-ask", {.etoc = uncertified}),
          certified,
          watched,
      }};
}

// An operator that the sample policy gives numbers to.
inline OperatorRecord certified_operator(std::int64_t base = 999900000001) {
  OperatorRecord record{.id = corporate(base)};
  record.etoc = {.state = EtocState::certified, .certificate = "C-1", .valid_until = day("2027-01-31")};
  record.plan = {.state = PlanState::certified, .number_types = {NumberType::fixed, NumberType::ip_050}};
  record.track_record.first_supply = day("2020-04-01");
  return record;
}

inline Order order_of(Quantity quantity, NumberType type = NumberType::fixed,
                      Operation operation = Operation::allocate) {
  return {.operation = operation, .carrier = "demo", .number_type = type, .quantity = quantity};
}

// A decision on an order that a known caller sent on a route of the carrier.
inline Decision decided(const Policy& policy, const OperatorRecord& record, const Order& order, JstDate today,
                        Freshness freshness = {}) {
  static const Route route{.method = "POST"};
  const auto standing = stand(&record, record.id, order.number_type, today, 1, freshness);
  return decide(policy, {.caller = record.id, .route = &route, .order = &order, .standing = &standing});
}

// "allowed", or the code of every finding in the order of the ladder.
inline std::string told(const Decision& decision) {
  std::string out;
  for (const auto& finding : decision.findings)
    out +=
        (out.empty() ? "" : " ") + (finding.code.empty() ? std::string(code(finding.reason)) : finding.code);
  return out.empty() ? "allowed" : out;
}

}  // namespace sekisho::policy
