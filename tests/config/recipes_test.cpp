// Every policy and every carrier's file that is shipped loads, the policies pass the tests beside them, and
// the pages quote nothing else.
#include <gtest/gtest.h>

#include <sstream>

#include "config/installation.h"
#include "config/policy_tests.h"
#include "tests/config/written.h"

namespace sekisho::config {
namespace {

const std::filesystem::path top = SEKISHO_SOURCE_DIR;

std::vector<std::filesystem::path> shipped(const std::string& ending,
                                           const char* folder = "config/policies") {
  std::vector<std::filesystem::path> out;
  for (const auto& entry : std::filesystem::directory_iterator(top / folder))
    if (entry.path().string().ends_with(ending)) out.push_back(entry.path());
  return out;
}

TEST(Recipes, load_and_pass_their_tests) {
  int tests_run = 0;
  for (const auto& file : shipped(".test.yaml")) {
    const auto tests = load_policy_tests(file);
    ASSERT_TRUE(tests) << print(tests.errors);
    const auto policy = load_policy(tests.value->policy_file);
    ASSERT_TRUE(policy) << print(policy.errors);
    for (const auto& result : run_policy_tests(*policy.value, tests.value->tests)) {
      EXPECT_TRUE(result.passed) << file << ": " << result.name << ": " << result.text;
      ++tests_run;
    }
  }
  EXPECT_GT(tests_run, 100);
}

TEST(Recipes, carriers_load) {
  for (const auto& file : shipped(".yaml", "config/carriers")) {
    const auto carrier = load_carrier(file);
    EXPECT_TRUE(carrier) << print(carrier.errors);
  }
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    const auto begin = line.find_first_not_of(' ');
    if (begin != line.npos) out.push_back(line.substr(begin));
  }
  return out;
}

// The lines of a YAML block in a page, without indentation, stand one after the other in some file. How many
// blocks there are.
int expect_quotes(const char* page, const std::vector<std::filesystem::path>& shipped_files) {
  std::vector<std::vector<std::string>> files;
  for (const auto& file : shipped_files) files.push_back(lines_of(contents(file)));
  int blocks = 0;
  const auto text = contents(top / page);
  for (std::size_t at = 0; (at = text.find("```yaml\n", at)) != text.npos;) {
    at += 8;
    const auto quoted = lines_of(text.substr(at, text.find("```", at) - at));
    const bool found = std::any_of(files.begin(), files.end(), [&](const auto& file) {
      std::size_t matched = 0;
      for (const auto& line : file)
        if (matched < quoted.size() && line == quoted[matched]) ++matched;
      return matched == quoted.size();
    });
    EXPECT_TRUE(found) << page << " quotes what no shipped file has:\n" << text.substr(at, 300);
    ++blocks;
  }
  return blocks;
}

TEST(Recipes, what_the_pages_quote_stands_in_a_shipped_file) {
  const auto policies = shipped(".yaml");
  EXPECT_GT(expect_quotes("docs/policy.md", policies) + expect_quotes("docs/policy.ja.md", policies), 20);
  EXPECT_GT(expect_quotes("docs/carriers.md", shipped(".yaml", "config/carriers")), 12);
}

}  // namespace
}  // namespace sekisho::config
