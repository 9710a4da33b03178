// What is found in a journal of many segments, page by page, is what is in it.
#include "cache/journal_search.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/json.hpp>

#include "cache/journal.h"
#include "tests/config/written.h"
#include "tests/policy/builders.h"

namespace sekisho::cache {
namespace {

using namespace std::chrono_literals;

struct JournalSearchTest : testing::Test {
  JournalSearchTest() {
    auto journal = Journal::open({.directory = directory, .segment_bytes = 2000});
    for (int i = 0; i < 60; ++i) {
      const std::string who = i % 3 == 0 ? "jp:a" : "jp:b";
      // The words of another member must not be taken for the operator's.
      const std::string fields =
          R"("decision":")" + id(i) + R"(","operator":")" + who + R"(","order":{"operator":"jp:c"},)" +
          (i % 4 == 0 ? R"("allowed":false,"code":"etoc-revoked")" : R"("allowed":true)");
      journal->append(RecordKind::decision, begin + i * 1min, fields);
      journal->append(RecordKind::outcome, begin + i * 1min,
                      R"("decision":")" + id(i) + R"(","result":"finished")");
      while (journal->counters().lag_records > 0) ::usleep(500);
    }
  }
  static std::string id(int i) { return "D" + std::to_string(100 + i); }

  // The decisions of all pages, and how many pages there were.
  std::pair<std::vector<std::string>, int> all(DecisionFilter filter,
                                               Deadline until = Deadline::max()) const {
    std::vector<std::string> found;
    for (int pages = 1; pages < 200; ++pages) {
      const auto page = newest_decisions(directory, filter, until);
      EXPECT_LE(page.records.size(), filter.most);
      for (const auto& line : page.records)
        found.emplace_back(boost::json::parse(line).at("decision").as_string());
      if (!page.next) return {found, pages};
      EXPECT_LT(*page.next, filter.before) << "a page goes on further back";
      filter.before = *page.next;
    }
    return {found, -1};
  }
  static std::vector<std::string> expected(auto which) {
    std::vector<std::string> out;
    for (int i = 59; i >= 0; --i)
      if (which(i)) out.push_back(id(i));
    return out;
  }

  config::Folder folder;
  std::filesystem::path directory = folder.path() / "journal";
  policy::Instant begin = policy::at("2026-11-24T10:00:00+09:00");
};

TEST_F(JournalSearchTest, pages_hold_every_decision_once_newest_first) {
  const auto any = [](int) { return true; };
  for (const std::size_t most : {1u, 7u, 59u, 60u, 61u, 1000u}) {
    const auto [found, pages] = all({.most = most});
    EXPECT_EQ(found, expected(any)) << most;
    if (most > 60) EXPECT_EQ(pages, 1);
  }
}

TEST_F(JournalSearchTest, filters_ask_for_the_member_itself) {
  EXPECT_EQ(all({.operator_id = "jp:a", .most = 4}).first, expected([](int i) { return i % 3 == 0; }));
  EXPECT_EQ(all({.code = "etoc-revoked", .most = 4}).first, expected([](int i) { return i % 4 == 0; }));
  EXPECT_EQ(all({.operator_id = "jp:a", .code = "etoc-revoked", .most = 2}).first,
            expected([](int i) { return i % 12 == 0; }));
  EXPECT_TRUE(all({.operator_id = "jp:c", .most = 4}).first.empty());
  EXPECT_EQ(all({.since = begin + 41min, .most = 5}).first, expected([](int i) { return i >= 41; }));
}

TEST_F(JournalSearchTest, a_search_whose_time_is_over_goes_on_where_it_came_to) {
  const auto [found, pages] = all({.operator_id = "jp:a", .most = 100}, Deadline::min());
  EXPECT_EQ(found, expected([](int i) { return i % 3 == 0; }));
  EXPECT_GT(pages, 5) << "each page looked into one segment";
  EXPECT_FALSE(records_of(directory, id(3), begin, Deadline::min()));
}

TEST_F(JournalSearchTest, all_records_of_one_decision_are_found_whenever_it_was_made) {
  for (const int i : {0, 30, 59})
    for (const auto made : {std::optional<policy::Instant>(), std::optional(begin + i * 1min)}) {
      const auto found = records_of(directory, id(i), made, Deadline::max());
      ASSERT_EQ(found->size(), 2u) << i;
      EXPECT_NE(found->front().find("\"kind\":\"decision\""), std::string::npos);
      EXPECT_NE(found->back().find("\"kind\":\"outcome\""), std::string::npos);
    }
  EXPECT_TRUE(records_of(directory, "D1", std::nullopt, Deadline::max())->empty());
}

}  // namespace
}  // namespace sekisho::cache
