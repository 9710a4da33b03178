// Every kept input through its target once: the corpora, and what fuzzing has ever found.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fuzz/target.h"

namespace sekisho::fuzz {
namespace {

namespace fs = std::filesystem;

const fs::path home = fs::path(SEKISHO_SOURCE_DIR) / "tests/fuzz";

std::vector<const Target*> targets() {
  auto all = Target::all();
  std::sort(all.begin(), all.end(), [](auto* a, auto* b) { return a->name < b->name; });
  return all;
}

std::vector<fs::path> kept(const fs::path& folder) {
  std::vector<fs::path> files;
  if (!fs::exists(folder)) return files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

class Corpus : public testing::TestWithParam<const Target*> {};

TEST_P(Corpus, is_taken_without_complaint) {
  const Target& target = *GetParam();
  auto files = kept(home / "corpus" / target.name);
  ASSERT_FALSE(files.empty()) << "a target without inputs tests nothing";
  std::ranges::copy(kept(home / "found" / target.name), std::back_inserter(files));
  for (const auto& file : files) {
    SCOPED_TRACE(file.string());
    std::ifstream in(file, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};  // exactly as many as there are
    try {
      run(target, {bytes.data(), bytes.size()});
    } catch (const std::exception& broken) {
      ADD_FAILURE() << broken.what();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Fuzz, Corpus, testing::ValuesIn(targets()),
                         [](const auto& info) { return std::string(info.param->name); });

TEST(Fuzz, every_folder_of_kept_inputs_has_its_target) {
  for (const auto* folder : {"corpus", "found"})
    for (const auto& path : kept(home / folder)) {
      const auto all = targets();
      EXPECT_TRUE(std::any_of(all.begin(), all.end(), [&](auto* target) {
        return target->name == path.filename().string();
      })) << path;
    }
}

}  // namespace
}  // namespace sekisho::fuzz
