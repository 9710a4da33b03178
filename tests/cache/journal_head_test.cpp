// The head outside a journal tells the journal from its older copies.
#include "cache/journal_head.h"

#include <gtest/gtest.h>

#include "cache/journal_files.h"
#include "tests/config/written.h"
#include "tests/policy/builders.h"

namespace sekisho::cache {
namespace {

namespace fs = std::filesystem;

TEST(JournalHead, is_read_as_it_was_written_and_nothing_else_is) {
  const JournalHead head{17, std::string(64, 'a')};
  const auto again = read_head(written(head));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->seq, 17u);
  EXPECT_EQ(again->mac, head.mac);
  for (const std::string& text :
       {std::string(), std::string("17"), std::string("17 "), "17 " + std::string(63, 'a'),
        "17 " + std::string(65, 'a'), "17 " + std::string(64, 'A'), " 17 " + head.mac, "x " + head.mac,
        "-1 " + head.mac, "17  " + head.mac, "17" + head.mac, "99999999999999999999 " + head.mac})
    EXPECT_FALSE(read_head(text)) << text;
}

struct JournalHeadTest : testing::Test {
  // Opens it, writes so many records, and tells its head.
  JournalHead write(int records, const std::string& what = "one") {
    auto journal = Journal::open({.directory = directory, .segment_bytes = 2000});
    for (int i = 0; i < records; ++i)
      journal->append(RecordKind::outcome, policy::at("2026-11-24T10:00:00+09:00"),
                      R"("detail":")" + what + R"(")");
    journal.reset();
    return *read_head_file();
  }
  std::optional<JournalHead> read_head_file() const {
    auto text = read_small_file(directory.string() + ".head").value_or("\n");
    text.pop_back();
    return read_head(text);
  }
  void copy(const fs::path& from, const fs::path& to) const {
    for (const std::string end : {"", ".head", ".key"}) {
      fs::remove_all(to.string() + end);
      fs::copy(from.string() + end, to.string() + end, fs::copy_options::recursive);
    }
  }

  config::Folder folder;
  fs::path directory = folder.path() / "journal", backup = folder.path() / "backup";
};

TEST_F(JournalHeadTest, a_journal_that_went_on_has_every_earlier_head) {
  std::vector<JournalHead> heads;
  for (int i = 0; i < 5; ++i) heads.push_back(write(10));
  for (const auto& head : heads) EXPECT_EQ(why_another(directory, head), "") << head.seq;
  // Also where the segments of then went to an archive.
  while (list_segments(directory).size() > 1) fs::remove(list_segments(directory).front().file);
  for (const auto& head : heads) EXPECT_EQ(why_another(directory, head), "") << head.seq;
}

TEST_F(JournalHeadTest, an_older_copy_ends_before_the_head) {
  const auto then = write(10);
  copy(directory, backup);
  const auto head = write(10);
  EXPECT_EQ(why_another(directory, head), "");
  copy(backup, directory);
  EXPECT_EQ(why_another(directory, then), "");
  EXPECT_EQ(why_another(directory, head),
            "it ends at record " + std::to_string(then.seq) + ", and Redis knows it up to record " +
                std::to_string(head.seq) + ": it is an older copy, or its end is lost");
}

TEST_F(JournalHeadTest, a_copy_that_was_gone_on_with_has_other_records) {
  write(10);
  copy(directory, backup);
  const auto head = write(10, "one");
  copy(backup, directory);
  write(20, "another");
  EXPECT_EQ(why_another(directory, head),
            "its record " + std::to_string(head.seq) +
                " is another one than Redis knows: it was gone on with from an older copy");
}

TEST_F(JournalHeadTest, a_hole_that_the_journal_states_proves_nothing) {
  write(10);
  copy(directory, backup);
  write(10);
  const auto head = write(10);
  const auto known = *read_small_file(directory.string() + ".head");
  copy(backup, directory);
  replace_file(directory.string() + ".head", known);
  write(1);  // begins behind the head, and says what is missing
  EXPECT_EQ(why_another(directory, head), "");
}

TEST_F(JournalHeadTest, what_is_no_journal_is_said) {
  fs::create_directories(directory);
  EXPECT_EQ(
      why_another(directory, {1, std::string(64, 'a')}),
      "it ends at record 0, and Redis knows it up to record 1: it is an older copy, or its end is lost");
  folder.write("journal/00000001.ndjson", "no record\n");
  EXPECT_THROW(why_another(directory, {1, std::string(64, 'a')}), std::runtime_error);
  EXPECT_THROW(why_another(folder.path() / "nowhere", {1, std::string(64, 'a')}), std::runtime_error);
}

}  // namespace
}  // namespace sekisho::cache
