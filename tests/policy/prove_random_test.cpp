// The prover against a plain reading of the rules: small policies made at random, every value of every fact
// that they mention, one after the other. A failure prints the seed.
#include <gtest/gtest.h>

#include "policy/compiled.h"
#include "policy/lint.h"
#include "policy/pieces.h"
#include "policy/prove.h"
#include "tests/policy/random_policy.h"

namespace sekisho::policy {
namespace {

using K = Period::Kind;
using G = Guarantee::Kind;
constexpr unsigned seeds = 3000;

bool speaks_of(const Policy& policy, const Guarantee& guarantee, const Facts& facts) {
  const auto spoken = spoken_of(guarantee);
  if (std::none_of(spoken.begin(), spoken.end(), [&](const Clause& clause) { return holds(clause, facts); }))
    return false;
  if (!guarantee.unwaived) return true;
  return std::none_of(policy.waivers.begin(), policy.waivers.end(), [&](const Waiver& waiver) {
    const auto& list = waiver.operators;
    return waiver.dates.has(facts.today()) &&
           std::find(list.begin(), list.end(), facts.name(Fact::operator_id)) != list.end();
  });
}

bool bounded(const Reading& reading, const Guarantee& guarantee, const Facts& facts, NumberTypes given) {
  if (Reading::gives_back(facts)) return true;
  if (guarantee.per.kind == K::order && facts.quantity() <= guarantee.numbers) return true;
  return std::any_of(reading.windows.begin(), reading.windows.end(), [&](const Reading::Window& window) {
    const auto& limit = *window.rule->limit;
    bool types = true;
    given.each([&](NumberType one) { types &= limit.counts(one); });
    types |= guarantee.per.kind == K::order;
    return types && window.cap <= guarantee.numbers && within(guarantee.per, limit.per);
  });
}

TEST(ProveRandom, agrees_with_trying_every_value) {
  int broken_ones = 0, kinds[3] = {};
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    Maker maker(seed);
    const auto policy = maker.policy();
    const auto& guarantee = policy.guarantees[0];
    NumberTypes given;
    maker.each([&](const Facts& facts) {
      if (speaks_of(policy, guarantee, facts) && !Reading::gives_back(facts) &&
          Reading(policy, facts).permitted(facts))
        given.add(facts.word<NumberType>(Fact::number_type));
    });
    // A fact that is not tried has one value here and several there; types are then all alike.
    if (!maker.asked(Group::type) && !given.empty()) given = NumberTypes::all();
    bool breaks = false;
    maker.each([&](const Facts& facts) {
      if (breaks || !speaks_of(policy, guarantee, facts)) return;
      const Reading reading(policy, facts);
      const bool permitted = reading.permitted(facts);
      const bool denied = !Reading::gives_back(facts) && (reading.deny || !reading.permit);
      breaks = guarantee.kind == G::never_permit ? permitted
               : guarantee.kind == G::never_deny ? denied
                                                 : permitted && !bounded(reading, guarantee, facts, given);
    });
    // The quantity is always cut: where it is not tried, larger orders are not seen here.
    if (!maker.asked(Group::quantity) && !breaks && guarantee.kind == G::at_most &&
        guarantee.per.kind == K::order)
      continue;
    const auto found = prove(policy);
    EXPECT_EQ(found.empty(), !breaks) << "seed " << seed << (found.empty() ? "" : ": " + found[0].text);
    broken_ones += breaks;
    kinds[static_cast<int>(guarantee.kind)] += breaks;
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(broken_ones, 500);
  EXPECT_LT(broken_ones, 2500);
  for (const int kind : kinds) EXPECT_GT(kind, 50);
}

TEST(ProveRandom, the_compiled_form_matches_what_the_conditions_say) {
  for (unsigned seed = 1; seed <= 400; ++seed) {
    Maker maker(seed, 1500);
    const auto policy = maker.policy();
    const Compiled compiled(policy);
    maker.each([&](const Facts& facts) {
      Verdict verdict;
      compiled.evaluate(facts, verdict);
      const Reading reading(policy, facts);
      EXPECT_EQ(verdict.permitted, reading.permit) << "seed " << seed;
      EXPECT_EQ(verdict.denied_by ? verdict.denied_by->deny : std::nullopt, reading.reason)
          << "seed " << seed;
      for (std::size_t i = 0; i < policy.rules.size(); ++i) {
        const auto& rule = policy.rules[i];
        const bool matches = rule.active.has(facts.today()) && rule.when.holds(facts);
        EXPECT_EQ(verdict.matched.has(i), matches) << "seed " << seed << " " << rule.id;
        EXPECT_EQ(verdict.waived.has(i), matches && Reading::waived(policy, rule, facts)) << "seed " << seed;
      }
    });
    if (testing::Test::HasFailure()) return;
  }
}

TEST(ProveRandom, rules_that_never_match_are_exactly_those_that_no_value_meets) {
  int unreachable = 0;
  for (unsigned seed = 1; seed <= 1500; ++seed) {
    Maker maker(seed);
    const auto policy = maker.policy();
    std::vector<bool> met(policy.rules.size());
    maker.each([&](const Facts& facts) {
      if (Reading::gives_back(facts)) return;
      for (std::size_t i = 0; i < policy.rules.size(); ++i)
        if (!met[i]) met[i] = policy.rules[i].active.has(facts.today()) && policy.rules[i].when.holds(facts);
    });
    std::vector<bool> found(policy.rules.size(), true);
    for (const auto& broken : unreachable_rules(policy))
      for (std::size_t i = 0; i < found.size(); ++i)
        if (policy.rules[i].id == broken.id) found[i] = false;
    EXPECT_EQ(met, found) << "seed " << seed;
    unreachable += static_cast<int>(std::count(met.begin(), met.end(), false));
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(unreachable, 50);
}

TEST(ProveRandom, closed_days_are_those_on_which_nobody_is_permitted) {
  int closed_ones = 0;
  for (unsigned seed = 1; seed <= 1500; ++seed) {
    Maker maker(seed);
    auto policy = maker.policy();
    // Rules that close days on purpose are not spoken of; without them every denial counts.
    std::erase_if(policy.rules, [](const Rule& rule) {
      return rule.deny && std::any_of(rule.when.any.begin(), rule.when.any.end(), [](const Clause& clause) {
               return std::all_of(clause.begin(), clause.end(), [](const Condition& one) {
                 return one.fact == Fact::date || one.fact == Fact::weekday;
               });
             });
    });
    if (policy.rules.empty()) continue;
    std::map<std::int64_t, bool> days;
    maker.each([&](const Facts& facts) {
      if (Reading::gives_back(facts)) return;
      const Reading reading(policy, facts);
      days[facts[Fact::date]] |= reading.permit && !reading.deny;
    });
    const auto first = std::find_if(days.begin(), days.end(), [](const auto& one) { return one.second; });
    const bool closed =
        first == days.end() || std::any_of(first, days.end(), [](const auto& one) { return !one.second; });
    EXPECT_EQ(!closed_days(policy).empty(), closed) << "seed " << seed;
    closed_ones += closed;
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(closed_ones, 100);
}

}  // namespace
}  // namespace sekisho::policy
