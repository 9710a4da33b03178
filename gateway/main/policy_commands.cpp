// policy check, policy test: commands on policy files alone.
#include "config/installation.h"
#include "config/policy_tests.h"
#include "gateway/main/commands.h"

namespace sekisho::console {
namespace {

int check(const Console& console, const std::string& file) {
  const auto policy = config::load_policy(file);
  if (!policy) return console.fail(policy.errors);
  console.print(json::object{{"ok", true},
                             {"errors", json::array{}},
                             {"digest", policy.value->digest},
                             {"rules", policy.value->rules.size()},
                             {"guarantees", policy.value->guarantees.size()}},
                "ok: " + std::to_string(policy.value->rules.size()) + " rules\n");
  return done;
}

int test(const Console& console, const std::vector<std::string>& files) {
  json::array results, untouched;
  config::Errors failures;
  std::string text;
  std::size_t passed = 0, failed = 0;
  for (const auto& file : files) {
    const auto tests = config::load_policy_tests(file);
    if (!tests) return console.fail(tests.errors);
    const auto policy = config::load_policy(tests.value->policy_file);
    if (!policy) return console.fail(policy.errors);
    for (const auto& result : config::run_policy_tests(*policy.value, tests.value->tests)) {
      (result.passed ? passed : failed) += 1;
      text += (result.passed ? "ok    " : "FAIL  ") + result.name +
              (result.passed ? "" : ": " + result.text) + "\n";
      results.push_back(
          json::object{{"name", result.name}, {"passed", result.passed}, {"text", result.text}});
      if (!result.passed)
        failures.push_back({file, result.line, result.column, result.name + ": " + result.text});
    }
    for (const auto& rule : config::untouched_rules(*policy.value, tests.value->tests)) {
      untouched.emplace_back(rule);
      text += "note  no test touches rule '" + rule + "'\n";
    }
  }
  text += std::to_string(passed) + " passed, " + std::to_string(failed) + " failed\n";
  console.print(json::object{{"ok", failed == 0},
                             {"passed", passed},
                             {"failed", failed},
                             {"errors", errors_json(failures)},
                             {"tests", std::move(results)},
                             {"untouched_rules", std::move(untouched)}},
                text);
  return failed == 0 ? done : answer_no;
}

}  // namespace

void add_policy(CLI::App& app, const Console& console, int& code) {
  auto* policy = app.add_subcommand("policy", "The policy file: check it, test it");
  policy->require_subcommand(1);
  static std::string file;
  auto* check_command = policy->add_subcommand("check", "Check one policy file");
  check_command->add_option("file", file, "The policy")->required();
  check_command->callback([&] { code = check(console, file); });
  static std::vector<std::string> files;
  auto* test_command = policy->add_subcommand("test", "Run the table tests beside a policy");
  test_command->add_option("files", files, "policy.test.yaml files")->required();
  test_command->callback([&] { code = test(console, files); });
}

}  // namespace sekisho::console
