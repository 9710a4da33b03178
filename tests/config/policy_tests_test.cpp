// Test files beside a policy say everything that an order and an operator can be; and how large a policy may
// be.
#include "config/policy_tests.h"

#include <gtest/gtest.h>

#include "config/installation.h"
#include "policy/compiled.h"
#include "tests/config/written.h"

namespace sekisho::config {
namespace {

TEST(PolicyTests, a_test_can_say_all_that_a_rule_can_ask) {
  Folder folder;
  const auto policy = read_policy_file(folder.write("p.yaml", R"(schema: sekisho/policy/v1
rules:
  - { id: everybody, permit: true }
  - { id: foreign, when: { country: us, domestic_agent: no }, deny: policy-denied }
  - { id: one-group, when: { owner_group: Umi }, limit: { numbers: 10, per: day, code: umi-numbers } }
  - { id: one-operator, when: { operator: "jp:7999900000002" }, deny: supply-refused }
  - { id: calls, when: { carrier: demo, area: 東京 }, limit: { channels: 100, per: order, code: tokyo-calls } }
  - { id: chain, when: { chain_depth: 2, chain_etoc: none }, deny: etoc-uncertified }
)"));
  ASSERT_TRUE(policy) << print(policy.errors);
  const auto tests = load_policy_tests(folder.write("t.yaml", R"(schema: sekisho/policy-test/v1
policy: p.yaml
operators:
  us:        { country: us }
  with-agent: { country: us, domestic_agent: yes }
  umi:       { owner_group: Umi }
  kaze:      { id: "jp:7999900000002" }
  certified: { etoc: { state: certified }, plan: { state: certified, number_types: fixed } }
tests:
  - { name: foreign, operator: us, order: { number_type: fixed }, at: 2026-11-23T10:00:00+09:00, expect: { deny: policy-denied } }
  - { name: with an agent, operator: with-agent, order: { number_type: fixed }, at: 2026-11-23T10:00:00+09:00, expect: permit }
  - { name: a group, operator: umi, order: { number_type: fixed, quantity: 11 }, at: 2026-11-23T10:00:00+09:00, expect: { quota: umi-numbers } }
  - { name: an id, operator: kaze, order: { number_type: fixed }, at: 2026-11-23T10:00:00+09:00, expect: { deny: supply-refused } }
  - name: channels
    operator: certified
    order: { number_type: fixed, carrier: demo, area: 東京, channels: 101, partial: yes }
    at: 2026-11-23T10:00:00+09:00
    expect: { quota: tokyo-calls }
  - name: a chain
    operator: certified
    order: { number_type: fixed, chain: [certified, us] }
    at: 2026-11-23T10:00:00+09:00
    expect: { deny: etoc-uncertified }
  - name: a chain of certified ones
    operator: certified
    order: { number_type: fixed, chain: [certified] }
    at: 2026-11-23T10:00:00+09:00
    expect: permit
)"));
  ASSERT_TRUE(tests) << print(tests.errors);
  for (const auto& result : run_policy_tests(*policy.value, tests.value->tests))
    EXPECT_TRUE(result.passed) << result.name << ": " << result.text;
  EXPECT_TRUE(untouched_rules(*policy.value, tests.value->tests).empty());
}

TEST(PolicyTests, a_chain_names_operators_of_the_file) {
  Folder folder;
  const auto tests = load_policy_tests(folder.write("t.yaml", R"(schema: sekisho/policy-test/v1
policy: p.yaml
operators: { umi: {} }
tests:
  - { name: a, operator: umi, order: { number_type: fixed, chain: [umy] }, at: 2026-11-23T10:00:00+09:00, expect: permit }
)"));
  EXPECT_EQ(print(tests.errors),
            "t.yaml:5:67: no operator of this file is called 'umy'; did you mean 'umi'?\n");
}

// A policy of so many rules, each with one condition of so many alternatives.
std::string policy_of(std::size_t rules, std::size_t alternatives) {
  std::string text = "schema: sekisho/policy/v1\nrules:\n";
  for (std::size_t i = 0; i < rules; ++i) {
    text += "  - id: rule-" + std::to_string(i) + "\n    permit: true\n    when:\n      any_of:\n";
    for (std::size_t j = 0; j < alternatives; ++j)
      text += "        - { quantity: " + std::to_string(j + 1) + " }\n";
  }
  return text;
}

TEST(PolicySize, what_the_compiled_form_has_room_for_is_taken_and_no_more) {
  Folder folder;
  const auto errors = [&](std::size_t rules, std::size_t alternatives) {
    return print(read_policy_file(folder.write("p.yaml", policy_of(rules, alternatives))).errors);
  };
  EXPECT_EQ(errors(policy::most_rules, 4), "");
  EXPECT_EQ(errors(policy::most_rules + 1, 2), "p.yaml:3:3: a policy has at most 1024 rules, not 1025\n");
  EXPECT_EQ(errors(16, 256), "");
  EXPECT_EQ(
      errors(17, 256),
      "p.yaml:3:3: the alternatives of all conditions and the waivers are together at most 4096, not 4352\n");
  EXPECT_EQ(
      errors(1, 257),
      "p.yaml:7:9: written out, this condition has more than 256 alternatives; make several rules of it\n");
}

// Each level multiplies: nothing of this size may be built before it is refused.
TEST(PolicySize, nested_negations_do_not_blow_up) {
  std::string when = "{ etoc: none, plan: none }";
  for (int depth = 0; depth < 60; ++depth)
    when = "{ not: { any_of: [ " + when + ", " + "{ country: jp, area: a } ] } }";
  Folder folder;
  const auto loaded = read_policy_file(folder.write(
      "p.yaml", "schema: sekisho/policy/v1\nrules: [ { id: a, permit: true, when: " + when + " } ]\n"));
  EXPECT_NE(print(loaded.errors).find("more than 256 alternatives"), std::string::npos)
      << print(loaded.errors);
}

}  // namespace
}  // namespace sekisho::config
