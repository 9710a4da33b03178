// Facts and policies for tests, in a line each.
#pragma once

#include <algorithm>
#include <concepts>
#include <ostream>
#include <string>
#include <vector>

#include "policy/decide.h"

namespace sekisho::policy {

inline JstDate day(std::string_view iso) { return JstDate::parse(iso).value(); }
inline Instant at(std::string_view iso) { return parse_instant(iso).value(); }

// "D20261124.fixed", "M202611", "L", "N": how tests write buckets.
inline Bucket bucket(std::string_view text) {
  const auto dot = text.find('.');
  const auto number = [&](std::size_t at, std::size_t digits) {
    return static_cast<unsigned>(std::stoul(std::string(text.substr(at, digits))));
  };
  const auto first = [&](unsigned day) {
    return JstDate::of(static_cast<int>(number(1, 4)), number(5, 2), day);
  };
  const auto plain = text[0] == 'D'   ? Bucket::of_day(first(number(7, 2)))
                     : text[0] == 'M' ? Bucket::of_month(first(1))
                     : text[0] == 'L' ? Bucket::of_lifetime()
                                      : Bucket::of_held();
  return dot == text.npos ? plain : plain.of(parse_word<NumberType>(text.substr(dot + 1)).value());
}
inline std::string text_of(const Bucket& bucket) {
  const auto date = bucket.day().compact();
  const std::string plain[] = {"D" + date, "M" + date.substr(0, 6), "L", "N"};
  const auto type = bucket.type_place();
  return plain[static_cast<std::size_t>(bucket.span())] +
         (type ? "." + std::string(name(static_cast<NumberType>(type - 1))) : "");
}
inline void PrintTo(const Bucket& bucket, std::ostream* out) { *out << text_of(bucket); }

// A Japanese operator with the check digit that its number needs.
inline OperatorId corporate(std::int64_t base) {
  auto digits = std::to_string(base);
  digits.insert(0, 12 - digits.size(), '0');
  for (char check = '1'; check <= '9'; ++check)
    if (auto id = OperatorId::parse("jp:" + (check + digits))) return *id;
  return {};
}

// Conditions as a test writes them, one for each fact; those that are given must all hold.
struct Ask {
  std::optional<WordSet<EtocState>> etoc;
  std::optional<WordSet<PlanState>> plan;
  std::optional<WordSet<RefusalAction>> refusal;
  std::optional<NumberTypes> number_type;
  std::optional<bool> plan_covers_type;
  std::optional<NumberTypes> plan_types;
  std::optional<bool> forwards_calls;
  std::optional<WordSet<Operation>> operation;
  std::optional<std::vector<std::string>> carrier;
  std::optional<Range<Quantity>> quantity;
  std::optional<Range<int>> track_record_months;
  std::optional<Range<JstDate>> date;
  std::optional<WordSet<Weekday>> weekday;
  std::optional<Range<Quantity>> channels;
  std::optional<std::vector<std::string>> country, area, owner_group, operator_id;
  std::optional<bool> domestic_agent;
  std::optional<Range<Quantity>> numbers_elsewhere;
  std::optional<Range<int>> chain_depth;
  std::optional<WordSet<EtocState>> chain_etoc;
  std::optional<WordSet<PlanState>> chain_plan;
  std::optional<WordSet<RefusalAction>> chain_refusal;

  operator When() const {  // NOLINT: a test says conditions where a rule has them
    Clause out;
    const auto words = [&](Fact fact, const auto& set) {
      if (set) out.push_back({.fact = fact, .words = set->bits()});
    };
    const auto truth = [&](Fact fact, std::optional<bool> yes) {
      if (yes) out.push_back({.fact = fact, .words = *yes ? 2u : 1u});
    };
    const auto span = [&](Fact fact, const auto& range) {
      if (!range) return;
      out.push_back({.fact = fact});
      if (range->from) out.back().range.from = *range->from;
      if (range->until) out.back().range.until = *range->until;
    };
    const auto names = [&](Fact fact, std::optional<std::vector<std::string>> list) {
      if (!list) return;
      std::sort(list->begin(), list->end());
      out.push_back({.fact = fact, .names = *list});
    };
    words(Fact::etoc, etoc);
    words(Fact::plan, plan);
    words(Fact::refusal, refusal);
    words(Fact::number_type, number_type);
    truth(Fact::plan_covers_type, plan_covers_type);
    words(Fact::plan_types, plan_types);
    truth(Fact::forwards_calls, forwards_calls);
    words(Fact::operation, operation);
    names(Fact::carrier, carrier);
    span(Fact::quantity, quantity);
    span(Fact::track_record, track_record_months);
    if (date) out.push_back(on_days(*date));
    words(Fact::weekday, weekday);
    span(Fact::channels, channels);
    names(Fact::country, country);
    names(Fact::area, area);
    names(Fact::owner_group, owner_group);
    names(Fact::operator_id, operator_id);
    truth(Fact::domestic_agent, domestic_agent);
    span(Fact::numbers_elsewhere, numbers_elsewhere);
    span(Fact::chain_depth, chain_depth);
    words(Fact::chain_etoc, chain_etoc);
    words(Fact::chain_plan, chain_plan);
    words(Fact::chain_refusal, chain_refusal);
    return {.any = {std::move(out)}};
  }
};

inline Limit limit_of(Quantity numbers, Period per) {
  Limit limit{.per = per};
  limit.steps.push_back({.dates = {}, .value = numbers});
  return limit;
}

inline Rule permits(std::string id, Ask when = {}) {
  Rule rule{.id = std::move(id), .when = when};
  rule.permit = true;
  return rule;
}
inline Rule denies(std::string id, Reason reason, Ask when = {}) {
  Rule rule{.id = std::move(id), .when = when};
  rule.deny = reason;
  return rule;
}
inline Rule limits(std::string id, Quantity numbers, Period per, Ask when = {}) {
  Rule rule{.id = std::move(id), .when = when};
  rule.limit = limit_of(numbers, per);
  return rule;
}

// The policy of the sample installation (config/examples/contract/policy.yaml), said in code.
inline Policy contract_policy() {
  using E = EtocState;
  using P = PlanState;
  const WordSet<E> uncertified{E::none, E::applied, E::expired, E::surrendered};
  auto ramp = limits("uncertified-ramp", 0, {Period::Kind::lifetime}, {.etoc = uncertified});
  ramp.limit->steps = {{{.until = day("2026-03-31")}, 100}, {{.from = day("2026-04-01")}, 1}};
  ramp.limit->code = "etoc-uncertified";
  auto certified = permits("certified", {.etoc = WordSet{E::certified, E::renewal_pending, E::objection}});
  certified.limit = limit_of(1000, {Period::Kind::day});
  certified.limit->trim = true;
  certified.throttle = Throttle{50, 1000, 100};
  Rule watched{.id = "mobile-is-watched", .mode = Mode::observe};
  watched.when = Ask{.number_type = NumberTypes{NumberType::mobile}, .quantity = Range<Quantity>{501, {}}};
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

// Tests write an operator as a value; the order path reads it packed.
template <std::same_as<OperatorRecord> R>
Standing stand(const R* record, const OperatorId& id, std::optional<NumberType> type, JstDate today,
               std::uint64_t registry_serial, Freshness freshness) {
  return stand(PackedRecord::of(*record).get(), id, type, today, registry_serial, freshness);
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
  return decide(Compiled(policy),
                {.caller = record.id, .route = &route, .order = &order, .standing = &standing});
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
