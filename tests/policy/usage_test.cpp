#include "policy/usage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/policy/builders.h"

namespace sekisho::policy {
namespace {

using K = Period::Kind;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Buckets, each_period_names_what_it_counts) {
  const auto today = day("2026-11-24");
  EXPECT_THAT(buckets_of({K::order}, {}, today), IsEmpty());
  EXPECT_THAT(buckets_of({K::day}, {}, today), ElementsAre(bucket("D20261124")));
  EXPECT_THAT(buckets_of({K::month}, {}, today), ElementsAre(bucket("M202611")));
  EXPECT_THAT(buckets_of({K::days, 3}, {}, day("2026-12-01")),
              ElementsAre(bucket("D20261201"), bucket("D20261130"), bucket("D20261129")));
  EXPECT_THAT(buckets_of({K::days, 2}, {}, day("2028-03-01")),
              ElementsAre(bucket("D20280301"), bucket("D20280229")));
  EXPECT_THAT(buckets_of({K::held}, {}, today), ElementsAre(bucket("N")));
  EXPECT_THAT(buckets_of({K::lifetime}, {}, today), ElementsAre(bucket("L")));
  EXPECT_THAT(buckets_of({K::fiscal_year}, {}, day("2026-04-30")), ElementsAre(bucket("M202604")));
  EXPECT_THAT(buckets_of({K::fiscal_year}, {}, day("2027-03-31")),
              ElementsAre(bucket("M202703"), bucket("M202702"), bucket("M202701"), bucket("M202612"),
                          bucket("M202611"), bucket("M202610"), bucket("M202609"), bucket("M202608"),
                          bucket("M202607"), bucket("M202606"), bucket("M202605"), bucket("M202604")));
}

TEST(Buckets, typed_limits_count_their_types_alone) {
  const auto today = day("2026-11-24");
  EXPECT_THAT(buckets_of({K::day}, {NumberType::fixed, NumberType::mobile}, today),
              ElementsAre(bucket("D20261124.fixed"), bucket("D20261124.mobile")));
  EXPECT_THAT(buckets_of({K::days, 2}, {NumberType::ip_050}, today),
              ElementsAre(bucket("D20261124.ip_050"), bucket("D20261123.ip_050")));
  EXPECT_THAT(buckets_of({K::lifetime}, NumberTypes::all(), today), ElementsAre(bucket("L")))
      << "all types are no types";
}

// What an order takes is found again by every period that covers its day, and by no other.
TEST(Buckets, a_day_counts_exactly_in_the_periods_that_cover_it) {
  struct {
    Period per;
    const char* today;
    const char* taken;
    bool counts;
  } const table[] = {
      {{K::day}, "2026-11-24", "2026-11-23", false},
      {{K::month}, "2026-11-30", "2026-11-01", true},
      {{K::month}, "2026-12-01", "2026-11-30", false},
      {{K::fiscal_year}, "2027-03-31", "2026-04-01", true},
      {{K::fiscal_year}, "2027-04-01", "2027-03-31", false},
      {{K::days, 30}, "2026-11-24", "2026-10-26", true},
      {{K::days, 30}, "2026-11-24", "2026-10-25", false},
      {{K::days, 30}, "2028-03-29", "2028-02-29", true},
      {{K::days, 29}, "2028-03-29", "2028-02-29", false},
      {{K::lifetime}, "2099-01-01", "2026-11-24", true},
  };
  for (const auto& row : table) {
    Usage usage;
    for (const auto& bucket :
         {Bucket::of_day(day(row.taken)), Bucket::of_month(day(row.taken)), Bucket::of_lifetime()})
      usage.buckets[bucket] = 5;
    const auto state = limit_state(limits("r", 10, row.per), 10, usage, day(row.today));
    EXPECT_EQ(state.used, row.counts ? 5 : 0) << row.per.text() << " on " << row.today;
    EXPECT_EQ(state.left, row.counts ? 5 : 10) << row.per.text() << " on " << row.today;
  }
}

TEST(LimitState, says_when_waiting_helps) {
  struct {
    Period per;
    const char* today;
    const char* taken;   // null: nothing was
    const char* resets;  // null: never by itself
  } const table[] = {
      {{K::day}, "2026-11-24", nullptr, "2026-11-25"},
      {{K::day}, "2028-02-28", nullptr, "2028-02-29"},
      {{K::month}, "2026-11-24", nullptr, "2026-12-01"},
      {{K::month}, "2026-12-31", nullptr, "2027-01-01"},
      {{K::month}, "2028-02-29", nullptr, "2028-03-01"},
      {{K::month}, "2027-01-31", nullptr, "2027-02-01"},
      {{K::fiscal_year}, "2026-11-24", nullptr, "2027-04-01"},
      {{K::fiscal_year}, "2027-03-31", nullptr, "2027-04-01"},
      {{K::fiscal_year}, "2027-04-01", nullptr, "2028-04-01"},
      {{K::days, 30}, "2026-11-24", "2026-11-24", "2026-12-24"},  // falls out 30 days after it was taken
      {{K::days, 30}, "2026-11-24", "2026-10-26", "2026-11-25"},
      {{K::days, 30}, "2028-02-29", "2028-02-01", "2028-03-02"},
      {{K::days, 30}, "2026-11-24", nullptr, "2026-11-25"},
      {{K::order}, "2026-11-24", nullptr, nullptr},
      {{K::held}, "2026-11-24", nullptr, nullptr},
      {{K::lifetime}, "2026-11-24", nullptr, nullptr},
  };
  for (const auto& row : table) {
    Usage usage;
    if (row.taken) usage.buckets[Bucket::of_day(day(row.taken))] = 1;
    const auto state = limit_state(limits("r", 10, row.per), 10, usage, day(row.today));
    EXPECT_EQ(state.resets_at.has_value(), row.per.resets());
    EXPECT_EQ(state.resets_at, row.resets ? std::optional(day(row.resets).begins()) : std::nullopt)
        << row.per.text() << " on " << row.today;
  }
}

TEST(LimitState, holds_are_told_apart_from_what_was_given) {
  const auto today = day("2026-11-24");
  Usage usage;
  usage.buckets = {{bucket("D20261124"), 30},
                   {bucket("D20261124.fixed"), 20},
                   {bucket("D20261124.mobile"), 10},
                   {bucket("D20261123"), 8},
                   {bucket("L"), 60}};
  usage.holds = {
      {.id = "a", .quantity = 5, .number_type = NumberType::fixed, .day = today},
      {.id = "b",
       .state = HoldState::suspense,
       .quantity = 3,
       .number_type = NumberType::mobile,
       .day = today},
      {.id = "c", .quantity = 8, .number_type = NumberType::fixed, .day = today.plus(-1)},
  };
  struct {
    Period per;
    NumberTypes types;
    Quantity used, held, left;
  } const table[] = {
      {{K::day}, {}, 22, 8, 70},
      {{K::day}, {NumberType::fixed}, 15, 5, 80},
      {{K::day}, {NumberType::mobile}, 7, 3, 90},
      {{K::day}, {NumberType::fixed, NumberType::mobile}, 22, 8, 70},
      {{K::days, 2}, {}, 22, 16, 62},
      {{K::lifetime}, {}, 44, 16, 40},
  };
  for (const auto& row : table) {
    auto rule = limits("r", 100, row.per);
    rule.limit->number_types = row.types;
    const auto state = limit_state(rule, 100, usage, today);
    EXPECT_EQ(state.used, row.used) << row.per.text() << " " << join(row.types);
    EXPECT_EQ(state.held, row.held) << row.per.text() << " " << join(row.types);
    EXPECT_EQ(state.left, row.left) << row.per.text() << " " << join(row.types);
  }
}

TEST(LimitState, an_edited_limit_applies_at_once_and_never_leaves_less_than_nothing) {
  Usage usage;
  usage.buckets[bucket("L")] = 50;
  auto rule = limits("r", 0, {K::lifetime});
  EXPECT_EQ(limit_state(rule, 60, usage, day("2026-11-24")).left, 10);
  EXPECT_EQ(limit_state(rule, 40, usage, day("2026-11-24")).left, 0);
  EXPECT_EQ(limit_state(rule, 40, usage, day("2026-11-24")).code, "quota-exceeded");
  rule.limit->code = "etoc-uncertified";
  EXPECT_EQ(limit_state(rule, 40, usage, day("2026-11-24")).code, "etoc-uncertified");
}

TEST(Usage, granted_is_what_is_held_now_without_open_holds) {
  Usage usage;
  usage.buckets[bucket("N")] = 30;
  usage.holds = {{.id = "a", .quantity = 5}, {.id = "b", .state = HoldState::suspense, .quantity = 3}};
  EXPECT_EQ(usage.held(), 5);
  EXPECT_EQ(usage.suspense(), 3);
  EXPECT_EQ(usage.granted(), 22);
  EXPECT_EQ(usage.bucket(bucket("L")), 0);
}

TEST(Limit, figures_step_over_dates) {
  Limit limit;
  limit.steps = {{{.until = day("2026-03-31")}, 1000},
                 {{.from = day("2026-04-01"), .until = day("2026-09-30")}, 100},
                 {{.from = day("2026-11-01")}, 1}};
  EXPECT_EQ(limit.on(day("2026-03-31"))->value, 1000);
  EXPECT_EQ(limit.on(day("2026-04-01"))->value, 100);
  EXPECT_EQ(limit.on(day("2026-09-30"))->value, 100);
  EXPECT_EQ(limit.on(day("2026-10-15")), nullptr);
  EXPECT_EQ(limit.on(day("2026-11-01"))->value, 1);
}

}  // namespace
}  // namespace sekisho::policy
