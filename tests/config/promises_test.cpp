// A policy file that breaks its own promises is refused, with the line, and apart from one that cannot be
// read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/installation.h"
#include "config/policy_tests.h"
#include "tests/config/written.h"

namespace sekisho::config {
namespace {

using testing::HasSubstr;

// The sample policy with one thing put for another.
std::string changed(std::string text, const std::string& old, const std::string& by) {
  const auto at = text.find(old);
  EXPECT_NE(at, text.npos) << old;
  return at == text.npos ? text : text.replace(at, old.size(), by);
}

const std::string& sample() {
  static const auto text = contents(contract / "policy.yaml");
  return text;
}

struct Mistake {
  std::string old, by;
  int line;
  std::string guarantee;
};
const Mistake mistakes[] = {
    {"{ from: 2026-04-01, value: 1 }", "{ from: 2026-04-01, value: 2 }", 77, "uncertified-at-most-one"},
    {"when: { etoc: revoked }\n    deny: etoc-revoked", "when: { etoc: revoked }\n    permit: true", 71,
     "never-to-a-revoked-operator"},
    {"- id: refusal-list\n", "- id: refusal-list\n    mode: observe\n", 75, "never-to-a-refused-operator"},
    {"refusal: [refuse_new, suspend_stock] }", "refusal: refuse_new, track_record: { over: 6 months } }", 74,
     "never-to-a-refused-operator"},
    {"limit: { numbers: 1000, per: day, short: trim }", "active: { from: 2026-01-01 }", 0, ""},
};

TEST(Promises, a_broken_one_is_refused_at_its_line_with_a_test_that_shows_it) {
  Folder folder;
  for (const auto& mistake : mistakes) {
    const auto text = changed(sample(), mistake.old, mistake.by);
    const auto file = folder.write("p.yaml", text);
    const auto loaded = load_policy(file);
    EXPECT_EQ(loaded.errors.empty(), mistake.line == 0) << mistake.by << "\n" << print(loaded.errors);
    EXPECT_EQ(bool(loaded), loaded.errors.empty());
    if (loaded.errors.empty()) continue;
    const auto& error = loaded.errors[0];
    EXPECT_EQ(error.file, file.string());
    EXPECT_EQ(error.line, mistake.line) << error.print();
    EXPECT_EQ(error.column, 5);
    EXPECT_TRUE(only_broken_promises(loaded.errors));
    EXPECT_THAT(error.text,
                HasSubstr("the guarantee '" + mistake.guarantee + "' does not hold. Counterexample: on 20"));

    // What the message gives as a test passes, as long as the mistake is there.
    folder.write("without.yaml", text.substr(0, text.find("guarantees:")));
    const auto from = error.text.find("\noperators: ");
    ASSERT_NE(from, error.text.npos) << error.text;
    const auto tests = load_policy_tests(folder.write(
        "t.yaml", "schema: sekisho/policy-test/v1\npolicy: without.yaml" + error.text.substr(from)));
    ASSERT_TRUE(tests) << print(tests.errors);
    const auto policy = load_policy(folder.path() / "without.yaml");
    ASSERT_TRUE(policy) << print(policy.errors);
    for (const auto& result : run_policy_tests(*policy.value, tests.value->tests))
      EXPECT_TRUE(result.passed) << result.text << "\n" << error.text;
  }
}

TEST(Promises, a_rule_that_can_never_match_is_refused_at_its_line) {
  Folder folder;
  const auto loaded = load_policy(folder.write("p.yaml",
                                               "schema: sekisho/policy/v1\n"
                                               "rules:\n"
                                               "  - { id: a, permit: true }\n"
                                               "  - id: late\n"
                                               "    active: { until: 2026-03-31 }\n"
                                               "    when: { date: { from: 2026-04-01 } }\n"
                                               "    permit: true\n"
                                               "guarantees:\n"
                                               "  - { id: nobody, never: permit }\n"));
  EXPECT_EQ(
      print(loaded.errors).substr(0, print(loaded.errors).find(" does not")),
      "p.yaml:4:5: the rule 'late' can never match: no day is both in its 'active' dates and in its 'date'\n"
      "p.yaml:9:5: the guarantee 'nobody'");
  EXPECT_TRUE(only_broken_promises(loaded.errors));
}

TEST(Promises, what_cannot_be_read_is_not_proved) {
  Folder folder;
  auto text = changed(sample(), mistakes[0].old, mistakes[0].by);
  const auto loaded =
      load_policy(folder.write("p.yaml", changed(text, "deny: etoc-revoked", "deny: etoc-revokt")));
  ASSERT_EQ(loaded.errors.size(), 1u);
  EXPECT_FALSE(only_broken_promises(loaded.errors));
  EXPECT_FALSE(only_broken_promises({}));
}

}  // namespace
}  // namespace sekisho::config
