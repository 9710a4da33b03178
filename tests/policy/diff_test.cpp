// What changes between two policies, exactly: in words on known ones, and against trying every value on
// random ones.
#include "policy/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "policy/compare.h"
#include "policy/pieces.h"
#include "policy/prove.h"
#include "tests/policy/random_policy.h"

namespace sekisho::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using E = EtocState;

Rule& rule(Policy& policy, std::string_view id) {
  for (auto& rule : policy.rules)
    if (rule.id == id) return rule;
  throw std::runtime_error("no rule " + std::string(id));
}

// "cases: old -> new", a line each.
std::vector<std::string> told(const Policy& a, const Policy& b) {
  std::vector<std::string> out;
  for (const auto& change : diff(a, b).changes) {
    std::string cases;
    for (const auto& one : change.cases) cases += (cases.empty() ? "" : " | ") + one;
    out.push_back(cases + ": " + change.old_answer + " -> " + change.new_answer);
  }
  return out;
}

TEST(Diff, a_policy_does_not_differ_from_itself) {
  EXPECT_THAT(told(contract_policy(), contract_policy()), ElementsAre());
}

TEST(Diff, what_is_said_otherwise_and_means_the_same_is_no_change) {
  auto other = contract_policy();
  std::reverse(other.rules.begin(), other.rules.end());
  rule(other, "etoc-revoked").id = "revoked-never";
  rule(other, "revoked-never").why = "the same, with a reason";
  // One rule in two.
  auto half = rule(other, "plan-required");
  rule(other, "plan-required").when = Ask{.plan = WordSet{PlanState::none}};
  half.id = "plan-lost";
  half.when = Ask{.plan = WordSet{PlanState::lapsed, PlanState::withdrawn}};
  other.rules.push_back(half);
  // A limit that a tighter one hides everywhere.
  other.rules.push_back(limits("idle", 5000, {Period::Kind::day}, {.etoc = WordSet{E::certified}}));
  EXPECT_THAT(told(contract_policy(), other), ElementsAre());
}

TEST(Diff, a_ramp_that_steps_is_told_with_its_date) {
  auto flat = contract_policy();
  rule(flat, "uncertified-ramp").limit->steps = {{{}, 100}};
  EXPECT_THAT(
      told(flat, contract_policy()),
      ElementsAre("etoc none, applied, expired, surrendered; from 2026-04-01 on: permitted up to 100 per "
                  "lifetime (etoc-uncertified) -> permitted up to 1 per lifetime (etoc-uncertified)"));
  EXPECT_TRUE(
      diff(flat, contract_policy()).changes[0].hidden);  // refused all the same: no plan, on the refusal list
}

TEST(Diff, a_denial_that_goes_is_told_with_what_comes_instead) {
  auto open = contract_policy();
  rule(open, "refusal-list").mode = Mode::observe;
  const auto changes = diff(contract_policy(), open).changes;
  ASSERT_FALSE(changes.empty());
  EXPECT_EQ(changes[0].old_answer, "refused (supply-refused)");
  EXPECT_THAT(changes[0].sample, HasSubstr("the refusal refuse_new"));
  EXPECT_THAT(changes[0].test, HasSubstr("refusals: [{ action: refuse_new }]"));
}

TEST(Diff, a_reason_that_changes_is_a_change) {
  auto other = contract_policy();
  rule(other, "etoc-revoked").deny = Reason::policy_denied;
  const auto lines = told(contract_policy(), other);
  ASSERT_FALSE(lines.empty());
  for (const auto& line : lines) EXPECT_THAT(line, HasSubstr("refused (etoc-revoked) -> refused ("));
}

// ---- against trying every value

// The answer in one case, by asking every condition.
std::string plain_answer(const std::vector<Stand>& stands, const Facts& facts) {
  std::optional<Reason> refused;
  bool permitted = false;
  std::vector<Effect> terms;
  for (const auto& stand : stands) {
    const bool on = std::any_of(stand.clauses.begin(), stand.clauses.end(),
                                [&](const Clause& clause) { return holds(clause, facts); });
    if (!on) continue;
    if (stand.effect.kind == Effect::Kind::deny && (!refused || stand.effect.reason < *refused))
      refused = stand.effect.reason;
    permitted |= stand.effect.kind == Effect::Kind::permit;
    if (stand.effect.kind > Effect::Kind::deny) terms.push_back(stand.effect);
  }
  if (refused) return "refused " + std::string(code(*refused));
  if (!permitted) return "refused policy-denied";
  std::set<std::string> out;
  for (const auto& term : terms) {
    const bool idle =
        term.kind == Effect::Kind::bound && std::any_of(terms.begin(), terms.end(), [&](const Effect& other) {
          return other.kind == Effect::Kind::bound && leaves_nothing(other.bound, term.bound) &&
                 !leaves_nothing(term.bound, other.bound);
        });
    if (idle) continue;
    // Two that bind alike (100 a day of everything, told with another code or counted otherwise) are one.
    std::string text = Answer{.terms = {term}}.text();
    out.insert(text);
  }
  std::string text = "permitted";
  for (const auto& one : out) text += "; " + one;
  return text;
}

TEST(DiffRandom, finds_exactly_the_cases_whose_answer_changes) {
  int different = 0, equal = 0;
  for (unsigned seed = 1; seed <= 1500; ++seed) {
    Maker maker(seed, 2000);
    const auto a = maker.policy();
    auto b = a;
    // Small edits, as people make them.
    for (int i = 0, edits = 1 + maker.upto(2); i < edits; ++i) {
      const auto at = static_cast<std::size_t>(maker.upto(static_cast<int>(b.rules.size()) - 1));
      if (maker.chance(40)) {
        b.rules[at] = maker.rule(b.rules[at].id);
      } else if (maker.chance(50) && b.rules[at].limit) {
        b.rules[at].limit->steps[0].value += 1;
      } else if (maker.chance(50)) {
        b.rules[at].when = maker.when(40);
      } else {
        std::reverse(b.rules.begin(), b.rules.end());
      }
    }
    const auto old_stands = stands_of(a), new_stands = stands_of(b);
    bool changes = false;
    maker.each([&](const Facts& facts) {
      if (Reading::gives_back(facts)) return;
      changes |= plain_answer(old_stands, facts) != plain_answer(new_stands, facts);
    });
    const auto found = diff(a, b);
    EXPECT_TRUE(found.complete);
    EXPECT_EQ(!found.changes.empty(), changes)
        << "seed " << seed << "\n"
        << (found.changes.empty() ? ""
                                  : found.changes[0].cases[0] + ": " + found.changes[0].old_answer + " -> " +
                                        found.changes[0].new_answer);
    (changes ? different : equal) += 1;
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(different, 300);
  EXPECT_GT(equal, 200);
}

}  // namespace
}  // namespace sekisho::policy
