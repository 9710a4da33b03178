// How far the reading of a table has come is told from nothing to all, and seldom.
#include "config/csv.h"

#include <gtest/gtest.h>

#include <utility>

namespace sekisho::config {
namespace {

struct Counting : TableSink {
  bool header(const std::vector<Cell>&) override { return true; }
  void row(const std::vector<Cell>&) override { ++rows; }
  void error(int, int, std::string text) override { errors.push_back(std::move(text)); }
  std::size_t rows = 0;
  std::vector<std::string> errors;
};

using Told = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

Told told_of(std::string_view text, Counting& sink) {
  Told told;
  read_csv(text, sink, [&](std::uint64_t done, std::uint64_t total) { told.emplace_back(done, total); });
  return told;
}

TEST(CsvProgress, rises_from_nothing_to_all) {
  std::string text = "name,count\n";
  for (int i = 0; i < 20'000; ++i) text += "a,1\r\n";
  Counting sink;
  const auto told = told_of(text, sink);
  EXPECT_EQ(sink.rows, 20'000u);
  EXPECT_EQ(told.front(), std::make_pair(std::uint64_t(0), std::uint64_t(text.size())));
  EXPECT_EQ(told.back(), std::make_pair(std::uint64_t(text.size()), std::uint64_t(text.size())));
  EXPECT_EQ(told.size(), 2 + 20'001 / 4096);
  for (std::size_t i = 1; i < told.size(); ++i) EXPECT_LT(told[i - 1].first, told[i].first);
}

TEST(CsvProgress, of_little_or_nothing_is_told_as_well) {
  for (const std::string_view text : {"", "name,count\n", "name,count\na,1"}) {
    Counting sink;
    EXPECT_EQ(told_of(text, sink), (Told{{0, text.size()}, {text.size(), text.size()}})) << text;
  }
}

TEST(CsvProgress, a_table_that_breaks_off_is_never_told_as_done) {
  Counting sink;
  EXPECT_EQ(told_of("name,count\na,\"1", sink), (Told{{0, 15}}));
  EXPECT_EQ(sink.errors.size(), 1u);
}

Told told_of_json(std::string_view text, Counting& sink) {
  Told told;
  read_json_table(text, sink,
                  [&](std::uint64_t done, std::uint64_t total) { told.emplace_back(done, total); });
  return told;
}

TEST(JsonTableProgress, rises_through_both_readings) {
  std::string text = "[";
  for (int i = 0; i < 20'000; ++i) text += R"({"name": "a", "count": 1},)";
  text.back() = ']';
  Counting sink;
  const auto told = told_of_json(text, sink);
  EXPECT_EQ(sink.rows, 20'000u);
  EXPECT_EQ(told.front(), std::make_pair(std::uint64_t(0), std::uint64_t(text.size())));
  EXPECT_EQ(told.back(), std::make_pair(std::uint64_t(text.size()), std::uint64_t(text.size())));
  EXPECT_EQ(told.size(), 2 + 2 * (20'000 / 4096));
  for (std::size_t i = 1; i < told.size(); ++i) EXPECT_LT(told[i - 1].first, told[i].first);
}

TEST(JsonTableProgress, of_nothing_is_told_as_done_and_of_a_wrong_shape_never) {
  Counting sink;
  EXPECT_EQ(told_of_json("[]", sink), (Told{{0, 2}, {2, 2}}));
  EXPECT_EQ(told_of_json("[1]", sink), (Told{{0, 3}}));
  EXPECT_EQ(told_of_json("[", sink), Told{}) << "it is not JSON: nobody began";
  EXPECT_EQ(sink.errors.size(), 2u);
}

}  // namespace
}  // namespace sekisho::config
