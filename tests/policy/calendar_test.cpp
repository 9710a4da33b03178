#include "policy/calendar.h"

#include <gtest/gtest.h>

#include "tests/policy/builders.h"

namespace sekisho::policy {
namespace {

TEST(Calendar, a_day_begins_at_midnight_in_japan) {
  const std::pair<std::string_view, std::string_view> table[] = {
      {"2026-11-24T00:00:00+09:00", "2026-11-24"}, {"2026-11-23T23:59:59.999+09:00", "2026-11-23"},
      {"2026-11-23T15:00:00Z", "2026-11-24"},      {"2026-11-23T14:59:59.999Z", "2026-11-23"},
      {"2026-12-31T15:00:00Z", "2027-01-01"},      {"2028-02-28T15:00:00Z", "2028-02-29"},
      {"1969-12-31T14:59:59.999Z", "1969-12-31"},  {"1969-12-31T15:00:00Z", "1970-01-01"},
  };
  for (const auto& [moment, date] : table) EXPECT_EQ(JstDate::of(at(moment)).text(), date) << moment;
  EXPECT_EQ(day("2026-11-24").begins(), at("2026-11-23T15:00:00Z"));
}

TEST(Calendar, only_existing_days_are_read) {
  for (const auto* fine : {"2026-11-24", "2028-02-29", "2000-02-29", "0001-01-01", "9999-12-31"}) {
    ASSERT_TRUE(JstDate::parse(fine)) << fine;
    EXPECT_EQ(JstDate::parse(fine)->text(), fine);
  }
  for (const auto* wrong :
       {"2026-02-29", "1900-02-29", "2026-04-31", "2026-13-01", "2026-00-10", "2026-01-00", "", "2026-1-1",
        "20261124", "2026/11/24", "2026-11-24 ", " 2026-11-24", "2026-11-2x", "+026-11-24", "2026-11-24T00"})
    EXPECT_FALSE(JstDate::parse(wrong)) << wrong;
}

TEST(Calendar, months_and_fiscal_years) {
  struct {
    std::string_view today, month, fiscal_year, month_later, year_before;
  } const table[] = {
      {"2026-11-24", "2026-11-01", "2026-04-01", "2026-12-24", "2025-11-24"},
      {"2026-03-31", "2026-03-01", "2025-04-01", "2026-04-30", "2025-03-31"},
      {"2026-04-01", "2026-04-01", "2026-04-01", "2026-05-01", "2025-04-01"},
      {"2027-01-31", "2027-01-01", "2026-04-01", "2027-02-28", "2026-01-31"},
      {"2028-01-31", "2028-01-01", "2027-04-01", "2028-02-29", "2027-01-31"},
      {"2028-02-29", "2028-02-01", "2027-04-01", "2028-03-29", "2027-02-28"},
      {"2026-12-31", "2026-12-01", "2026-04-01", "2027-01-31", "2025-12-31"},
  };
  for (const auto& row : table) {
    const auto today = day(row.today);
    EXPECT_EQ(today.month_begin().text(), row.month) << row.today;
    EXPECT_EQ(today.fiscal_year_begin().text(), row.fiscal_year) << row.today;
    EXPECT_EQ(today.plus_months(1).text(), row.month_later) << row.today;
    EXPECT_EQ(today.plus_months(-12).text(), row.year_before) << row.today;
  }
  EXPECT_EQ(day("2028-02-28").plus(1).text(), "2028-02-29");
  EXPECT_EQ(day("2027-02-28").plus(1).text(), "2027-03-01");
  EXPECT_EQ(day("2026-11-24").compact(), "20261124");
}

TEST(Calendar, moments_are_printed_in_japan_and_read_with_any_offset) {
  const std::pair<std::string_view, std::string_view> table[] = {
      {"2026-11-24T10:00:00.000+09:00", "2026-11-24T10:00:00.000+09:00"},
      {"2026-11-24T10:00:00+09:00", "2026-11-24T10:00:00.000+09:00"},
      {"2026-11-24T01:00:00.007Z", "2026-11-24T10:00:00.007+09:00"},
      {"2026-11-23T23:30:00-01:30", "2026-11-24T10:00:00.000+09:00"},
      {"1969-12-31T23:59:59.999Z", "1970-01-01T08:59:59.999+09:00"},
  };
  for (const auto& [text, printed] : table) {
    EXPECT_EQ(iso_jst(at(text)), printed);
    EXPECT_EQ(parse_instant(iso_jst(at(text))), at(text));
    EXPECT_EQ(from_ms(to_ms(at(text))), at(text));
  }
  for (const auto* wrong :
       {"", "2026-11-24", "2026-11-24T10:00:00", "2026-11-24T24:00:00Z", "2026-11-24T10:60:00Z",
        "2026-11-24T10:00:60Z", "2026-02-29T10:00:00Z", "2026-11-24t10:00:00Z", "2026-11-24 10:00:00Z",
        "2026-11-24T10:00:00.5Z", "2026-11-24T10:00:00.5000Z", "2026-11-24T10:00:00+0900",
        "2026-11-24T10:00:00+9:00", "2026-11-24T10:00:00z", "2026-11-24T10:00:00+15:00",
        "2026-11-24T10:00:00Z ", "2026-11-24T10:00:00+09:60"})
    EXPECT_FALSE(parse_instant(wrong)) << wrong;
}

}  // namespace
}  // namespace sekisho::policy
