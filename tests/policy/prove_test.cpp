// Guarantees are proved, or refused with the smallest case that breaks them.
#include "policy/prove.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/lint.h"
#include "tests/policy/builders.h"

namespace sekisho::policy {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using K = Period::Kind;
using G = Guarantee::Kind;
using E = EtocState;
using P = PlanState;

const WordSet<RefusalAction> refusing{RefusalAction::refuse_new, RefusalAction::suspend_stock};

// The sample policy with the guarantees of its file.
Policy promised() {
  auto policy = contract_policy();
  Range<JstDate> from_april{.from = day("2026-04-01")};
  policy.guarantees = {
      {.id = "never-to-a-revoked-operator", .when = Ask{.etoc = WordSet{E::revoked}}},
      {.id = "never-to-a-refused-operator", .when = Ask{.refusal = refusing}},
      {.id = "uncertified-at-most-one",
       .when = Ask{.etoc = WordSet{E::none, E::expired}, .date = from_april},
       .kind = G::at_most,
       .numbers = 1,
       .per = {K::lifetime}},
  };
  return policy;
}

Rule& rule(Policy& policy, std::string_view id) {
  for (auto& rule : policy.rules)
    if (rule.id == id) return rule;
  throw std::runtime_error("no rule " + std::string(id));
}

void also(Rule& rule, Ask ask) { rule.when = both(rule.when, ask); }

// Every broken guarantee, a line each; empty: all hold.
std::string told(const Policy& policy) {
  std::string out;
  for (const auto& broken : prove(policy)) out += broken.text + "\n";
  return out;
}

TEST(Prove, the_sample_policy_keeps_its_promises_and_all_its_rules_can_match) {
  EXPECT_EQ(told(promised()), "");
  EXPECT_THAT(unreachable_rules(promised()), IsEmpty());
}

TEST(Prove, finds_the_smallest_case_of_each_mistake) {
  struct Mistake {
    std::string what;
    void (*make)(Policy&);
    std::string says;
  };
  const Mistake mistakes[] = {
      {"a deny turned into a permit",
       [](Policy& p) {
         rule(p, "etoc-revoked").deny.reset();
         rule(p, "etoc-revoked").permit = true;
       },
       "the guarantee 'never-to-a-revoked-operator' does not hold. Counterexample: on 2026-03-31, an "
       "operator with "
       "etoc revoked"},
      {"a rule for everybody",
       [](Policy& p) {
         p.rules.push_back(permits("all"));
         rule(p, "etoc-revoked").mode = Mode::warn;
       },
       "etoc revoked"},
      {"a deny only observed", [](Policy& p) { rule(p, "refusal-list").mode = Mode::observe; },
       "the guarantee 'never-to-a-refused-operator' does not hold. Counterexample: on 2026-03-31, an "
       "operator with "
       "etoc none, plan deemed, the type in its plan, the refusal refuse_new"},
      {"one action forgotten",
       [](Policy& p) { rule(p, "refusal-list").when = Ask{.refusal = WordSet{RefusalAction::refuse_new}}; },
       "the refusal suspend_stock"},
      {"a deny that ends", [](Policy& p) { rule(p, "refusal-list").active.until = day("2030-12-31"); },
       "on 2031-01-01, an operator with etoc none"},
      {"a deny that begins", [](Policy& p) { rule(p, "refusal-list").active.from = day("2020-01-01"); },
       "on 2019-12-31, an operator with etoc none"},
      {"a deny for one type",
       [](Policy& p) { also(rule(p, "refusal-list"), {.number_type = NumberTypes{NumberType::fixed}}); },
       "allocate 1 toll_free_0120; permitted by 'uncertified-may-ask'"},
      {"a deny for one operation",
       [](Policy& p) { also(rule(p, "refusal-list"), {.operation = WordSet{Operation::allocate}}); },
       "reserve 1 "},
      {"a deny for one carrier", [](Policy& p) { also(rule(p, "refusal-list"), {.carrier = {{"demo"}}}); },
       "from a carrier that no rule names"},
      {"a deny for large orders",
       [](Policy& p) { also(rule(p, "refusal-list"), {.quantity = Range<Quantity>{.from = 3}}); },
       "allocate 1 "},
      {"a deny for old records",
       [](Policy& p) { also(rule(p, "refusal-list"), {.track_record_months = Range<int>{.from = 7}}); },
       "a record of 0 months"},
      {"a deny for the young",
       [](Policy& p) { also(rule(p, "refusal-list"), {.track_record_months = Range<int>{.until = 30}}); },
       "a record of 31 months"},
      {"a deny for those who forward",
       [](Policy& p) { also(rule(p, "refusal-list"), {.forwards_calls = true}); }, "no call forwarding"},
      {"a larger figure", [](Policy& p) { rule(p, "uncertified-ramp").limit->steps[1].value = 2; },
       "on 2026-04-01, an operator with etoc none, plan deemed, the type in its plan, no refusal asks "
       "to allocate 1 toll_free_0120; permitted by 'uncertified-may-ask', and nothing keeps it to 1 per "
       "lifetime over all "
       "types: the limits that apply do not: 'little-record' (100 per 30 days), 'uncertified-ramp' (2 per "
       "lifetime)"},
      {"a step a day late",
       [](Policy& p) {
         rule(p, "uncertified-ramp").limit->steps[0].dates.until = day("2026-04-01");
         rule(p, "uncertified-ramp").limit->steps[1].dates.from = day("2026-04-02");
       },
       "on 2026-04-01, an operator with etoc none"},
      {"a step that ends",
       [](Policy& p) { rule(p, "uncertified-ramp").limit->steps[1].dates.until = day("2027-03-31"); },
       "on 2027-04-01, an operator with etoc none"},
      {"a shorter period", [](Policy& p) { rule(p, "uncertified-ramp").limit->per = {K::fiscal_year}; },
       "'uncertified-ramp' (1 per fiscal year)"},
      {"what is held for what was taken",
       [](Policy& p) { rule(p, "uncertified-ramp").limit->per = {K::held}; },
       "'uncertified-ramp' (1 per held)"},
      {"a limit only warned of", [](Policy& p) { rule(p, "uncertified-ramp").mode = Mode::warn; },
       "the limits that apply do not: 'little-record' (100 per 30 days)"},
      {"a limit for some types",
       [](Policy& p) { rule(p, "uncertified-ramp").limit->number_types = {NumberType::mobile}; },
       "allocate 1 toll_free_0120"},
      {"a state the limit forgot",
       [](Policy& p) {
         rule(p, "uncertified-ramp").when = Ask{.etoc = WordSet{E::none, E::applied, E::surrendered}};
       },
       "an operator with etoc expired"},
      {"two rules that permit",
       [](Policy& p) {
         p.rules.push_back(permits("generous", {.etoc = WordSet{E::expired}}));
         rule(p, "uncertified-ramp").when = Ask{.etoc = WordSet{E::none}};
       },
       "permitted by 'uncertified-may-ask', 'generous', and nothing keeps it to 1 per lifetime"},
  };
  for (const auto& mistake : mistakes) {
    auto policy = promised();
    mistake.make(policy);
    EXPECT_THAT(told(policy), HasSubstr(mistake.says)) << mistake.what;
  }
}

TEST(Prove, another_word_for_the_same_breaks_nothing) {
  auto policy = promised();
  rule(policy, "etoc-revoked").deny = Reason::policy_denied;
  EXPECT_EQ(told(policy), "");
  rule(policy, "etoc-revoked").mode = Mode::observe;  // nothing permits it either
  EXPECT_EQ(told(policy), "");
}

TEST(Prove, a_counterexample_is_also_a_test) {
  auto policy = promised();
  also(rule(policy, "refusal-list"), {.track_record_months = Range<int>{.until = 30}});
  const auto broken = prove(policy);
  ASSERT_EQ(broken.size(), 1u);
  EXPECT_EQ(broken[0].id, "never-to-a-refused-operator");
  EXPECT_EQ(broken[0].test,
            "operators: { case: { first_supply: 2023-08-31, etoc: { state: none }, plan: { state: "
            "deemed, number_types: [toll_free_0120] }, refusals: [{ action: refuse_new }] } }\n"
            "tests: [ { name: counterexample to never-to-a-refused-operator, operator: case, "
            "order: { operation: "
            "allocate, number_type: toll_free_0120, quantity: 1 }, at: \"2026-03-31T12:00:00+09:00\", "
            "expect: permit } ]\n");
}

// One guarantee over these rules.
std::string told(std::vector<Rule> rules, Guarantee guarantee) {
  guarantee.id = "g";
  Policy policy{.rules = std::move(rules), .guarantees = {std::move(guarantee)}};
  return told(policy);
}

TEST(Prove, a_limit_of_nothing_permits_nothing) {
  EXPECT_EQ(told({permits("p"), limits("none", 0, {K::day})}, {}), "");
  EXPECT_THAT(told({permits("p"), limits("one", 1, {K::day})}, {}), HasSubstr("allocate 1 fixed"));
  EXPECT_EQ(told({permits("p"), limits("few", 9, {K::day})},
                 {.when = Ask{.quantity = Range<Quantity>{.from = 10}}}),
            "");
  auto cut = limits("few", 9, {K::day});
  cut.limit->trim = true;
  EXPECT_THAT(told({permits("p"), cut}, {.when = Ask{.quantity = Range<Quantity>{.from = 10}}}),
              HasSubstr("allocate 10"));
}

TEST(Prove, never_deny_is_about_denials_and_not_about_limits) {
  const Guarantee open{.when = Ask{.etoc = WordSet{E::certified}}, .kind = G::never_deny};
  EXPECT_EQ(told({permits("p"), limits("five", 5, {K::order}), limits("day", 0, {K::day})}, open), "");
  EXPECT_THAT(told({}, open),
              HasSubstr("etoc certified asks to allocate 1 fixed; denied, because no rule permits it"));
  EXPECT_THAT(
      told({permits("p"), denies("d", Reason::policy_denied, {.quantity = Range<Quantity>{.from = 20}})},
           open),
      HasSubstr("allocate 20 fixed; denied by 'd' (policy-denied)"));
  // That a limit speaks first hides no denial.
  EXPECT_THAT(told({limits("five", 5, {K::order})},
                   {.when = Ask{.quantity = Range<Quantity>{.from = 6}}, .kind = G::never_deny}),
              HasSubstr("denied, because no rule permits it"));
}

TEST(Prove, giving_back_is_always_possible_and_hands_nothing_out) {
  const Ask giving{.operation = WordSet{Operation::release, Operation::status}};
  EXPECT_THAT(told({denies("d", Reason::policy_denied)}, {.when = giving}),
              HasSubstr("release 1 fixed; permitted, because giving back and looking always are"));
  EXPECT_EQ(told({denies("d", Reason::policy_denied)}, {.when = giving, .kind = G::never_deny}), "");
  EXPECT_EQ(told({permits("p")}, {.when = giving, .kind = G::at_most, .numbers = 0, .per = {K::day}}), "");
  EXPECT_EQ(told({denies("d", Reason::policy_denied)}, {}), "");  // not named, not spoken of
}

TEST(Prove, at_most_per_order_also_holds_where_no_more_can_be_ordered) {
  const Guarantee ten{.kind = G::at_most, .numbers = 10, .per = {K::order}};
  EXPECT_THAT(told({permits("p")}, ten), HasSubstr("allocate 11 fixed"));
  EXPECT_EQ(told({permits("p"), limits("l", 10, {K::order})}, ten), "");
  EXPECT_EQ(told({permits("p"), limits("l", 10, {K::held})}, ten), "");
  EXPECT_EQ(
      told({permits("p"), denies("d", Reason::policy_denied, {.quantity = Range<Quantity>{.from = 11}})},
           ten),
      "");
  EXPECT_EQ(told({permits("p", {.quantity = Range<Quantity>{.until = 10}})}, ten), "");
}

TEST(Prove, a_limit_counts_at_least_the_types_that_are_given) {
  const Guarantee one{.kind = G::at_most, .numbers = 1, .per = {K::lifetime}};
  auto fixed_only = limits("l", 1, {K::lifetime});
  fixed_only.limit->number_types = {NumberType::fixed};
  EXPECT_THAT(told({permits("p"), fixed_only}, one), HasSubstr("over all types"));
  EXPECT_EQ(told({permits("p", {.number_type = NumberTypes{NumberType::fixed}}), fixed_only}, one), "");
  auto of_fixed = one;
  of_fixed.when = Ask{.number_type = NumberTypes{NumberType::fixed}};
  EXPECT_EQ(told({permits("p"), fixed_only}, of_fixed), "");
  // One of each type is two.
  auto mobile_only = fixed_only;
  mobile_only.id = "m";
  mobile_only.limit->number_types = {NumberType::mobile};
  EXPECT_THAT(told({permits("p", {.number_type = NumberTypes{NumberType::fixed, NumberType::mobile}}),
                    fixed_only, mobile_only},
                   one),
              HasSubstr("over fixed, mobile"));
}

TEST(Prove, a_policy_with_too_many_cases_is_refused_and_never_skipped) {
  const auto broken = prove(promised(), 0);
  ASSERT_EQ(broken.size(), 2u);  // no permit is open to a revoked operator: nothing to look at
  for (const auto& one : broken) EXPECT_THAT(one.text, HasSubstr("cannot be proved: more than 0 overlaps"));
}

TEST(Prove, a_rule_that_no_case_meets_is_found) {
  auto policy = promised();
  policy.rules.push_back(permits("too-late", {.date = Range<JstDate>{.from = day("2026-05-01")}}));
  policy.rules.back().active.until = day("2026-04-30");
  policy.rules.push_back(permits("nobody", {.etoc = WordSet<E>{}}));
  policy.rules.push_back(denies("giving", Reason::policy_denied, {.operation = WordSet{Operation::release}}));
  policy.rules.push_back(permits("none", {.quantity = Range<Quantity>{.until = 0}}));
  policy.rules.push_back(permits("last", {.date = Range<JstDate>{.from = day("2026-04-30")}}));
  policy.rules.back().active.until = day("2026-04-30");
  std::string out;
  for (const auto& rule : unreachable_rules(policy)) out += rule.text + "\n";
  EXPECT_EQ(out,
            "the rule 'too-late' can never match: no day is both in its 'active' dates and in its 'date'\n"
            "the rule 'nobody' can never match: no order there can be meets its 'etoc'\n"
            "the rule 'giving' can never match: no order there can be meets its 'operation'\n"
            "the rule 'none' can never match: no order there can be meets its 'quantity'\n");
}

// `within` against the ledger's own buckets, over leap years and year ends: one period has every day of
// another on every day, or on some day it has not.
TEST(Prove, a_period_is_within_another_exactly_when_its_days_are) {
  const auto days_counted = [](const Period& per, JstDate today) {
    std::vector<JstDate> out;
    for (const auto& bucket : buckets_of(per, {}, today)) {
      if (bucket.span() == Bucket::Span::day) out.push_back(bucket.day());
      if (bucket.span() == Bucket::Span::month)
        for (auto day = bucket.day(); day <= today && day.month_begin() == bucket.day(); day = day.plus(1))
          out.push_back(day);
    }
    std::sort(out.begin(), out.end());
    return out;
  };
  const std::vector<Period> periods{{K::day},       {K::month},     {K::fiscal_year}, {K::days, 1},
                                    {K::days, 2},   {K::days, 30},  {K::days, 31},    {K::days, 32},
                                    {K::days, 365}, {K::days, 366}, {K::days, 400}};
  std::vector<std::vector<bool>> always(periods.size(), std::vector<bool>(periods.size(), true));
  for (auto today = JstDate::of(2023, 1, 1); today <= JstDate::of(2028, 12, 31); today = today.plus(1)) {
    std::vector<std::vector<JstDate>> days;
    for (const auto& per : periods) days.push_back(days_counted(per, today));
    for (std::size_t i = 0; i < days.size(); ++i)
      for (std::size_t o = 0; o < days.size(); ++o)
        if (always[i][o])
          always[i][o] = std::includes(days[o].begin(), days[o].end(), days[i].begin(), days[i].end());
  }
  for (std::size_t i = 0; i < periods.size(); ++i)
    for (std::size_t o = 0; o < periods.size(); ++o)
      EXPECT_EQ(within(periods[i], periods[o]), always[i][o])
          << periods[i].text() << " in " << periods[o].text();
  for (const auto& window : periods) {
    EXPECT_TRUE(within({K::order}, window) && within(window, {K::lifetime}));
    EXPECT_FALSE(within(window, {K::order}) || within({K::lifetime}, window));
    EXPECT_FALSE(within(window, {K::held}) || within({K::held}, window));
  }
  EXPECT_TRUE(within({K::held}, {K::lifetime}) && within({K::held}, {K::held}) &&
              within({K::order}, {K::held}));
  EXPECT_FALSE(within({K::lifetime}, {K::held}));
}

}  // namespace
}  // namespace sekisho::policy
