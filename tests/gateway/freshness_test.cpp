#include "gateway/freshness.h"

#include <gtest/gtest.h>

#include "tests/policy/builders.h"

namespace sekisho::gateway {
namespace {

using namespace std::chrono_literals;
using policy::Register;

TEST(Freshness, the_oldest_of_what_must_be_fresh_counts) {
  config::Settings settings;
  settings.link = {5s, 60s};
  settings.sources[Register::etoc] = {48h, 336h};
  constexpr std::int64_t boot_now = 1'000'000'000;
  constexpr std::int64_t never = -1;
  struct {
    std::int64_t link_age;  // milliseconds
    std::int64_t etoc_age;  // hours
    bool stale, past_soft;
  } const table[] = {
      {0, 1, false, false},       {5000, 48, false, false},     {5001, 1, false, true},
      {0, 49, false, true},       {60'000, 336, false, true},   {60'001, 1, true, true},
      {0, 337, true, true},       {never, 1, true, true},       {0, never, true, true},
      {never, never, true, true}, {100'000'000, 1, true, true},  // the machine was suspended for a day
  };
  for (const auto& row : table) {
    KnownSince known;
    if (row.etoc_age != never) known.verified[0] = boot_now - row.etoc_age * 3'600'000;
    known.in_step = row.link_age == never ? 0 : boot_now - row.link_age;
    const auto fresh = freshness(settings, known, boot_now);
    EXPECT_EQ(fresh.stale, row.stale) << row.link_age << " " << row.etoc_age;
    EXPECT_EQ(fresh.past_soft, row.past_soft) << row.link_age << " " << row.etoc_age;
  }
}

TEST(Freshness, a_source_that_nobody_asks_for_may_be_missing) {
  config::Settings settings;
  KnownSince known;
  known.in_step = 1000;
  const auto fresh = freshness(settings, known, 1000);
  EXPECT_FALSE(fresh.stale);
}

TEST(KnownSince, an_age_is_taken_once_and_then_counted_by_the_clock_that_nobody_sets) {
  const auto noon = policy::at("2026-11-24T12:00:00+09:00");
  policy::Sources none, first;
  first[0].verified_at = noon - 10min;
  KnownSince known;
  known.heard_of(none, first, 5'000'000, noon);
  EXPECT_EQ(known.verified[0], 5'000'000 - 600'000);
  EXPECT_EQ(known.verified[1], 0) << "never";
  // The wall clock goes back a day, then a month forward: the same verification stays as old as it is.
  known.heard_of(first, first, 6'000'000, noon - 24h);
  known.heard_of(first, first, 7'000'000, noon + 24h * 30);
  EXPECT_EQ(known.verified[0], 5'000'000 - 600'000);
  // A new one by a machine whose clock is ahead is not younger than now.
  auto next = first;
  next[0].verified_at = noon + 1h;
  known.heard_of(first, next, 8'000'000, noon);
  EXPECT_EQ(known.verified[0], 8'000'000);
  // Verified before this machine was started.
  auto old = first;
  old[0].verified_at = noon - 24h;
  known.heard_of(next, old, 1000, noon);
  EXPECT_EQ(known.verified[0], 1000 - 24 * 3'600'000);
  EXPECT_FALSE(freshness({}, known, 1000).stale == false) << "and the link was never in step";
}

TEST(Dates, never_go_back) {
  Dates dates;
  EXPECT_EQ(dates.today(policy::at("2027-01-31T23:59:59+09:00")), policy::day("2027-01-31"));
  EXPECT_EQ(dates.today(policy::at("2027-02-01T00:00:01+09:00")), policy::day("2027-02-01"));
  EXPECT_EQ(dates.today(policy::at("2027-01-31T12:00:00+09:00")), policy::day("2027-02-01")) << "set back";
  EXPECT_EQ(dates.behind(policy::at("2027-01-31T12:00:01+09:00")), 12h);
  EXPECT_EQ(dates.behind(policy::at("2027-02-03T12:00:01+09:00")), 0h);
  EXPECT_EQ(dates.today(policy::at("2027-02-03T12:00:00+09:00")), policy::day("2027-02-03"));
  dates.not_before(policy::at("2027-02-02T12:00:00+09:00"));
  EXPECT_EQ(dates.latest(), policy::at("2027-02-03T12:00:00+09:00"));
}

}  // namespace
}  // namespace sekisho::gateway
