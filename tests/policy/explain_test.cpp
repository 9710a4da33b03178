// Every rule is told: whether it matched, and if not, what would have had to be otherwise.
#include "policy/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/policy/builders.h"

namespace sekisho::policy {
namespace {

using testing::HasSubstr;
using Kind = RuleStory::Kind;

class Explain : public testing::Test {
 protected:
  Explanation of(const OperatorRecord& record, Quantity quantity, const char* today = "2026-11-24") {
    order_ = order_of(quantity, NumberType::ip_050);
    standing_ = stand(&record, record.id, order_.number_type, day(today), 1, {});
    compiled_ = Compiled(policy_);
    return explain(compiled_, facts_of(order_, standing_));
  }
  static const RuleStory& rule(const Explanation& all, std::string_view id) {
    for (const auto& one : all.rules)
      if (one.rule->id == id) return one;
    throw std::runtime_error("no rule " + std::string(id));
  }

  Policy policy_ = contract_policy();
  Compiled compiled_;
  Order order_;
  Standing standing_;
};

TEST_F(Explain, every_rule_is_told_in_both_languages) {
  const auto told = of(certified_operator(), 10);
  ASSERT_EQ(told.rules.size(), policy_.rules.size());
  for (const auto& one : told.rules)
    for (const auto* text : {&one.why, &one.effect}) {
      EXPECT_FALSE(text->text[0].empty()) << one.rule->id;
      EXPECT_FALSE(text->text[1].empty()) << one.rule->id;
    }
  EXPECT_EQ(told.verdict.text[0], "Permitted, as long as 'certified' (1000 per day) has enough left");
  EXPECT_EQ(told.verdict.text[1], "許可（certified：1 日につき最大 1000 の上限に残りがある場合）");
}

TEST_F(Explain, what_does_not_match_says_what_is_and_what_was_asked_for) {
  const auto told = of(certified_operator(), 10);
  const auto& ramp = rule(told, "uncertified-ramp");
  EXPECT_EQ(ramp.kind, Kind::does_not_match);
  EXPECT_EQ(ramp.why.text[0],
            "ETOC certification is certified; asked for: none or applied or expired or surrendered");
  EXPECT_EQ(ramp.why.text[1], "ETOC 認証は certified（条件：none・applied・expired・surrendered）");
  EXPECT_EQ(ramp.effect.text[0], "at most 1 numbers in all");
  // Of several questions, those that were answered otherwise.
  const auto& watched = rule(told, "mobile-is-watched");
  EXPECT_THAT(watched.why.text[0], HasSubstr("number type is ip_050; asked for: mobile; quantity is 10"));
}

TEST_F(Explain, what_applies_says_what_made_it) {
  auto record = certified_operator();
  record.etoc.state = EtocState::revoked;
  const auto told = of(record, 1);
  const auto& revoked = rule(told, "etoc-revoked");
  EXPECT_EQ(revoked.kind, Kind::applies);
  EXPECT_EQ(revoked.why.text[0], "ETOC certification is revoked");
  EXPECT_THAT(told.verdict.text[0], HasSubstr("Refused by the rule 'etoc-revoked' (etoc-revoked)."));
  EXPECT_THAT(told.verdict.text[1], HasSubstr("拒否（etoc-revoked、規則 etoc-revoked による）"));
}

TEST_F(Explain, modes_dates_and_waivers_are_told_apart) {
  policy_.rules.push_back(limits("later", 5, {Period::Kind::day}));
  policy_.rules.back().active.from = day("2027-01-01");
  policy_.rules.push_back(denies("tried", Reason::policy_denied));
  policy_.rules.back().mode = Mode::warn;
  auto record = certified_operator();
  record.etoc.state = EtocState::none;
  policy_.waivers = {{.id = "w",
                      .operators = {record.id.text()},
                      .rules = {"uncertified-ramp"},
                      .dates = {day("2026-11-01"), day("2026-12-31")},
                      .reason = "certificate delayed",
                      .approved_by = "sato",
                      .ticket = "CASE-1"}};
  const auto told = of(record, 5);
  EXPECT_EQ(rule(told, "later").kind, Kind::not_active);
  EXPECT_EQ(rule(told, "later").why.text[0], "active from 2027-01-01");
  EXPECT_EQ(rule(told, "tried").kind, Kind::warned);
  EXPECT_EQ(rule(told, "uncertified-ramp").kind, Kind::waived);
  EXPECT_THAT(rule(told, "uncertified-ramp").why.text[0],
              HasSubstr("waiver 'w' until 2026-12-31, approved by sato (CASE-1): certificate delayed"));
  EXPECT_TRUE(told.decision.allowed);
}

TEST_F(Explain, alternatives_are_told_by_the_nearest) {
  policy_.rules.push_back(denies("either", Reason::policy_denied));
  policy_.rules.back().when =
      policy::either(Ask{.etoc = WordSet{EtocState::none}, .quantity = Range<Quantity>{50, {}}},
                     Ask{.etoc = WordSet{EtocState::certified}, .quantity = Range<Quantity>{20, {}}});
  EXPECT_EQ(rule(of(certified_operator(), 10), "either").why.text[0], "quantity is 10; asked for: from 20");
}

}  // namespace
}  // namespace sekisho::policy
