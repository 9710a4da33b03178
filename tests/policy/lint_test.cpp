// What nobody can have meant is found, and what somebody can is not.
#include "policy/lint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/compare.h"
#include "tests/policy/builders.h"

namespace sekisho::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using E = EtocState;
using K = Period::Kind;

Policy of(std::vector<Rule> rules) {
  int line = 0;
  for (auto& rule : rules) rule.line = ++line;
  return {.rules = std::move(rules)};
}

std::vector<std::string> ids(const std::vector<Broken>& found) {
  std::vector<std::string> out;
  for (const auto& one : found) out.push_back(one.id);
  return out;
}

Limit with_types(Limit limit, NumberTypes types) {
  limit.number_types = types;
  return limit;
}

TEST(Lint, the_sample_policy_has_nothing_to_complain_of) { EXPECT_THAT(lint(contract_policy()), IsEmpty()); }

TEST(Lint, a_limit_under_a_tighter_one_can_never_bind) {
  const auto certified = Ask{.etoc = WordSet{E::certified}};
  struct {
    const char* what;
    Rule other;
    bool idle;
  } const table[] = {
      {"a smaller figure over the same time", limits("other", 9, {K::day}), true},
      {"the same figure over a longer time", limits("other", 10, {K::month}), true},
      {"a smaller figure over a shorter time", limits("other", 9, {K::order}), false},
      {"a larger figure", limits("other", 11, {K::day}), false},
      {"a smaller figure for some of them", limits("other", 9, {K::day}, certified), false},
      {"alike: the later one says nothing new", limits("other", 10, {K::day}), true},
  };
  for (const auto& row : table) {
    const auto found = idle_limits(of({permits("p"), row.other, limits("limit", 10, {K::day})}));
    EXPECT_EQ(!found.empty() && found.back().id == "limit", row.idle) << row.what;
  }
  // Together they cover everybody.
  const auto others = Ask{.etoc = WordSet{E::certified}.inverse()};
  EXPECT_THAT(ids(idle_limits(of({permits("p"), limits("a", 5, {K::day}, certified),
                                  limits("b", 6, {K::day}, others), limits("both", 7, {K::day})}))),
              ElementsAre("both"));
}

TEST(Lint, a_limit_where_nothing_is_permitted_can_never_bind) {
  const auto revoked = Ask{.etoc = WordSet{E::revoked}};
  EXPECT_THAT(ids(idle_limits(of({permits("p"), denies("d", Reason::etoc_revoked, revoked),
                                  limits("l", 5, {K::day}, revoked)}))),
              ElementsAre("l"));
  EXPECT_THAT(ids(idle_limits(
                  of({permits("p", {.etoc = WordSet{E::certified}}), limits("l", 5, {K::day}, revoked)}))),
              ElementsAre("l"));
  auto watched = limits("l", 5, {K::day}, revoked);
  watched.mode = Mode::observe;  // binds nothing, and nobody thinks it does
  EXPECT_THAT(idle_limits(of({permits("p", {.etoc = WordSet{E::certified}}), watched})), IsEmpty());
}

TEST(Lint, a_limit_per_order_is_idle_where_no_larger_order_is_permitted) {
  EXPECT_THAT(ids(idle_limits(of(
                  {permits("p", {.quantity = Range<Quantity>{.until = 10}}), limits("l", 10, {K::order})}))),
              ElementsAre("l"));
  EXPECT_THAT(idle_limits(of(
                  {permits("p", {.quantity = Range<Quantity>{.until = 11}}), limits("l", 10, {K::order})})),
              IsEmpty());
}

TEST(Lint, limits_of_different_types_do_not_stand_in_each_others_way) {
  auto fixed = limits("fixed", 5, {K::day}), all = limits("all", 6, {K::day});
  fixed.limit->number_types = {NumberType::fixed};
  EXPECT_THAT(idle_limits(of({permits("p"), fixed, all})), IsEmpty());
  all.limit->steps[0].value = 5;
  EXPECT_THAT(ids(idle_limits(of({permits("p"), fixed, all}))), ElementsAre("fixed"));
}

TEST(Lint, a_limit_that_trims_matters_beside_an_equal_one_that_does_not) {
  auto trims = limits("trims", 10, {K::day});
  trims.limit->trim = true;
  EXPECT_THAT(ids(idle_limits(of({permits("p"), limits("plain", 10, {K::day}), trims}))),
              ElementsAre("plain"));
  trims.limit->steps[0].value = 11;
  EXPECT_THAT(ids(idle_limits(of({permits("p"), limits("plain", 10, {K::day}), trims}))),
              ElementsAre("trims"));
}

TEST(Lint, a_figure_for_days_on_which_its_rule_does_not_act_is_found) {
  auto ramp = limits("ramp", 0, {K::day});
  ramp.limit->steps = {{{.until = day("2026-03-31")}, 100}, {{.from = day("2026-04-01")}, 1}};
  ramp.active.from = day("2026-04-01");
  const auto found = idle_limits(of({permits("p"), ramp}));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_THAT(found[0].text, HasSubstr("the figure 100 for days on which it does not act"));
}

TEST(Lint, days_on_which_nobody_is_permitted_are_found) {
  auto until = permits("until");
  until.active.until = day("2026-12-31");
  auto from = permits("from");
  from.active.from = day("2027-02-01");
  const auto text = [](Policy policy) {
    const auto found = closed_days(policy);
    return found.empty() ? "" : found[0].text.substr(0, found[0].text.find(". "));
  };
  EXPECT_EQ(text(of({until})), "from 2027-01-01 on nothing permits anybody");
  EXPECT_EQ(text(of({until, from})), "from 2027-01-01 to 2027-01-31 nothing permits anybody");
  EXPECT_EQ(text(of({from})), "");  // what was before the first permit was before this policy
  EXPECT_EQ(text(of({permits("p")})), "");
  EXPECT_EQ(text(of({denies("d", Reason::policy_denied)})),
            "nothing permits anybody, on any day: no order can ever pass");
  EXPECT_EQ(
      text(of({permits("p", {.etoc = WordSet{E::certified}}),
               denies("d", Reason::policy_denied,
                      {.etoc = WordSet{E::certified}, .date = Range<JstDate>{.from = day("2027-01-01")}})})),
      "from 2027-01-01 on nothing permits anybody");
  // A rule that closes days says so itself.
  EXPECT_EQ(text(of({permits("p"), denies("holidays", Reason::policy_denied,
                                          {.date = Range<JstDate>{day("2026-12-29"), day("2027-01-03")}})})),
            "");
  EXPECT_EQ(text(of({permits("p"),
                     denies("sundays", Reason::policy_denied, {.weekday = WordSet{Weekday::sunday}})})),
            "");
  EXPECT_THAT(text(of({permits("weekdays", {.weekday = WordSet{Weekday::sunday}.inverse()})})),
              HasSubstr("(sunday) nothing permits anybody"));
}

TEST(Lint, who_somebody_is_needs_a_why) {
  const auto group = Ask{.owner_group = std::vector<std::string>{"kaze"}};
  auto few = limits("few", 10, {K::day}, group);
  const auto found = unequal_treatment(of({permits("p"), few}));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].id, "few");
  EXPECT_THAT(found[0].text, HasSubstr("sets like operators apart"));
  EXPECT_THAT(found[0].text,
              HasSubstr("An operator with the owner group 'kaze': permitted up to 10 per day; an "
                        "operator with no owner group that a rule names, alike in everything else: "
                        "permitted"));
  few.why = "suspended by the ministry's order of 2026-10-01";
  EXPECT_THAT(unequal_treatment(of({permits("p"), few})), IsEmpty());
}

TEST(Lint, two_rules_that_treat_all_alike_set_nobody_apart) {
  auto others = Ask{.owner_group = std::vector<std::string>{"kaze"}};
  When rest = negation(others);
  auto a = limits("a", 10, {K::day}, others), b = limits("b", 10, {K::day});
  b.when = rest;
  EXPECT_THAT(unequal_treatment(of({permits("p"), a, b})), IsEmpty());
  b.limit->steps[0].value = 11;
  EXPECT_THAT(ids(unequal_treatment(of({permits("p"), a, b}))), ElementsAre("a", "b"));
  // A difference that a denial for all hides is none.
  EXPECT_THAT(unequal_treatment(of({permits("p"), denies("d", Reason::policy_denied), a, b})), IsEmpty());
}

TEST(Lint, what_law_and_scheme_know_is_no_unequal_treatment) {
  EXPECT_THAT(unequal_treatment(of({permits("p", {.etoc = WordSet{E::certified}}),
                                    limits("l", 5, {K::day}, {.track_record_months = Range<int>{{}, 11}})})),
              IsEmpty());
}

}  // namespace
}  // namespace sekisho::policy
