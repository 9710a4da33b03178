// Counts of days and months: what limits make of them, and that they go by themselves.
#include <gtest/gtest.h>

#include "cache/bucket_field.h"
#include "cache/keys.h"
#include "tests/cache/ledgers.h"

namespace sekisho::cache {
namespace {

using namespace policy;
using namespace std::chrono_literals;
using SK = Settlement::Kind;
using PK = Period::Kind;

// Where it lies in Redis: not to be changed under counts that exist.
TEST(BucketField, names_are_packed_and_read_back) {
  struct {
    const char* bucket;
    Counts in;
    const char* field;
  } const table[] = {{"D20261124", Counts::days, "26112400"},
                     {"D20260101.fixed", Counts::days, "26010101"},
                     {"D20991231.connect_091", Counts::days, "99123113"},
                     {"M202611", Counts::months, "261100"},
                     {"M202604.mobile", Counts::months, "260409"},
                     {"L", Counts::usage, "L"},
                     {"N.ip_050", Counts::usage, "N.ip_050"}};
  for (const auto& row : table) {
    const auto field = field_of(policy::bucket(row.bucket));
    EXPECT_EQ(field.in, row.in) << row.bucket;
    EXPECT_EQ(std::string_view(field.name), row.field);
    EXPECT_EQ(bucket_of(row.in, row.field), policy::bucket(row.bucket));
  }
  for (const auto* strange : {"", "2611240", "26112414", "2611240x", "swept"})
    EXPECT_FALSE(bucket_of(Counts::days, strange)) << strange;
  for (const auto* other : {"t:rate", "fence"}) EXPECT_FALSE(bucket_of(Counts::usage, other)) << other;
}

// day | keeping so many | the first day and month that count | when days and months run out
TEST(Windows, begin_and_run_out) {
  struct {
    const char* today;
    int keep;
    const char *day, *month, *days_end, *months_end;
  } const table[] = {
      {"2026-11-24", 62, "2026-09-23", "2026-04-01", "2027-01-26", "2027-06-02"},
      {"2026-04-01", 62, "2026-01-29", "2025-04-01", "2026-06-03", "2027-06-02"},
      {"2026-06-01", 62, "2026-03-31", "2025-04-01", "2026-08-03", "2027-06-02"},
      {"2026-06-02", 62, "2026-04-01", "2026-04-01", "2026-08-04", "2027-06-02"},
      {"2026-03-31", 400, "2025-02-24", "2024-04-01", "2027-05-06", "2027-05-06"},
  };
  for (const auto& row : table) {
    const auto first = first_counted(day(row.today), row.keep);
    EXPECT_EQ(first.day.text(), row.day) << row.today;
    EXPECT_EQ(first.month.text(), row.month) << row.today;
    const auto end = runs_out(day(row.today), row.keep);
    EXPECT_EQ(JstDate::of(end.days).text(), row.days_end) << row.today;
    EXPECT_EQ(JstDate::of(end.months).text(), row.months_end) << row.today;
    EXPECT_EQ(end.days, JstDate::of(end.days).begins());
  }
}

class WindowsContract : public testing::TestWithParam<Which> {
 protected:
  AnyLedger ledger{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Both, WindowsContract, testing::Values(Which::memory, Which::redis),
                         [](const auto& which) { return which.param == Which::memory ? "memory" : "redis"; });

// Sixteen limits over one order: each is the one that binds, once, and to the number.
TEST_P(WindowsContract, each_of_sixteen_limits_binds) {
  const NumberTypes fixed{NumberType::fixed}, mobile{NumberType::mobile},
      both{NumberType::fixed, NumberType::mobile};
  struct {
    Period per;
    NumberTypes types;
    Quantity used;  // of 10 fixed on 15 October, 5 mobile on 23 November, 3 fixed on the 24th
  } const table[] = {{{PK::day}, {}, 3},
                     {{PK::month}, {}, 8},
                     {{PK::fiscal_year}, {}, 18},
                     {{PK::days, 2}, {}, 8},
                     {{PK::days, 40}, {}, 8},
                     {{PK::days, 41}, {}, 18},
                     {{PK::days, 400}, {}, 18},
                     {{PK::held}, {}, 18},
                     {{PK::lifetime}, {}, 18},
                     {{PK::day}, fixed, 3},
                     {{PK::month}, both, 8},
                     {{PK::month}, fixed, 3},
                     {{PK::fiscal_year}, fixed, 13},
                     {{PK::days, 30}, mobile, 5},
                     {{PK::held}, fixed, 13},
                     {{PK::lifetime}, both, 18}};
  static_assert(std::size(table) == 16);
  ledger.keep_days = 400;
  for (std::size_t bound = 0; bound < std::size(table); ++bound) {
    const auto who = corporate(std::int64_t(bound) + 1);
    const auto take = [&](const char* id, Quantity quantity, NumberType type, const char* when,
                          std::vector<const Rule*> caps = {}) {
      return told(ledger.hold({.id = id,
                               .quantity = quantity,
                               .limits = std::move(caps),
                               .type = type,
                               .who = who,
                               .now = at(when)}));
    };
    take("a", 10, NumberType::fixed, "2026-10-15T23:59:59+09:00");
    take("b", 5, NumberType::mobile, "2026-11-23T12:00:00+09:00");
    take("c", 3, NumberType::fixed, "2026-11-24T00:00:00+09:00");
    std::vector<Rule> rules;
    std::string left;
    for (std::size_t i = 0; i < std::size(table); ++i) {
      const Quantity free = i == bound ? 4 : 1000;
      rules.push_back(limits("limit", table[i].used + free, table[i].per));
      rules.back().limit->number_types = table[i].types;
      left += " " + std::to_string(free);
    }
    std::vector<const Rule*> all;
    for (const auto& rule : rules) all.push_back(&rule);
    const auto* now = "2026-11-24T10:00:00+09:00";
    EXPECT_EQ(take("d", 5, NumberType::fixed, now, all), "over " + std::to_string(bound));
    EXPECT_EQ(take("e", 4, NumberType::fixed, now, all), "taken 4 left" + left);
    EXPECT_EQ(ledger.usage(who).bucket(policy::bucket("L")), 22) << "the refused one took nothing";
  }
}

// becomes | the lifetime afterwards. The day of the first order was swept meanwhile.
TEST_P(WindowsContract, a_settlement_brings_no_swept_day_back) {
  const auto start = at("2026-01-10T10:00:00+09:00");
  const Settlement table[] = {{.kind = SK::released},
                              {.kind = SK::granted, .granted = 3},
                              {.kind = SK::granted, .granted = 7},
                              {.kind = SK::granted, .granted = 5}};
  std::int64_t number = 0;
  for (const auto& becomes : table) {
    const auto who = corporate(++number);
    ledger.hold({.id = "a", .quantity = 5, .who = who, .now = start});
    ledger.hold({.id = "b", .quantity = 1, .who = who, .now = start + 24h * 63});
    EXPECT_EQ(ledger.settle({"a", becomes, {}, who, start + 24h * 64}), SettleAnswer::done);
    const auto usage = ledger.usage(who);
    EXPECT_FALSE(usage.buckets.contains(policy::bucket("D20260110")));
    EXPECT_FALSE(usage.buckets.contains(policy::bucket("D20260110.fixed")));
    EXPECT_EQ(usage.bucket(policy::bucket("M202601")), becomes.granted) << "the month still counts";
    EXPECT_EQ(usage.bucket(policy::bucket("L")), becomes.granted + 1);
    EXPECT_EQ(usage.bucket(policy::bucket("N")), becomes.granted + 1);
  }
}

TEST_P(WindowsContract, months_of_a_fiscal_year_that_is_over_are_swept) {
  const auto march = at("2026-03-31T10:00:00+09:00");
  ledger.hold({.id = "a", .quantity = 5, .now = march});
  ledger.hold({.id = "b", .quantity = 1, .now = march + 24h * 62});
  EXPECT_EQ(ledger.usage(corporate(1)).bucket(policy::bucket("M202603")), 5);
  ledger.hold({.id = "c", .quantity = 1, .now = march + 24h * 63});
  const auto usage = ledger.usage(corporate(1));
  EXPECT_EQ(usage.bucket(policy::bucket("M202603")), 0);
  EXPECT_EQ(usage.bucket(policy::bucket("M202606")), 2);
  EXPECT_EQ(usage.bucket(policy::bucket("L")), 7);
}

// ---- what only Redis does

struct WindowsInRedis : testing::Test {
  std::int64_t ttl(const std::string& key) {
    return ledger.redis().call({"PTTL", key}).integer().value_or(-9);
  }
  AnyLedger ledger{Which::redis};
  const OperatorId who = corporate(1);
  const std::string days = keys::days(who).text(), months = keys::months(who).text();
  static constexpr std::int64_t gone = -2, for_ever = -1, a_day = 24 * 3600 * 1000;
};

TEST_F(WindowsInRedis, days_and_months_go_by_themselves_and_nothing_else_does) {
  // No day of the policy is kept longer than itself: it is the last moment of a day, and of a fiscal year.
  ledger.keep_days = 0;
  ledger.hold({.id = "a", .quantity = 2, .now = at("2027-03-31T23:59:59.700+09:00")});
  ledger.settle({"a", {.kind = SK::granted, .granted = 2, .numbers = {"0312345678", "0312345679"}}});
  ledger.release(who, std::vector<std::string>{"0312345678"}, at("2027-04-01T10:00:00+09:00"));
  ledger.hold({.id = "b", .quantity = 3, .now = at("2027-03-31T23:59:59.700+09:00")});
  EXPECT_GT(ttl(days), 0);
  EXPECT_GT(ttl(months), 0);
  for (const auto& key :
       {keys::usage(who), keys::holds(who), keys::numbers(who), keys::past(who), keys::known(who)})
    EXPECT_EQ(ttl(key.text()), for_ever) << key.text();
  EXPECT_TRUE(run_until(ledger.context(), [&] { return ttl(days) == gone && ttl(months) == gone; }));
  EXPECT_EQ(told(ledger.usage(who)),
            "L=5 L.fixed=5 N=4 N.fixed=4 | b held 3 fixed 2027-03-31 demo/ gw-0123456789abcdef/1 "
            "2027-03-31T23:59:59.700+09:00 ");
  ledger.settle({"b", {.kind = SK::granted, .granted = 4}});
  EXPECT_EQ(ttl(days), gone) << "and are not brought back";
  EXPECT_EQ(told(ledger.usage(who)), "L=6 L.fixed=6 N=5 N.fixed=5 ");
}

TEST_F(WindowsInRedis, they_run_out_when_no_limit_can_ask_for_their_newest_day) {
  const auto now = at("2026-11-24T10:00:00+09:00");
  ledger.hold({.id = "a", .now = now});
  EXPECT_NEAR(double(ttl(days)), double(a_day * 62 + 14 * 3600 * 1000), 60'000);
  EXPECT_NEAR(double(ttl(months)), double((at("2027-06-02T00:00:00+09:00") - now).count()), 60'000);
  ledger.hold({.id = "b", .now = now + 24h});
  EXPECT_NEAR(double(ttl(days)), double(a_day * 62 + 14 * 3600 * 1000), 60'000) << "with each day anew";
  ledger.keep_days = 90;
  ledger.hold({.id = "c", .now = now + 48h});
  EXPECT_NEAR(double(ttl(days)), double(a_day * 90 + 14 * 3600 * 1000), 60'000);
}

// How long ago the order was | whether its day and its month are counted when a journal tells it again
TEST_F(WindowsInRedis, what_was_lost_comes_back_where_some_limit_may_still_ask_for_it) {
  struct {
    std::chrono::hours ago;
    bool day, month;
  } const table[] = {
      {24h, true, true}, {24h * 400, true, true}, {24h * 401, false, true}, {24h * 800, false, false}};
  const auto now = at("2026-11-24T10:00:00+09:00");
  for (const auto& row : table) {
    const auto then = now - row.ago;
    ledger.forget();
    ledger.footing.epoch = ledger.open_epoch({.gateway = one_gateway});
    ledger.hold({.id = "a", .quantity = 5, .now = then});
    ledger.forget();
    ledger.now = now;
    EXPECT_EQ(ledger.settle({"a", {.kind = SK::granted, .granted = 4}, {}, who, then}),
              SettleAnswer::restored);
    const auto usage = ledger.usage(who);
    EXPECT_EQ(usage.bucket(policy::bucket("L")), 4);
    EXPECT_EQ(usage.bucket(policy::Bucket::of_day(JstDate::of(then))), row.day ? 4 : 0) << row.ago.count();
    EXPECT_EQ(usage.bucket(policy::Bucket::of_month(JstDate::of(then))), row.month ? 4 : 0)
        << row.ago.count();
    EXPECT_EQ(ttl(days) > 0, row.day);
    EXPECT_EQ(ttl(months) > 0, row.month);
  }
}

TEST_F(WindowsInRedis, what_is_told_again_lives_as_long_as_its_newest_day) {
  const auto now = at("2026-11-24T10:00:00+09:00");
  ledger.hold({.id = "lost", .quantity = 5, .now = now});
  ledger.forget();
  ledger.footing.epoch = ledger.open_epoch({.gateway = one_gateway});
  ledger.hold({.id = "older", .quantity = 5, .now = now - 24h * 30});
  const auto before = ttl(days);
  ledger.settle({"lost", {.kind = SK::granted, .granted = 5}, {}, who, now});
  EXPECT_GT(ttl(days), before);
  EXPECT_GT(ttl(days), a_day * 400);
}

}  // namespace
}  // namespace sekisho::cache
