// policy check, test, format: what somebody who edits a policy does with it before anybody else sees it.
#include <filesystem>
#include <fstream>

#include "config/installation.h"
#include "config/policy_format.h"
#include "config/policy_tests.h"
#include "gateway/main/commands.h"

namespace sekisho::console {
namespace {

int check(const Console& console, const std::string& file) {
  const auto policy = config::load_policy(file);
  if (!policy) return console.fail(policy.errors);
  const auto& rules = *policy.value;
  console.print(json::object{{"ok", true},
                             {"errors", json::array{}},
                             {"digest", rules.digest},
                             {"rules", rules.rules.size()},
                             {"waivers", rules.waivers.size()},
                             {"guarantees", rules.guarantees.size()}},
                "ok: " + std::to_string(rules.rules.size()) + " rules, " +
                    std::to_string(rules.guarantees.size()) + " guarantees proven\n");
  return done;
}

struct TestOptions {
  std::vector<std::string> files;
  std::string junit;
};

int test(const Console& console, const TestOptions& options) {
  json::array results, untouched;
  config::Errors failures;
  std::string text, suites;
  std::size_t passed = 0, failed = 0;
  for (const auto& file : options.files) {
    const auto tests = config::load_policy_tests(file);
    if (!tests) return console.fail(tests.errors);
    const auto policy = config::load_policy(tests.value->policy_file);
    if (!policy) return console.fail(policy.errors);
    const auto run = config::run_policy_tests(*policy.value, tests.value->tests);
    suites += config::junit_xml(file, run);
    for (const auto& result : run) {
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
  if (!options.junit.empty()) {
    std::ofstream out(options.junit, std::ios::binary);
    out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n" << suites << "</testsuites>\n";
    if (!out.flush()) return console.fail("'" + options.junit + "' cannot be written");
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

struct FormatOptions {
  std::string file;
  bool write = false, check = false;
};

int format(const Console& console, const FormatOptions& options) {
  const auto formatted = config::format_policy(options.file);
  if (!formatted) return console.fail(formatted.errors);
  const bool same = !formatted.changed();
  if (options.write && !same) {
    // Whole or not at all: a file that is half written is no policy.
    const auto beside = options.file + ".new";
    std::ofstream out(beside, std::ios::binary);
    out << formatted.text;
    std::error_code failed;
    if (out.close(); out) std::filesystem::rename(beside, options.file, failed);
    if (!out || failed) return console.fail("'" + options.file + "' cannot be written");
  }
  const json::object result{
      {"ok", true}, {"errors", json::array{}}, {"formatted", same}, {"text", formatted.text}};
  if (options.check)
    console.print(result, same ? "" : options.file + " is not in the usual form\n");
  else
    console.print(result, options.write ? "" : formatted.text);
  return options.check && !same ? answer_no : done;
}

}  // namespace

void add_policy(CLI::App& app, const Console& console, int& code) {
  auto* policy =
      app.add_subcommand("policy", "The policy file: check it, test it, see what it does and changes");
  policy->require_subcommand(1);

  auto* check_command = policy->add_subcommand("check", "Read one policy file and prove it");
  auto file = std::make_shared<std::string>();
  check_command->add_option("file", *file, "The policy")->required()->type_name("FILE");
  check_command->callback([&console, &code, file] { code = check(console, *file); });

  auto* test_command = policy->add_subcommand("test", "Run the table tests beside a policy");
  auto options = std::make_shared<TestOptions>();
  test_command->add_option("files", options->files, "policy.test.yaml files")->required()->type_name("FILE");
  test_command->add_option("--junit", options->junit, "Also write the results as JUnit XML")
      ->type_name("FILE");
  test_command->callback([&console, &code, options] { code = test(console, *options); });

  auto* format_command =
      policy->add_subcommand("format", "Print the file in the usual form, every comment kept");
  auto shape = std::make_shared<FormatOptions>();
  format_command->add_option("file", shape->file, "The policy")->required()->type_name("FILE");
  format_command->add_flag("--write", shape->write, "Write the file instead");
  format_command->add_flag("--check", shape->check, "Print nothing; exit 1 when the file is in another form");
  format_command->callback([&console, &code, shape] { code = format(console, *shape); });

  add_policy_meaning(*policy, console, code);
  add_policy_replay(*policy, console, code);
}

}  // namespace sekisho::console
