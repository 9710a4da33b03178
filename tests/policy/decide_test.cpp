#include "policy/decide.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/policy/builders.h"

namespace sekisho::policy {
namespace {

using E = EtocState;
using P = PlanState;
using T = NumberType;
using K = Period::Kind;
using Kind = HoldAnswer::Kind;
using testing::ElementsAre;

const JstDate today = day("2026-11-23");

std::vector<std::string> ids(const std::vector<const Rule*>& rules) {
  std::vector<std::string> out;
  for (const auto* rule : rules) out.push_back(rule->id);
  return out;
}
std::vector<std::string> charged(const Decision& decision) {
  std::vector<std::string> out;
  for (const auto& charge : decision.charges)
    out.push_back(charge.rule->id + " " + std::to_string(charge.cap));
  return out;
}

// today | etoc until | plan, types | type, asks | then, and the limits that the ledger must charge
TEST(Decide, the_sample_policy_as_a_table) {
  struct {
    const char* today;
    E etoc;
    P plan;
    NumberTypes types;
    T type;
    Quantity asks;
    std::string then;
    std::vector<std::string> charges;
  } const table[] = {
      {"2026-11-23", E::certified, P::certified, {T::fixed}, T::fixed, 10, "allowed", {"certified 1000"}},
      {"2027-01-31", E::certified, P::certified, {T::fixed}, T::fixed, 1, "allowed", {"certified 1000"}},
      {"2027-02-01", E::certified, P::certified, {T::fixed}, T::fixed, 2, "allowed", {"uncertified-ramp 1"}},
      {"2026-11-23",
       E::renewal_pending,
       P::certified,
       {T::fixed},
       T::fixed,
       1,
       "allowed",
       {"certified 1000"}},
      {"2026-11-23", E::objection, P::certified, {T::fixed}, T::fixed, 1, "allowed", {"certified 1000"}},
      {"2026-11-23", E::revoked, P::certified, {T::fixed}, T::fixed, 1, "etoc-revoked", {}},
      {"2026-11-23", E::unknown, P::certified, {T::fixed}, T::fixed, 1, "policy-denied", {}},
      {"2026-03-31", E::none, P::deemed, {T::ip_050}, T::ip_050, 100, "allowed", {"uncertified-ramp 100"}},
      {"2026-04-01", E::none, P::deemed, {T::ip_050}, T::ip_050, 1, "allowed", {"uncertified-ramp 1"}},
      {"2026-11-23",
       E::none,
       P::deemed,
       {T::ip_050},
       T::fixed,
       1,
       "plan-deemed-not-enough type-not-in-plan",
       {}},
      {"2026-11-23", E::certified, P::certified, {T::fixed}, T::mobile, 1, "type-not-in-plan", {}},
      {"2026-11-23", E::certified, P::none, {}, T::fixed, 1, "plan-missing type-not-in-plan", {}},
      {"2026-11-23",
       E::revoked,
       P::withdrawn,
       {},
       T::fixed,
       1,
       "etoc-revoked plan-missing type-not-in-plan",
       {}},
  };
  const auto policy = contract_policy();
  for (const auto& row : table) {
    auto record = certified_operator();
    record.etoc.state = row.etoc;
    record.plan = {.state = row.plan, .number_types = row.types};
    const auto decision = decided(policy, record, order_of(row.asks, row.type), day(row.today));
    EXPECT_EQ(told(decision), row.then) << name(row.etoc) << " on " << row.today;
    if (decision.allowed) {
      EXPECT_EQ(charged(decision), row.charges) << name(row.etoc) << " on " << row.today;
    }
    EXPECT_EQ(decision.status(), decision.allowed ? 200 : 403);
  }
}

TEST(Decide, an_operator_that_no_register_knows_has_nothing) {
  const auto standing = stand(nullptr, corporate(7), T::fixed, today, 1, {});
  EXPECT_EQ(standing.etoc, E::none);
  EXPECT_EQ(standing.plan, P::none);
  EXPECT_FALSE(standing.plan_covers_type);
  EXPECT_FALSE(standing.certified_until);
  EXPECT_EQ(standing.track_record_months, 0);
}

TEST(Decide, whole_months_of_track_record_are_counted) {
  const std::pair<const char*, int> table[] = {{"2025-11-23", 12}, {"2025-11-24", 11}, {"2026-11-23", 0},
                                               {"2026-11-24", 0},  {"2024-02-29", 32}, {"2026-10-31", 0}};
  for (const auto& [since, months] : table) {
    auto record = certified_operator();
    record.track_record.first_supply = day(since);
    EXPECT_EQ(stand(&record, record.id, T::fixed, today, 1, {}).track_record_months, months) << since;
  }
  auto beginner = certified_operator();
  beginner.track_record.first_supply = day("2026-06-01");
  EXPECT_THAT(charged(decided(contract_policy(), beginner, order_of(1), today)),
              ElementsAre("little-record 100", "certified 1000"));
}

TEST(Decide, a_refusal_counts_from_its_first_to_its_last_day_and_for_its_types) {
  struct {
    RefusalEntry entry;
    T type;
    bool refused;
  } const table[] = {
      {{}, T::fixed, true},
      {{.action = RefusalAction::suspend_stock}, T::fixed, true},
      {{.action = RefusalAction::investigate}, T::fixed, false},
      {{.number_types = {T::ip_050}}, T::fixed, false},
      {{.number_types = {T::ip_050}}, T::ip_050, true},
      {{.from = today}, T::fixed, true},
      {{.from = today.plus(1)}, T::fixed, false},
      {{.until = today}, T::fixed, true},
      {{.until = today.plus(-1)}, T::fixed, false},
  };
  for (const auto& row : table) {
    auto record = certified_operator();
    record.refusals = {row.entry};
    const auto decision = decided(contract_policy(), record, order_of(1, row.type), today);
    EXPECT_EQ(told(decision), row.refused ? "supply-refused" : "allowed");
  }
}

TEST(Decide, several_reasons_are_told_in_the_order_of_the_table) {
  auto record = certified_operator();
  record.plan = {.state = P::none};
  record.refusals = {{}};
  record.act = RevocationAct{.revoked = true};
  EXPECT_EQ(told(decided(contract_policy(), record, order_of(1), today)),
            "etoc-revoked supply-refused plan-missing type-not-in-plan");
  EXPECT_EQ(told(decided(contract_policy(), record, order_of(1), today, {.stale = true})),
            "etoc-revoked supply-refused registry-stale plan-missing type-not-in-plan");
}

TEST(Decide, nothing_is_told_to_a_caller_that_nobody_knows) {
  EXPECT_EQ(told(decide(Compiled(contract_policy()), {})), "unauthenticated");
  EXPECT_EQ(told(decide(Compiled(contract_policy()), {.draining = true})), "draining unauthenticated");
}

TEST(Decide, what_is_wrong_with_the_call_comes_before_any_rule) {
  const auto policy = contract_policy();
  const Route route;
  const Unreadable unreadable{.detail = "quantity: not a whole number"};
  const auto order = order_of(1);
  const auto caller = corporate(1);
  const Standing standing;  // would be refused for its plan
  const std::pair<Case, std::string> table[] = {
      {{.caller = caller}, "route-not-governed"},
      {{.caller = caller, .client_allowed = false, .route = &route, .order = &order, .standing = &standing},
       "client-not-allowed"},
      {{.caller = caller, .route = &route, .unreadable = &unreadable, .standing = &standing},
       "unreadable-order"},
      {{.caller = caller, .client_allowed = false, .route = &route, .unreadable = &unreadable},
       "client-not-allowed unreadable-order"},
      {{.caller = caller, .route = &route, .order = &order, .standing = &standing, .numbers_of_others = true},
       "not-yours"},
      {{.draining = true, .caller = caller, .route = &route, .order = &order, .standing = &standing},
       "draining"},
      {{.overloaded = true, .caller = caller, .route = &route, .order = &order, .standing = &standing},
       "overloaded"},
  };
  for (const auto& [facts, then] : table) EXPECT_EQ(told(decide(Compiled(policy), facts)), then);
  EXPECT_EQ(decide(Compiled(policy), table[2].first).findings[0].detail, "quantity: not a whole number");
}

TEST(Decide, without_a_rule_that_permits_the_answer_is_no) {
  const auto record = certified_operator();
  EXPECT_EQ(told(decided({}, record, order_of(1), today)), "policy-denied");
  const Policy only_limits{.rules = {limits("cap", 10, {K::day})}};
  EXPECT_EQ(told(decided(only_limits, record, order_of(1), today)), "policy-denied");
  const Policy elsewhere{.rules = {permits("p", {.carrier = std::vector<std::string>{"other"}})}};
  EXPECT_EQ(told(decided(elsewhere, record, order_of(1), today)), "policy-denied");
}

TEST(Decide, rules_count_as_their_mode_and_dates_say) {
  auto deny = denies("d", Reason::policy_denied);
  struct {
    Mode mode;
    Range<JstDate> active;
    std::string then;
    bool matched, noticed;
  } const table[] = {
      {Mode::enforce, {}, "policy-denied", true, false},
      {Mode::warn, {}, "allowed", true, true},
      {Mode::observe, {}, "allowed", true, false},
      {Mode::enforce, {.from = today}, "policy-denied", true, false},
      {Mode::enforce, {.until = today}, "policy-denied", true, false},
      {Mode::enforce, {.from = today.plus(1)}, "allowed", false, false},
      {Mode::warn, {.until = today.plus(-1)}, "allowed", false, false},
  };
  for (const auto& row : table) {
    deny.mode = row.mode;
    deny.active = row.active;
    const Policy policy{.rules = {permits("p"), deny}};
    const auto decision = decided(policy, certified_operator(), order_of(1), today);
    EXPECT_EQ(told(decision), row.then);
    EXPECT_EQ(decision.matched.size(), row.matched ? 2u : 1u);
    EXPECT_EQ(decision.notices.size(), row.noticed ? 1u : 0u);
  }
  auto lenient = permits("p");
  lenient.mode = Mode::observe;
  EXPECT_EQ(told(decided({.rules = {lenient}}, certified_operator(), order_of(1), today)), "policy-denied")
      << "a permit that is only observed permits nothing";
}

TEST(Decide, an_observed_review_is_seen_and_changes_nothing) {
  auto record = certified_operator();
  record.plan.number_types.add(T::mobile);
  const auto policy = contract_policy();
  EXPECT_THAT(ids(decided(policy, record, order_of(501, T::mobile), today).matched),
              ElementsAre("certified", "mobile-is-watched"));
  EXPECT_THAT(ids(decided(policy, record, order_of(500, T::mobile), today).matched),
              ElementsAre("certified"));
  EXPECT_TRUE(decided(policy, record, order_of(501, T::mobile), today).reviews.empty());
}

TEST(Decide, giving_back_and_looking_are_never_blocked) {
  auto record = certified_operator();
  record.act = RevocationAct{.revoked = true};
  record.plan = {};
  for (const auto operation :
       {Operation::release, Operation::cancel, Operation::status, Operation::search, Operation::pass}) {
    const auto decision =
        decided(contract_policy(), record, order_of(5, T::fixed, operation), today, {.stale = true});
    EXPECT_EQ(told(decision), "allowed") << name(operation);
    EXPECT_TRUE(decision.charges.empty() && decision.throttles.empty()) << name(operation);
  }
  for (const auto operation :
       {Operation::allocate, Operation::reserve, Operation::confirm, Operation::transfer, Operation::port_in,
        Operation::capacity, Operation::modify})
    EXPECT_EQ(decided(contract_policy(), record, order_of(5, T::fixed, operation), today).reason(),
              Reason::etoc_revoked)
        << name(operation);
}

// An old copy of the registry may still say no for what stays certain; it can not say yes.
TEST(Decide, a_stale_registry_could_not_decide) {
  struct {
    E etoc;
    bool refused;
    P plan;
    Reason then;
    int status;
  } const table[] = {
      {E::certified, false, P::certified, Reason::registry_stale, 503},
      {E::none, false, P::certified, Reason::registry_stale, 503},
      {E::certified, false, P::none, Reason::registry_stale, 503},
      {E::revoked, false, P::certified, Reason::etoc_revoked, 403},
      {E::certified, true, P::certified, Reason::supply_refused, 403},
  };
  for (const auto& row : table) {
    auto record = certified_operator();
    record.etoc.state = row.etoc;
    record.plan.state = row.plan;
    if (row.refused) record.refusals = {{}};
    const auto decision =
        decided(contract_policy(), record, order_of(1), today, {.stale = true, .past_soft = true});
    EXPECT_EQ(decision.reason(), row.then);
    EXPECT_EQ(decision.status(), row.status);
  }
  EXPECT_EQ(told(decided(contract_policy(), certified_operator(), order_of(1), today, {.past_soft = true})),
            "allowed");
}

TEST(Decide, a_limit_per_order_needs_no_ledger) {
  const Policy policy{.rules = {permits("p"), limits("at-once", 50, {K::order})}};
  EXPECT_EQ(told(decided(policy, certified_operator(), order_of(50), today)), "allowed");
  const auto decision = decided(policy, certified_operator(), order_of(51), today);
  EXPECT_EQ(told(decision), "quota-exceeded");
  EXPECT_EQ(decision.status(), 403);  // waiting does not help
  ASSERT_EQ(decision.limits.size(), 1u);
  EXPECT_EQ(decision.limits[0].rule, "at-once");
  EXPECT_EQ(decision.limits[0].left, 50);
}

TEST(Decide, a_limit_on_some_types_leaves_the_others_alone) {
  auto cap = limits("mobiles", 0, {K::order});
  cap.limit->number_types = {T::mobile};
  auto window = limits("mobiles-a-day", 9, {K::day});
  window.limit->number_types = {T::mobile};
  const Policy policy{.rules = {permits("p"), cap, window}};
  const auto fixed = decided(policy, certified_operator(), order_of(1), today);
  EXPECT_EQ(told(fixed), "allowed");
  EXPECT_TRUE(fixed.charges.empty());
  EXPECT_EQ(told(decided(policy, certified_operator(), order_of(1, T::mobile), today)), "quota-exceeded");
}

TEST(WithHold, every_answer_of_the_ledger_has_its_reason) {
  struct {
    Kind kind;
    std::string then;
    int status;
  } const table[] = {
      {Kind::taken, "allowed", 200},
      {Kind::replay, "allowed", 200},
      {Kind::throttled, "rate-exceeded", 429},
      {Kind::unavailable, "ledger-unavailable", 503},
      {Kind::fenced, "registry-stale", 503},
      {Kind::in_flight, "idempotency-conflict", 409},
      {Kind::mismatch, "idempotency-mismatch", 422},
      {Kind::outcome_unknown, "outcome-unknown", 409},
  };
  const auto policy = contract_policy();
  for (const auto& row : table) {
    const auto decision =
        with_hold(decided(policy, certified_operator(), order_of(1), today), {.kind = row.kind}, today);
    EXPECT_EQ(told(decision), row.then);
    EXPECT_EQ(decision.status(), row.status);
  }
}

// 429 only when waiting frees every limit that bound.
TEST(WithHold, a_limit_that_bound_is_429_where_waiting_helps_and_403_where_not) {
  const Policy policy{.rules = {permits("p"), limits("day", 10, {K::day}), limits("month", 20, {K::month}),
                                limits("life", 30, {K::lifetime}), limits("held", 40, {K::held})}};
  struct {
    std::vector<std::size_t> bound;
    int status;
  } const table[] = {{{0}, 429}, {{0, 1}, 429}, {{2}, 403}, {{3}, 403}, {{0, 2}, 403}};
  for (const auto& row : table) {
    HoldAnswer answer{.kind = Kind::over_limit, .bound = row.bound};
    answer.usage.buckets = {
        {bucket("D20261123"), 8}, {bucket("M202611"), 8}, {bucket("L"), 8}, {bucket("N"), 8}};
    const auto decision =
        with_hold(decided(policy, certified_operator(), order_of(25), today), answer, today);
    EXPECT_EQ(decision.reason(), Reason::quota_exceeded);
    EXPECT_EQ(decision.status(), row.status);
    ASSERT_EQ(decision.limits.size(), row.bound.size());
    EXPECT_EQ(decision.limits[0].used, 8);
  }
}

TEST(WithHold, a_limit_speaks_with_its_own_code) {
  const auto policy = contract_policy();
  auto record = certified_operator();
  record.etoc.state = E::none;
  const auto decision =
      with_hold(decided(policy, record, order_of(2), today), {.kind = Kind::over_limit, .bound = {0}}, today);
  EXPECT_EQ(told(decision), "etoc-uncertified");
  EXPECT_EQ(decision.limits[0].code, "etoc-uncertified");
  EXPECT_EQ(decision.status(), 403);
}

TEST(Refused, a_late_reason_takes_the_permission_back) {
  const auto policy = contract_policy();
  const auto decision =
      refused(decided(policy, certified_operator(), order_of(1), today), Reason::journal_unavailable);
  EXPECT_FALSE(decision.allowed);
  EXPECT_EQ(decision.status(), 503);
}

}  // namespace
}  // namespace sekisho::policy
