// How far the reading of a journal has come is told in bytes, from nothing to all, and seldom.
#include "cache/journal_progress.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <utility>

#include "cache/journal_reader.h"
#include "cache/journal_search.h"
#include "tests/config/written.h"

namespace sekisho::cache {
namespace {

struct JournalProgressTest : testing::Test {
  // Segments of so many records of half a kilobyte each; their macs are made up.
  JournalProgressTest() {
    std::uint64_t seq = 0;
    for (const int size : {30'000, 1, 9'000}) {
      std::string text;
      for (int n = 0; n < size; ++n)
        text +=
            fmt::format(
                R"({{"seq":{},"at":"2026-11-24T10:00:00.000+09:00","kind":"outcome","detail":"{}","mac":"{}"}})",
                ++seq, std::string(380, 'x'), std::string(64, 'a')) +
            "\n";
      folder.write(fmt::format("{:08}.ndjson", bytes.size() + 1), text);
      bytes.push_back(text.size());
    }
    records = seq;
  }
  config::Progress listen() {
    return [this](std::uint64_t done, std::uint64_t total) { told.emplace_back(done, total); };
  }
  void expect_all_of(std::uint64_t total) const {
    ASSERT_GE(told.size(), 2u);
    EXPECT_EQ(told.front(), std::make_pair(std::uint64_t(0), total));
    EXPECT_EQ(told.back(), std::make_pair(total, total));
    for (std::size_t i = 1; i < told.size(); ++i) {
      EXPECT_LE(told[i - 1].first, told[i].first);
      EXPECT_EQ(told[i].second, total);
    }
    EXPECT_LE(told.size(), 2 + total / (4u << 20)) << "some times in ten thousand records";
  }
  std::uint64_t all() const { return bytes[0] + bytes[1] + bytes[2]; }

  config::Folder folder;
  std::vector<std::uint64_t> bytes;
  std::uint64_t records = 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> told;
};

TEST_F(JournalProgressTest, of_a_whole_journal) {
  std::uint64_t seen = 0;
  const auto count = [&](const JournalLine&) { return ++seen > 0; };
  read_journal(folder.path(), 0, count, listen());
  EXPECT_EQ(seen, records);
  EXPECT_GE(told.size(), 5u);
  expect_all_of(all());
}

TEST_F(JournalProgressTest, of_its_end) {
  read_journal(
      folder.path(), records, [](const JournalLine&) { return true; }, listen());
  expect_all_of(bytes[2]);
}

TEST_F(JournalProgressTest, whoever_has_seen_enough_is_told_no_more) {
  read_journal(
      folder.path(), 0, [](const JournalLine& line) { return line.seq < 20'000; }, listen());
  EXPECT_LT(told.back().first, all());
}

TEST_F(JournalProgressTest, of_a_search) {
  const auto found = records_of(folder.path(), "D1", std::nullopt, Deadline::max(), listen());
  EXPECT_TRUE(found && found->empty());
  expect_all_of(all());
}

TEST_F(JournalProgressTest, of_a_journal_that_was_verified) {
  folder.write("journal.key", "hmac " + std::string(64, '1') + "\ned25519 " + std::string(64, '2') + "\n");
  VerifyInput input{.directory = folder.path(), .key_file = folder.path() / "journal.key"};
  input.progress = listen();
  EXPECT_EQ(verify_journal(input).records, records);
  expect_all_of(all());
}

TEST_F(JournalProgressTest, of_no_journal) {
  const config::Folder empty;
  read_journal(
      empty.path(), 0, [](const JournalLine&) { return true; }, listen());
  expect_all_of(0);
}

}  // namespace
}  // namespace sekisho::cache
