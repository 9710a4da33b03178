// Table tests beside a policy (schema sekisho/policy-test/v1), loaded and run. Pure but for reading the
// files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/file_error.h"
#include "policy/decide.h"
#include "policy/order.h"
#include "policy/registry.h"
#include "policy/rules.h"

namespace sekisho::config {

struct PolicyTest {
  std::string name;
  policy::OperatorRecord record;  // the test's operator, as a registry would have it
  policy::Order order{.operation = policy::Operation::allocate, .quantity = 1};
  std::vector<policy::OperatorRecord> chain;  // the operators further down that the order names
  policy::Instant at{};
  enum class Expect { permit, deny, quota, rate } expect = Expect::permit;
  std::string code;  // deny: reason code; quota: the limit's code
  int line = 0, column = 0;
};

struct PolicyTests {
  std::filesystem::path policy_file;
  std::vector<PolicyTest> tests;
};
Loaded<PolicyTests> load_policy_tests(const std::filesystem::path& file);

// How the test's operator stands on the test's day.
policy::Standing standing_of(const PolicyTest& test);

struct TestResult {
  std::string name;
  bool passed = false;
  std::string text;  // what was answered instead
  int line = 0, column = 0;
};
// Each test meets an operator that has had nothing yet: a limit binds when one order alone exceeds it.
std::vector<TestResult> run_policy_tests(const policy::Policy& policy, const std::vector<PolicyTest>& tests);

// The results as a `testsuite` of JUnit XML, for build servers.
std::string junit_xml(const std::string& file, const std::vector<TestResult>& results);

// Ids of rules that matched in no test.
std::vector<std::string> untouched_rules(const policy::Policy& policy, const std::vector<PolicyTest>& tests);

}  // namespace sekisho::config
