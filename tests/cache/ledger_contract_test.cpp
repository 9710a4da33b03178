// What a ledger promises, tried on the model and on the real one.
#include <gtest/gtest.h>

#include "tests/cache/ledgers.h"

namespace sekisho::cache {
namespace {

using namespace policy;
using namespace std::chrono_literals;
using SK = Settlement::Kind;
using PK = Period::Kind;

class LedgerContract : public testing::TestWithParam<Which> {
 protected:
  Quantity used(std::string_view bucket) { return ledger.usage(corporate(1)).bucket(policy::bucket(bucket)); }
  std::string holds(const Ask& ask) { return told(ledger.hold(ask)); }

  AnyLedger ledger{GetParam()};
  const Rule day_cap = limits("day", 100, {PK::day});
  const Rule month_cap = limits("month", 150, {PK::month});
  const Instant now = at("2026-11-24T10:00:00+09:00");
};

INSTANTIATE_TEST_SUITE_P(Both, LedgerContract, testing::Values(Which::memory, Which::redis),
                         [](const auto& which) { return which.param == Which::memory ? "memory" : "redis"; });

TEST_P(LedgerContract, a_hold_raises_every_bucket_of_its_day) {
  EXPECT_EQ(holds({"a", 5}), "taken 5 left");
  EXPECT_EQ(told(ledger.usage(corporate(1))),
            "D20261124=5 D20261124.fixed=5 L=5 L.fixed=5 M202611=5 M202611.fixed=5 N=5 N.fixed=5 "
            "| a held 5 fixed 2026-11-24 demo/ gw-0123456789abcdef/1 2026-11-24T10:00:00.000+09:00 ");
  EXPECT_EQ(told(ledger.usage(corporate(2))), "") << "nobody else's";
}

TEST_P(LedgerContract, a_limit_is_tested_to_the_number) {
  EXPECT_EQ(holds({"a", 60, {&day_cap}}), "taken 60 left 100");
  EXPECT_EQ(holds({"b", 41, {&day_cap}}), "over 0");
  EXPECT_EQ(holds({"c", 40, {&day_cap}}), "taken 40 left 40");
  EXPECT_EQ(holds({"d", 1, {&day_cap}}), "over 0");
  EXPECT_EQ(holds({"e", 100, {&day_cap}, {}, {}, false, NumberType::mobile, corporate(1), now + 24h}),
            "taken 100 left 100")
      << "a new day";
}

TEST_P(LedgerContract, several_limits_are_charged_together_or_not_at_all) {
  EXPECT_EQ(holds({"a", 100, {&day_cap, &month_cap}}), "taken 100 left 100 150");
  EXPECT_EQ(holds({"b", 60, {&day_cap, &month_cap}}), "over 0 1");
  const auto before = told(ledger.usage(corporate(1)));
  const Ask tomorrow{"c",          60,       {&day_cap, &month_cap}, {}, {}, false, NumberType::fixed,
                     corporate(1), now + 24h};
  const auto refused = ledger.hold(tomorrow);
  EXPECT_EQ(told(refused), "over 1");
  EXPECT_EQ(told(refused.answer.usage), before) << "tells what is counted now";
  EXPECT_EQ(told(ledger.usage(corporate(1))), before) << "a refused order takes nothing";
}

TEST_P(LedgerContract, a_typed_limit_counts_its_types_together) {
  auto cap = limits("some", 10, {PK::day});
  cap.limit->number_types = {NumberType::fixed, NumberType::mobile};
  EXPECT_EQ(holds({"a", 6, {&cap}}), "taken 6 left 10");
  EXPECT_EQ(holds({"b", 5, {&cap}, {}, {}, false, NumberType::mobile}), "over 0");
  EXPECT_EQ(holds({"c", 50, {}, {}, {}, false, NumberType::ip_050}), "taken 50 left");
  EXPECT_EQ(holds({"d", 4, {&cap}, {}, {}, false, NumberType::mobile}), "taken 4 left 4");
}

TEST_P(LedgerContract, an_order_is_trimmed_where_the_limit_and_the_caller_allow_it) {
  auto trims = limits("trims", 10, {PK::day});
  trims.limit->trim = true;
  const auto ask = [&](const char* id, Quantity quantity, bool partial, std::vector<const Rule*> caps) {
    return holds({id, quantity, std::move(caps), {}, {}, partial});
  };
  EXPECT_EQ(ask("a", 12, false, {&trims}), "over 0") << "the caller takes all or nothing";
  EXPECT_EQ(ask("b", 12, true, {&trims}), "taken 10 left 10");
  EXPECT_EQ(used("D20261124"), 10);
  EXPECT_EQ(ask("c", 1, true, {&trims}), "over 0") << "nothing left to trim to";
  const auto wide = limits("wide", 500, {PK::month});
  const auto narrow = limits("narrow", 12, {PK::month});
  EXPECT_EQ(ask("d", 12, true, {&narrow}), "over 0") << "this limit does not trim";
  ledger.settle({"b", {.kind = SK::released}});
  EXPECT_EQ(ask("e", 12, true, {&trims, &wide}), "taken 10 left 10 500");
}

TEST_P(LedgerContract, a_throttle_lets_a_burst_through_and_then_the_rate) {
  Rule rate{.id = "rate"};
  rate.throttle = Throttle{10, 1000, 3};  // one each 100 ms, three at once
  const auto ask = [&](const char* id, std::chrono::milliseconds later) {
    return holds({id, 1, {}, {&rate}, {}, false, NumberType::fixed, corporate(1), now + later});
  };
  EXPECT_EQ(ask("a", 0ms), "taken 1 left");
  EXPECT_EQ(ask("b", 0ms), "taken 1 left");
  EXPECT_EQ(ask("c", 0ms), "taken 1 left");
  EXPECT_EQ(ask("d", 0ms), "throttled 100");
  EXPECT_EQ(ask("d", 60ms), "throttled 40");
  EXPECT_EQ(used("N"), 3) << "who is throttled takes nothing";
  EXPECT_EQ(ask("d", 100ms), "taken 1 left");
  EXPECT_EQ(ask("e", 100ms), "throttled 100");
  EXPECT_EQ(ask("f", 5000ms), "taken 1 left");
  EXPECT_EQ(ask("g", 5000ms), "taken 1 left") << "a pause gives the burst back, and no more";
  EXPECT_EQ(ask("h", 5000ms), "taken 1 left");
  EXPECT_EQ(ask("i", 5000ms), "throttled 100");
  EXPECT_EQ(told(ledger.usage(corporate(1))).find("t:"), std::string::npos)
      << "a throttle is no count of numbers";
}

TEST_P(LedgerContract, an_order_over_its_limit_does_not_use_up_the_rate) {
  Rule rate{.id = "rate"};
  rate.throttle = Throttle{1, 1000, 1};
  EXPECT_EQ(holds({"a", 101, {&day_cap}, {&rate}}), "over 0");
  EXPECT_EQ(holds({"b", 1, {&day_cap}, {&rate}}), "taken 1 left 100");
  EXPECT_EQ(holds({"c", 1, {&day_cap}, {&rate}}), "throttled 1000");
}

// asked | what the carrier gave | counted afterwards in the window and as held now
TEST_P(LedgerContract, a_settlement_keeps_what_was_given_and_gives_the_rest_back) {
  struct {
    const char* id;
    Quantity asked;
    Settlement settlement;
    Quantity counted;
  } const table[] = {
      {"all", 10, {.kind = SK::granted, .granted = 10}, 10},
      {"some", 10, {.kind = SK::granted, .granted = 4}, 4},
      {"more", 10, {.kind = SK::granted, .granted = 12}, 12},  // the true count, whatever was ordered
      {"none", 10, {.kind = SK::released}, 0},
      {"later", 10, {.kind = SK::pending}, 10},
      {"unknown", 10, {.kind = SK::suspense}, 10},
  };
  Quantity sum = 0;
  for (const auto& row : table) {
    ledger.hold({row.id, row.asked});
    EXPECT_EQ(ledger.settle({row.id, row.settlement}), SettleAnswer::done) << row.id;
    sum += row.counted;
    for (const auto* bucket :
         {"D20261124", "M202611", "L", "N", "D20261124.fixed", "M202611.fixed", "L.fixed", "N.fixed"})
      EXPECT_EQ(used(bucket), sum) << row.id << " " << bucket;
  }
  const auto usage = ledger.usage(corporate(1));
  EXPECT_EQ(usage.held(), 10);
  EXPECT_EQ(usage.suspense(), 10);
  EXPECT_EQ(usage.granted(), 26);
}

TEST_P(LedgerContract, a_hold_resolves_at_most_once) {
  for (const auto first : {SK::granted, SK::released}) {
    const auto id = std::string(name(first));
    ledger.hold({id, 5});
    EXPECT_EQ(ledger.settle({id, {.kind = first, .granted = first == SK::granted ? 5 : 0}}),
              SettleAnswer::done);
    const auto before = told(ledger.usage(corporate(1)));
    for (const auto again : {SK::granted, SK::released, SK::pending, SK::suspense})
      EXPECT_EQ(ledger.settle({id, {.kind = again, .granted = 1}}), SettleAnswer::resolved_before);
    EXPECT_EQ(told(ledger.usage(corporate(1))), before);
  }
}

TEST_P(LedgerContract, suspense_counts_until_somebody_knows) {
  ledger.hold({"a", 60, {&day_cap}});
  ledger.settle({"a", {.kind = SK::suspense}});
  EXPECT_EQ(holds({"b", 41, {&day_cap}}), "over 0");
  EXPECT_EQ(ledger.settle({"a", {.kind = SK::granted, .granted = 20}}), SettleAnswer::done);
  EXPECT_EQ(holds({"c", 80, {&day_cap}}), "taken 80 left 80");
}

TEST_P(LedgerContract, a_pending_order_is_found_by_the_carriers_id) {
  std::map<std::string, std::string> orders;  // by hold
  int count = 0;
  for (const std::string order : {"o-1", "a|b", "100%", "%7C", "a|b%7C%25|", "ä 注文"}) {
    const auto hold_id = "h" + std::to_string(++count);
    orders[hold_id] = order;
    ledger.hold({hold_id, 3});
    EXPECT_EQ(ledger.settle({hold_id, {.kind = SK::pending, .order_id = order}}), SettleAnswer::done);
    const auto found = ledger.hold_of_order(corporate(1), order);
    ASSERT_TRUE(found) << order;
    EXPECT_EQ(found->id, hold_id);
    EXPECT_EQ(found->order_id, order);
    EXPECT_EQ(found->quantity, 3);
    EXPECT_FALSE(ledger.hold_of_order(corporate(2), order)) << "another operator's";
    EXPECT_FALSE(ledger.hold_of_order(corporate(1), order, "other")) << "another carrier's";
    const auto number = "03" + std::to_string(std::hash<std::string>{}(order));
    EXPECT_EQ(
        ledger.settle({hold_id, {.kind = SK::granted, .granted = 1, .order_id = order, .numbers = {number}}}),
        SettleAnswer::done);
    EXPECT_FALSE(ledger.hold_of_order(corporate(1), order)) << "it waits no longer";
    ASSERT_EQ(ledger.trace(number).size(), 1u);
    EXPECT_EQ(ledger.trace(number)[0].order_id, order);
  }
  for (const auto& number : ledger.numbers(corporate(1)))
    EXPECT_EQ(number.order_id, orders.at(number.decision));
  EXPECT_FALSE(ledger.hold_of_order(corporate(1), ""));
}

TEST_P(LedgerContract, numbers_given_back_lower_what_is_held_and_nothing_else) {
  ledger.hold({"a", 3});
  ledger.settle({"a",
                 {.kind = SK::granted,
                  .granted = 3,
                  .order_id = "o-1",
                  .numbers = {"0312345671", "0312345672", "0312345673"}}});
  EXPECT_EQ(ledger.numbers(corporate(1)).size(), 3u);
  EXPECT_EQ(ledger.release(corporate(2), std::vector<std::string>{"0312345671"}), 0) << "not theirs";
  EXPECT_EQ(ledger.release(corporate(1), std::vector<std::string>{"0312345671", "0312345671", "0399999999"}),
            1)
      << "twice counts once";
  EXPECT_EQ(ledger.release(corporate(1), std::vector<std::string>{"0312345671"}), 0);
  EXPECT_EQ(ledger.release(corporate(1), std::vector<std::string>{}), 0);
  EXPECT_EQ(used("N"), 2);
  EXPECT_EQ(used("N.fixed"), 2);
  EXPECT_EQ(used("D20261124"), 3);
  EXPECT_EQ(used("L"), 3);
  EXPECT_EQ(told(ledger.numbers(corporate(1))),
            "0312345672 fixed 2026-11-24T10:00:01.000+09:00 a o-1; "
            "0312345673 fixed 2026-11-24T10:00:01.000+09:00 a o-1; ");
}

TEST_P(LedgerContract, a_number_is_traced_to_everyone_who_had_it) {
  const auto give = [&](const char* id, std::int64_t who, std::chrono::hours later) {
    ledger.hold({id, 1, {}, {}, {}, false, NumberType::fixed, corporate(who), now + later});
    const Settlement settlement{
        .kind = SK::granted, .granted = 1, .order_id = "o", .numbers = {"0312345678"}};
    ledger.settle({id, settlement, {}, corporate(who), now + later});
  };
  give("a", 1, 0h);
  ledger.release(corporate(1), std::vector<std::string>{"0312345678"}, now + 2h);
  give("b", 2, 3h);
  EXPECT_EQ(told(ledger.trace("0312345678")),
            corporate(2).text() + " b o 2026-11-24T13:00:00.000+09:00..now; " + corporate(1).text() +
                " a o 2026-11-24T10:00:00.000+09:00..2026-11-24T12:00:00.000+09:00; ");
  // The first settlement comes once more, as it does when nobody heard the answer: the past stays as it was.
  const Settlement again{.kind = SK::granted, .granted = 1, .order_id = "o", .numbers = {"0312345678"}};
  EXPECT_EQ(ledger.settle({"a", again, {}, corporate(1), now}), SettleAnswer::resolved_before);
  EXPECT_TRUE(ledger.trace("0312345678").at(1).until);
  EXPECT_TRUE(ledger.trace("0000000000").empty());
}

TEST_P(LedgerContract, only_numbers_that_were_granted_are_anybodys) {
  for (const auto kind : {SK::pending, SK::suspense}) {
    const auto id = std::string(name(kind));
    ledger.hold({id, 1});
    ledger.settle({id, {.kind = kind, .order_id = id, .numbers = {"0312345678"}}});
    EXPECT_TRUE(ledger.trace("0312345678").empty()) << id;
    EXPECT_TRUE(ledger.numbers(corporate(1)).empty()) << id;
  }
}

TEST_P(LedgerContract, an_idempotency_key_lives_as_its_order_does) {
  const auto ask = [&](const char* id, const char* content, const char* key = "k") {
    return told(ledger.hold({id, 5, {}, {}, Idempotency{key, content}}));
  };
  const StoredAnswer answer{
      .status = 201, .headers = {{"Location", "/o-1"}}, .body = "{\"orderId\":\"o-1\"}"};
  EXPECT_EQ(ask("a", "c"), "taken 5 left");
  EXPECT_EQ(ask("b", "c"), "in_flight");
  EXPECT_EQ(ask("c", "other"), "mismatch");
  EXPECT_EQ(used("N"), 5);
  EXPECT_EQ(
      told(ledger.hold(
          {"other operator", 5, {}, {}, Idempotency{"k", "c"}, false, NumberType::fixed, corporate(2)})),
      "taken 5 left")
      << "a key belongs to its operator";
  ledger.settle({"a", {.kind = SK::suspense}});
  EXPECT_EQ(ask("d", "c"), "outcome_unknown");
  EXPECT_EQ(ask("e", "other"), "mismatch");
  ledger.settle({"a", {.kind = SK::granted, .granted = 5}, answer});
  EXPECT_EQ(ask("f", "c"), "replay 201 {\"orderId\":\"o-1\"}");
  EXPECT_EQ(ask("g", "other"), "mismatch");
  const auto replay = ledger.hold({"h", 5, {}, {}, Idempotency{"k", "c"}}).replay;
  ASSERT_TRUE(replay);
  EXPECT_EQ(replay->headers, answer.headers);
  EXPECT_EQ(used("N"), 5) << "a replay takes nothing";
}

TEST_P(LedgerContract, a_retry_of_what_was_never_sent_goes_again) {
  const Ask first{"a", 5, {}, {}, Idempotency{"k", "c"}};
  auto retry = first;
  retry.id = "b";
  ledger.hold(first);
  ledger.settle({"a", {.kind = SK::released}});
  EXPECT_EQ(told(ledger.hold(retry)), "taken 5 left");
  ledger.settle({"b", {.kind = SK::released}, StoredAnswer{.status = 404, .body = "none left"}});
  retry.id = "c";
  EXPECT_EQ(told(ledger.hold(retry)), "replay 404 none left") << "a carrier's 4xx is a finished answer";
}

TEST_P(LedgerContract, a_pending_order_replays_what_the_carrier_said_last) {
  const Ask first{"a", 5, {}, {}, Idempotency{"k", "c"}};
  auto retry = first;
  retry.id = "b";
  ledger.hold(first);
  ledger.settle({"a", {.kind = SK::pending, .order_id = "o"}, StoredAnswer{.status = 202, .body = "later"}});
  EXPECT_EQ(told(ledger.hold(retry)), "replay 202 later");
  ledger.settle({"a",
                 {.kind = SK::granted, .granted = 5, .order_id = "o"},
                 StoredAnswer{.status = 200, .body = "done"}});
  EXPECT_EQ(told(ledger.hold(retry)), "replay 200 done");
}

TEST_P(LedgerContract, answers_are_kept_byte_for_byte) {
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte += char(byte);
  const Ask ask{"a", 1, {}, {}, Idempotency{"k", "c"}};
  ledger.hold(ask);
  ledger.settle({"a",
                 {.kind = SK::granted, .granted = 1},
                 StoredAnswer{.status = 201, .headers = {{"X", "\x82\xa0"}}, .body = every_byte}});
  auto again = ask;
  again.id = "b";
  const auto result = ledger.hold(again);
  EXPECT_EQ(result.answer.kind, HoldAnswer::Kind::replay);
  ASSERT_TRUE(result.replay);
  EXPECT_EQ(result.replay->body, every_byte);
  EXPECT_EQ(result.replay->headers.at(0).second, "\x82\xa0");
}

TEST_P(LedgerContract, a_hold_in_doubt_never_counts_once_it_is_given_up) {
  const Ask came{"came", 5, {&day_cap}, {}, Idempotency{"k", "c"}};
  ledger.hold(came);
  EXPECT_EQ(ledger.give_up(came), SettleAnswer::done);
  EXPECT_EQ(used("N"), 0);
  EXPECT_EQ(used("D20261124"), 0);
  EXPECT_TRUE(ledger.usage(corporate(1)).holds.empty());
  EXPECT_EQ(ledger.settle({"came", {.kind = SK::granted, .granted = 5}}), SettleAnswer::resolved_before);
  auto retry = came;
  retry.id = "retry";
  EXPECT_EQ(told(ledger.hold(retry)), "taken 5 left 100") << "its key is free again";

  const Ask late{"late", 7, {&day_cap}};
  ledger.give_up(late);
  EXPECT_EQ(told(ledger.hold(late)), "unavailable");
  EXPECT_EQ(used("N"), 5);
  EXPECT_EQ(ledger.give_up(late), SettleAnswer::resolved_before) << "twice is as good as once";
}

TEST_P(LedgerContract, giving_up_leaves_another_orders_key_alone) {
  ledger.hold({"a", 1, {}, {}, Idempotency{"k", "c"}});
  const Ask doubtful{"b", 1, {}, {}, Idempotency{"k", "c"}};
  ledger.give_up(doubtful);
  EXPECT_EQ(holds({"d", 1, {}, {}, Idempotency{"k", "c"}}), "in_flight");
}

TEST_P(LedgerContract, who_decided_by_a_registry_older_than_a_revocation_cannot_hold) {
  EXPECT_TRUE(wait(ledger.context(), ledger.port().fence(corporate(1), 5)));
  Ask late{.id = "a", .quantity = 3, .registry_serial = 4};
  const auto result = ledger.hold(late);
  EXPECT_EQ(told(result), "fenced");
  EXPECT_EQ(result.answer.fence, 5u);
  EXPECT_EQ(told(ledger.usage(corporate(1))), "") << "a fence is no count of numbers";
  late.who = corporate(2);
  EXPECT_EQ(holds(late), "taken 3 left") << "nobody else's fence";
  EXPECT_EQ(holds({.id = "b", .quantity = 3, .registry_serial = 5}), "taken 3 left");
}

// ---- what only Redis does

struct RedisLedgerTest : testing::Test {
  AnyLedger ledger{Which::redis, {.keep_answers = 24h, .answer_bytes = 10}};
  std::int64_t ttl(const std::string& key) {
    return ledger.redis().call({"PTTL", keys_of(key)}).integer().value_or(-9);
  }
  std::string keys_of(const std::string& key) { return "sekisho:{" + corporate(1).text() + "}:idem:" + key; }
};

TEST_F(RedisLedgerTest, finished_answers_are_kept_for_a_day_and_unfinished_orders_for_ever) {
  ledger.hold({"a", 1, {}, {}, Idempotency{"k", "c"}});
  EXPECT_EQ(ttl("k"), -1) << "in flight";
  ledger.settle({"a", {.kind = SK::pending, .order_id = "o"}, StoredAnswer{.status = 202}});
  EXPECT_GT(ttl("k"), 0);
  ledger.settle({"a", {.kind = SK::suspense}});
  EXPECT_EQ(ttl("k"), -1) << "unknown";
  ledger.settle({"a", {.kind = SK::granted, .granted = 1}, StoredAnswer{.status = 201}});
  EXPECT_GT(ttl("k"), std::int64_t(23) * 3600 * 1000);
  EXPECT_LE(ttl("k"), std::int64_t(24) * 3600 * 1000);
}

TEST_F(RedisLedgerTest, an_answer_that_is_too_large_is_told_without_its_body) {
  const Ask ask{"a", 1, {}, {}, Idempotency{"k", "c"}};
  ledger.hold(ask);
  ledger.settle(
      {"a", {.kind = SK::granted, .granted = 1}, StoredAnswer{.status = 201, .body = "eleven char"}});
  auto again = ask;
  again.id = "b";
  const auto replay = ledger.hold(again).replay;
  ASSERT_TRUE(replay);
  EXPECT_FALSE(replay->body_kept);
  EXPECT_EQ(replay->status, 201);
}

TEST_F(RedisLedgerTest, a_stored_answer_that_nobody_can_read_is_no_permission_to_order_again) {
  const Ask ask{"a", 1, {}, {}, Idempotency{"k", "c"}};
  ledger.hold(ask);
  ledger.settle({"a", {.kind = SK::granted, .granted = 1}, StoredAnswer{.status = 201}});
  ledger.redis().call({"HSET", keys_of("k"), "answer", "{broken"});
  auto again = ask;
  again.id = "b";
  EXPECT_EQ(told(ledger.hold(again)), "outcome_unknown");
}

TEST_F(RedisLedgerTest, days_that_no_limit_asks_for_are_swept_and_the_sums_stay) {
  const auto now = at("2026-01-10T10:00:00+09:00");
  ledger.hold({"a", 5, {}, {}, {}, false, NumberType::fixed, corporate(1), now});
  ledger.hold({"b", 5, {}, {}, {}, false, NumberType::fixed, corporate(1), now + 24h * 62});
  EXPECT_EQ(ledger.usage(corporate(1)).bucket(policy::bucket("D20260110")), 5) << "still within the 62 days";
  ledger.hold({"c", 5, {}, {}, {}, false, NumberType::fixed, corporate(1), now + 24h * 63});
  const auto usage = ledger.usage(corporate(1));
  EXPECT_EQ(usage.bucket(policy::bucket("D20260110")), 0);
  EXPECT_EQ(usage.bucket(policy::bucket("D20260313")), 5);
  EXPECT_EQ(usage.bucket(policy::bucket("M202601")), 5);
  EXPECT_EQ(usage.bucket(policy::bucket("L")), 15);
  EXPECT_EQ(usage.holds.size(), 3u) << "a hold never goes by time";
}

TEST_F(RedisLedgerTest, open_holds_of_everybody_are_listed_for_recovery) {
  ledger.hold({"a", 5, {}, {}, Idempotency{"k", "c"}});
  ledger.hold({"b", 6, {}, {}, {}, false, NumberType::fixed, corporate(2)});
  ledger.give_up({"gone", 1});
  auto open = wait(ledger.context(), ledger.port().open_holds()).value();
  std::sort(open.begin(), open.end(), [](const auto& a, const auto& b) { return a.hold.id < b.hold.id; });
  ASSERT_EQ(open.size(), 2u);
  EXPECT_EQ(open[0].operator_id, corporate(1));
  EXPECT_EQ(open[0].hold.key, "k");
  EXPECT_EQ(open[0].hold.ordinal, 1u);
  EXPECT_EQ(open[0].hold.gateway, "gw-0123456789abcdef/1");
  EXPECT_EQ(open[1].hold.quantity, 6);
}

TEST(RedisLedgerAlone, what_cannot_be_asked_is_unavailable) {
  asio::io_context context(1);
  RedisLink link(context.get_executor(), {});  // never started
  RedisLedger ledger(link, {});
  HoldRequest request{.operator_id = corporate(1)};
  const std::vector<Charge> charges;
  const std::vector<const Rule*> throttles;
  request.charges = &charges;
  request.throttles = &throttles;
  const auto held = wait(context, ledger.hold(request));
  EXPECT_EQ(held.answer.kind, HoldAnswer::Kind::unavailable);
  EXPECT_FALSE(held.in_doubt) << "nothing was sent";
  const SettleRequest settle{.operator_id = corporate(1)};
  EXPECT_EQ(wait(context, ledger.settle(settle)), SettleAnswer::unavailable);
  EXPECT_FALSE(wait(context, ledger.usage(corporate(1))));
  const std::vector<ReturnedNumber> numbers{{"0312345678", ""}};
  EXPECT_EQ(wait(context, ledger.release(corporate(1), numbers, {}, {})).kind,
            ReleaseResult::Kind::unavailable);
  EXPECT_FALSE(wait(context, ledger.trace("0312345678")));
}

}  // namespace
}  // namespace sekisho::cache
