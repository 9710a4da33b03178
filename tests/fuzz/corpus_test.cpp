// Every kept input through its target once: the corpora, and what fuzzing has ever found.
#include <gtest/gtest.h>

#include "tests/fuzz/kept.h"

namespace sekisho::fuzz {
namespace {

class Corpus : public testing::TestWithParam<const Target*> {};

TEST_P(Corpus, is_taken_without_complaint) {
  const Target& target = *GetParam();
  ASSERT_FALSE(kept(home / "corpus" / target.name).empty()) << "a target without inputs tests nothing";
  for (const auto& file : kept(target)) {
    SCOPED_TRACE(file.string());
    const auto bytes = bytes_of(file);
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
