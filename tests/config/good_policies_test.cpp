// The whole language, in files that load: each in good_policies/ uses some part of it.
#include <gtest/gtest.h>

#include <algorithm>

#include "config/installation.h"
#include "tests/config/written.h"

namespace sekisho::config {
namespace {

using policy::Fact;
using policy::Operation;
using policy::Policy;
using policy::WordSet;

const std::filesystem::path good = std::filesystem::path(SEKISHO_SOURCE_DIR) / "tests/config/good_policies";

Policy read(const std::filesystem::path& file) {
  auto loaded = read_policy_file(file);
  EXPECT_TRUE(loaded) << print(loaded.errors);
  return loaded ? std::move(*loaded.value) : Policy();
}

TEST(GoodPolicies, load_and_ask_every_fact_between_them) {
  std::vector<Policy> all{read(contract / "policy.yaml")};
  for (const auto& entry : std::filesystem::directory_iterator(good)) all.push_back(read(entry.path()));
  EXPECT_GE(all.size(), 13u);
  for (const auto& about : policy::all_facts())
    EXPECT_TRUE(std::any_of(all.begin(), all.end(), [&](const Policy& one) {
      return std::any_of(one.rules.begin(), one.rules.end(),
                         [&](const policy::Rule& rule) { return rule.when.asks(about.fact); });
    })) << name(about.fact);
}

TEST(GoodPolicies, a_value_reads_as_what_it_stands_for) {
  const auto p = read(good / "03-named-values.yaml");
  ASSERT_EQ(p.values.size(), 4u);
  EXPECT_EQ(p.values[0].name, "little-record-numbers");
  EXPECT_EQ(p.values[0].as_of.text(), "2026-05-27");
  EXPECT_EQ(p.values[0].source, "figure set by this carrier");
  const auto& little = *p.find("little-record");
  EXPECT_EQ(little.limit->steps[0].value, 100);
  EXPECT_EQ(asked(little.when, Fact::track_record).range.until, 11);
  EXPECT_TRUE(asked(little.when, Fact::etoc).negated);
  ASSERT_EQ(p.find("uncertified-ramp")->limit->steps.size(), 2u);
  EXPECT_EQ(p.guarantees[0].numbers, 100);
}

TEST(GoodPolicies, not_and_any_of_become_alternatives) {
  const auto p = read(good / "04-not-and-any-of.yaml");
  // certified; or renewal_pending and: no little record, or from Japan.
  ASSERT_EQ(p.rules[0].when.any.size(), 3u);
  for (const auto& clause : p.rules[0].when.any) {
    const auto etoc =
        std::count_if(clause.begin(), clause.end(), [](auto& one) { return one.fact == Fact::etoc; });
    const auto day =
        std::find_if(clause.begin(), clause.end(), [](auto& one) { return one.fact == Fact::weekday; });
    EXPECT_EQ(etoc, 1);
    ASSERT_NE(day, clause.end());
    EXPECT_TRUE(day->negated);
  }
  ASSERT_EQ(p.rules[1].when.any.size(), 1u);
  EXPECT_TRUE(asked(p.rules[1].when, Fact::country).negated);
  EXPECT_EQ(asked(p.rules[1].when, Fact::country).names, std::vector<std::string>{"jp"});
}

TEST(GoodPolicies, waivers_name_operators_rules_and_days) {
  const auto p = read(good / "05-waivers.yaml");
  ASSERT_EQ(p.waivers.size(), 2u);
  EXPECT_EQ(p.waivers[0].operators, std::vector<std::string>{"jp:8999900000001"});
  EXPECT_EQ(p.waivers[0].rules, (std::vector<std::string>{"uncertified-ramp", "at-night"}));
  EXPECT_EQ(p.waivers[0].dates.until->text(), "2027-01-31");
  EXPECT_EQ(p.waivers[1].rules, std::vector<std::string>{"at-night"});
  EXPECT_EQ(p.waivers[1].reason, "回線の移行");
}

TEST(GoodPolicies, channels_are_a_unit_of_limits_and_guarantees) {
  const auto p = read(good / "06-channels.yaml");
  EXPECT_EQ(p.rules[1].limit->unit, policy::Unit::channels);
  EXPECT_EQ(p.rules[1].limit->steps[0].value, 300);
  EXPECT_EQ(p.rules[2].limit->steps.size(), 2u);
  EXPECT_EQ(p.guarantees[0].unit, policy::Unit::channels);
  EXPECT_EQ(p.guarantees[0].numbers, 300);
}

// Giving back is spoken of only by naming it, however the negations around it are nested.
TEST(GoodPolicies, an_excluded_operation_excludes_giving_back_and_looking) {
  struct Case {
    std::string when;
    std::vector<Operation> holds;
  };
  const std::vector<Operation> but_allocate = {Operation::reserve, Operation::confirm,  Operation::transfer,
                                               Operation::port_in, Operation::capacity, Operation::modify};
  const Case cases[] = {
      {"{ operation: { not: allocate } }", but_allocate},
      {"{ not: { operation: allocate } }", but_allocate},
      {"{ not: { operation: { not: allocate } } }", {Operation::allocate}},
      {"{ not: { not: { operation: [allocate, release] } } }", {Operation::allocate, Operation::release}},
      {"{ not: { any_of: [ { operation: allocate }, { not: { operation: { not: allocate } } } ] } }",
       but_allocate},
  };
  Folder folder;
  for (const auto& one : cases) {
    const auto p = read(folder.write("p.yaml",
                                     "schema: sekisho/policy/v1\nrules: [ { id: a, permit: true } ]\n"
                                     "guarantees: [ { id: g, when: " +
                                         one.when + ", never: deny } ]\n"));
    for (std::size_t i = 0; i < policy::count_of<Operation>(); ++i) {
      const auto operation = static_cast<Operation>(i);
      policy::Facts facts;
      facts.set(Fact::operation, static_cast<std::int64_t>(i));
      const bool named = std::find(one.holds.begin(), one.holds.end(), operation) != one.holds.end();
      EXPECT_EQ(p.guarantees[0].when.holds(facts), named) << one.when << " " << name(operation);
    }
  }
}

}  // namespace
}  // namespace sekisho::config
