// What a compliance officer reads when a policy is wrong: each file in broken_policies/ has beside it, word
// for word, what the loader says of it.
//
// A sentence was changed on purpose: UPDATE_GOLDEN=1 build/config_test --gtest_filter='BrokenPolicies.*', and
// read the difference before it is committed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "config/installation.h"
#include "tests/config/written.h"

namespace sekisho::config {
namespace {

using std::filesystem::path;

const path zoo = path(SEKISHO_SOURCE_DIR) / "tests/config/broken_policies";

std::vector<path> files(const std::string& extension) {
  std::vector<path> out;
  for (const auto& entry : std::filesystem::directory_iterator(zoo))
    if (entry.path().extension() == extension) out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

// As the command line shows it, whichever directory the tree lies in.
std::string told(Errors errors) {
  std::string out;
  for (auto& error : errors) {
    error.file = path(error.file).filename().string();
    out += error.print_with_line() + "\n";
  }
  return out;
}

TEST(BrokenPolicies, say_word_for_word_what_is_wrong) {
  const char* update = std::getenv("UPDATE_GOLDEN");
  for (const auto& file : files(".yaml")) {
    const auto loaded = load_policy(file);
    EXPECT_FALSE(loaded) << file << " loads, so it does not belong here";
    const auto golden = path(file).replace_extension(".txt");
    const auto now = told(loaded.errors);
    if (update && std::string_view(update) == "1")
      std::ofstream(golden, std::ios::binary) << now;
    else if (!std::filesystem::exists(golden))
      ADD_FAILURE() << golden << " is missing; write it with UPDATE_GOLDEN=1 and read it";
    else
      EXPECT_EQ(now, contents(golden))
          << "if " << golden.filename() << " should say this from now on: UPDATE_GOLDEN=1 rewrites it";
  }
}

TEST(BrokenPolicies, are_many_and_no_golden_is_left_over) {
  EXPECT_GE(files(".yaml").size(), 70u);
  for (const auto& golden : files(".txt"))
    EXPECT_TRUE(std::filesystem::exists(path(golden).replace_extension(".yaml"))) << golden;
}

// Two files with one sentence would test one thing twice.
TEST(BrokenPolicies, each_shows_another_mistake) {
  std::set<std::string> seen;
  for (const auto& file : files(".yaml")) {
    std::string sentences;
    for (const auto& error : load_policy(file).errors) sentences += error.text + "\n";
    EXPECT_TRUE(seen.insert(sentences).second) << file.filename() << " says what another says: " << sentences;
  }
}

// The place is of use only if it can be looked at.
TEST(BrokenPolicies, every_place_is_in_the_file) {
  for (const auto& file : files(".yaml"))
    for (const auto& error : load_policy(file).errors) {
      if (error.line == 0) continue;
      EXPECT_GE(error.column, 1) << error.print();
      EXPECT_LE(static_cast<std::size_t>(error.column), error.source.size() + 1) << error.print();
    }
}

}  // namespace
}  // namespace sekisho::config
