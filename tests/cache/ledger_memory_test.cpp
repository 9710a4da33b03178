// What an operator and a hold cost in Redis, in bytes, as MEMORY USAGE has it.
#include <gtest/gtest.h>

#include "cache/keys.h"
#include "tests/cache/ledgers.h"

namespace sekisho::cache {
namespace {

using namespace policy;
using namespace std::chrono_literals;
using SK = Settlement::Kind;
using PK = Period::Kind;

struct LedgerMemory : testing::Test {
  std::int64_t bytes_of(const std::string& key) {
    return ledger.redis().call({"MEMORY", "USAGE", key, "SAMPLES", "0"}).integer().value_or(0);
  }
  std::int64_t idempotency_bytes() {
    std::int64_t sum = 0;
    const auto found =
        wait(ledger.context(), ledger.redis().link.keys_matching("sekisho:{*}:idem:*")).value();
    for (const auto& key : found) sum += bytes_of(key);
    return sum;
  }
  // As long as the real ones.
  static std::string id(int n) { return "01M85KR7B39Q1T1D9GDW" + std::to_string(100000 + n); }
  static std::string digest(int n) { return "2db45c329a9b3a7295a39f3e29" + std::to_string(100000 + n); }

  AnyLedger ledger{Which::redis};
  const OperatorId who = corporate(999900000001);
};

TEST_F(LedgerMemory, an_operator_at_rest_takes_at_most_a_kilobyte) {
  std::vector<Rule> rules;
  for (const Period per :
       {Period{PK::day}, Period{PK::month}, Period{PK::fiscal_year}, Period{PK::days, 7},
        Period{PK::days, 30}, Period{PK::held}, Period{PK::lifetime}, Period{PK::days, 62}})
    for (const bool typed : {false, true}) {
      rules.push_back(limits("limit", 1'000'000, per));
      if (typed) rules.back().limit->number_types = {NumberType::fixed};
    }
  ASSERT_EQ(rules.size(), 16u);
  Rule rate{.id = "rate"};
  rate.throttle = Throttle{50, 1000, 100};
  std::vector<const Rule*> all;
  for (const auto& rule : rules) all.push_back(&rule);

  std::int64_t given = 0;
  const auto orders_on = [&](int days, int every) {
    ledger.forget();
    ledger.footing.epoch = ledger.open_epoch({.gateway = one_gateway});
    for (int day = 0; day < days; day += every) {
      const auto when = at("2026-09-24T10:00:00+09:00") + 24h * day;
      const auto name = id(int(++given));
      ledger.hold({.id = name,
                   .quantity = 20,
                   .limits = all,
                   .throttles = {&rate},
                   .idempotency = Idempotency{digest(int(given)), digest(0)},
                   .who = who,
                   .now = when});
      std::vector<std::string> numbers;
      for (int i = 0; i < 20; ++i) numbers.push_back("03" + std::to_string(10000000 + given * 20 + i));
      ledger.floor = ledger.ordinal_of(who, name) + 1;
      ledger.settle({name,
                     {.kind = SK::granted, .granted = 20, .order_id = "o-1234567890", .numbers = numbers},
                     StoredAnswer{.status = 201, .body = "{}"},
                     who,
                     when + 1s});
    }
    std::int64_t sum = 0;
    for (const auto& key : {keys::usage(who), keys::days(who), keys::months(who), keys::holds(who),
                            keys::known(who), keys::orders(who), keys::gone(who)})
      sum += bytes_of(key.text());
    std::printf("operator at rest, 16 limits, a throttle, an order every %d days for %d days: %lld bytes\n",
                every, days, static_cast<long long>(sum));
    for (const auto& key : {keys::usage(who), keys::days(who), keys::months(who), keys::known(who)})
      std::printf("  %-40s %lld\n", key.text().c_str(), static_cast<long long>(bytes_of(key.text())));
    const auto count = ledger.numbers(who).size();
    std::printf("  beside it, %zu numbers held: %lld bytes each\n", count,
                static_cast<long long>(bytes_of(keys::numbers(who).text()) / std::int64_t(count)));
    return sum;
  };
  EXPECT_LE(orders_on(62, 3), 1024);
  EXPECT_LE(orders_on(62, 2), 1024);
  orders_on(62, 1);
}

TEST_F(LedgerMemory, a_hold_takes_at_most_three_hundred_bytes) {
  for (const bool with_key : {false, true}) {
    ledger.forget();
    ledger.footing.epoch = ledger.open_epoch({.gateway = one_gateway});
    const auto take = [&](int n) {
      Ask ask{.id = id(n), .quantity = 100, .who = who};
      if (with_key) ask.idempotency = Idempotency{digest(n), digest(0)};
      ledger.hold(ask);
    };
    const auto sum = [&] {
      std::int64_t bytes = 0;
      for (const auto& key :
           {keys::usage(who), keys::days(who), keys::months(who), keys::holds(who), keys::known(who)})
        bytes += bytes_of(key.text());
      return bytes;
    };
    take(0);
    const auto before = sum(), before_keys = idempotency_bytes();
    for (int n = 1; n <= 1000; ++n) take(n);
    const auto each = (sum() - before) / 1000, key = (idempotency_bytes() - before_keys) / 1000;
    std::printf("an open hold %s: %lld bytes, and the key's own record %lld\n",
                with_key ? "with an idempotency key" : "without an idempotency key",
                static_cast<long long>(each), static_cast<long long>(key));
    EXPECT_LE(each, 300);
  }
}

}  // namespace
}  // namespace sekisho::cache
