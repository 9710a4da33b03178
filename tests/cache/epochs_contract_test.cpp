// What the epochs promise, and what the ledger makes of them: tried on the model and on the real one.
#include <gtest/gtest.h>

#include "tests/cache/ledgers.h"

namespace sekisho::cache {
namespace {

using namespace policy;
using namespace std::chrono_literals;
using SK = Settlement::Kind;
using PK = Period::Kind;

class EpochsContract : public testing::TestWithParam<Which> {
 protected:
  EpochView beat(const Beat& beat) { return wait(ledger.context(), ledger.epochs().beat(beat)).value(); }
  bool told(const std::string& gateway, std::uint64_t epoch) {
    return wait(ledger.context(), ledger.epochs().told(gateway, epoch));
  }
  bool leave(const std::string& gateway, std::uint64_t epoch, std::uint64_t position) {
    return wait(ledger.context(), ledger.epochs().leave(gateway, epoch, position));
  }
  std::string holds(const Ask& ask) { return cache::told(ledger.hold(ask)); }
  Quantity used(std::string_view bucket) { return ledger.usage(corporate(1)).bucket(policy::bucket(bucket)); }
  static std::string list(const std::vector<std::string>& names) {
    std::string out;
    for (const auto& name : names) out += name + " ";
    return out;
  }

  AnyLedger ledger{GetParam()};  // epoch 1, in which one_gateway has told all
  const std::uint64_t one = ledger.footing.epoch, five = one + (std::uint64_t(4) << 32);
};

INSTANTIATE_TEST_SUITE_P(Both, EpochsContract, testing::Values(Which::memory, Which::redis),
                         [](const auto& which) { return which.param == Which::memory ? "memory" : "redis"; });

TEST_P(EpochsContract, a_gateway_without_a_past_joins_the_epoch_there_is) {
  const auto view = beat({.gateway = "gw-b"});
  EXPECT_EQ(view.epoch, one);
  EXPECT_TRUE(view.open);
  EXPECT_FALSE(view.waited);
  EXPECT_EQ(list(view.gateways), std::string(one_gateway) + " gw-b ");
}

// What makes a gateway suspect the ledger, and a new epoch begin.
TEST_P(EpochsContract, a_ledger_that_knows_too_little_begins_a_new_epoch) {
  struct {
    const char* says;
    Beat beat;
    bool begins;
  } const table[] = {
      {"nothing is wrong", {.gateway = one_gateway, .epoch = 0, .confirmed = 7, .position = 7}, false},
      {"it forgot how far it was", {.gateway = one_gateway, .epoch = 0, .confirmed = 8}, true},
      {"it forgot an epoch", {.gateway = one_gateway, .epoch = five}, true},
      {"it forgot a gateway", {.gateway = "gw-b", .has_past = true}, true},
      {"it forgot an order", {.gateway = one_gateway, .epoch = one, .missed = true}, true},
      {"an order of an epoch that is over", {.gateway = one_gateway, .epoch = 0, .missed = true}, false},
  };
  for (const auto& row : table) {
    ledger.forget();
    const auto before = ledger.open_epoch({.gateway = one_gateway});
    beat({.gateway = one_gateway, .epoch = before, .position = 7});
    auto next = row.beat;
    if (next.epoch == one) next.epoch = before;
    const auto view = beat(next);
    EXPECT_EQ(view.epoch != before, row.begins) << row.says;
    EXPECT_EQ(view.open, !row.begins) << row.says;
    EXPECT_EQ(view.waited, row.begins) << row.says;
    EXPECT_GT(view.epoch, row.begins ? row.beat.epoch : 0) << row.says;
  }
}

TEST_P(EpochsContract, nothing_is_open_before_everybody_has_told) {
  beat({.gateway = "gw-b", .epoch = one, .position = 3});
  const auto begun = beat({.gateway = one_gateway, .epoch = one, .confirmed = 99});
  EXPECT_EQ(list(begun.waiting), std::string(one_gateway) + " gw-b ");
  EXPECT_FALSE(told(one_gateway, one)) << "an epoch that is over";
  EXPECT_TRUE(told(one_gateway, begun.epoch));
  EXPECT_FALSE(beat({.gateway = one_gateway, .epoch = begun.epoch}).open);
  EXPECT_EQ(holds({"a", 1}), "unavailable lost");
  const auto other = beat({.gateway = "gw-b", .epoch = one, .confirmed = 3, .position = 9});
  EXPECT_EQ(other.epoch, begun.epoch);
  EXPECT_TRUE(other.waited);
  EXPECT_EQ(other.position, 3u) << "from where it must tell; no position is taken before it has";
  EXPECT_TRUE(told("gw-b", begun.epoch));
  EXPECT_TRUE(beat({.gateway = one_gateway, .epoch = begun.epoch}).open);
  ledger.footing = {begun.epoch, 0};
  EXPECT_EQ(holds({"b", 1}), "taken 1 left");
}

TEST_P(EpochsContract, a_position_of_another_epoch_is_not_believed) {
  beat({.gateway = one_gateway, .epoch = 0, .position = 7});
  EXPECT_EQ(beat({.gateway = one_gateway, .epoch = one}).position, 0u);
  EXPECT_EQ(beat({.gateway = one_gateway, .epoch = one, .position = 7}).position, 7u);
  EXPECT_EQ(beat({.gateway = one_gateway, .epoch = one, .position = 6}).position, 7u) << "it never falls";
}

TEST_P(EpochsContract, who_ended_well_is_not_waited_for_unless_that_is_forgotten) {
  beat({.gateway = "gw-b", .epoch = one, .position = 3});
  EXPECT_TRUE(leave("gw-b", one, 4));
  const auto begun = beat({.gateway = one_gateway, .epoch = one, .confirmed = 99});
  EXPECT_EQ(list(begun.waiting), std::string(one_gateway) + " ");
  EXPECT_FALSE(leave("gw-b", one, 9)) << "not in another epoch than the one it knows";
  ledger.forget();
  const auto after = beat({.gateway = one_gateway, .epoch = begun.epoch, .peers = begun.gateways});
  EXPECT_EQ(epoch_number(after.epoch), epoch_number(begun.epoch) + 1);
  EXPECT_EQ(list(after.waiting), std::string(one_gateway) + " gw-b ") << "what it counted is gone too";
  EXPECT_TRUE(told(one_gateway, after.epoch));
  EXPECT_TRUE(wait(ledger.context(), ledger.epochs().retire("gw-b")));
  const auto retired = beat({.gateway = one_gateway, .epoch = after.epoch});
  EXPECT_TRUE(retired.open);
  EXPECT_EQ(list(retired.gateways), std::string(one_gateway) + " ");
  EXPECT_GT(beat({.gateway = "gw-b", .epoch = one, .has_past = true}).epoch, after.epoch)
      << "it is back after all";
}

TEST_P(EpochsContract, only_who_stands_on_the_ledger_as_it_is_may_hold) {
  beat({.gateway = one_gateway, .epoch = one, .position = 7});
  struct {
    Footing footing;
    const char* answer;
  } const table[] = {{{one, 7}, "taken 1 left"},
                     {{one, 3}, "taken 1 left"},
                     {{one, 8}, "unavailable lost"},
                     {{five, 0}, "unavailable lost"}};
  for (const auto& row : table) {
    ledger.footing = row.footing;
    EXPECT_EQ(holds({"a" + std::to_string(row.footing.position), 1}), row.answer) << row.footing.position;
  }
  ledger.forget();
  ledger.footing = {one, 0};
  EXPECT_EQ(holds({"b", 1}), "unavailable lost");
  EXPECT_EQ(cache::told(ledger.usage(corporate(1))), "");
}

// what becomes of the order | what is counted after the ledger had forgotten it
TEST_P(EpochsContract, a_settlement_counts_anew_what_was_lost) {
  struct {
    Settlement becomes;
    Quantity counted, held, suspense;
  } const table[] = {
      {{.kind = SK::granted, .granted = 4, .numbers = {"0312345678"}}, 4, 0, 0},
      {{.kind = SK::granted, .granted = 12}, 12, 0, 0},
      {{.kind = SK::released}, 0, 0, 0},
      {{.kind = SK::pending, .order_id = "o-1"}, 10, 10, 0},
      {{.kind = SK::suspense}, 10, 0, 10},
  };
  for (const auto& row : table) {
    ledger.forget();
    ledger.footing.epoch = ledger.open_epoch({.gateway = one_gateway});
    const std::string id(name(row.becomes.kind));
    ASSERT_EQ(holds({id, 10, {}, {}, Idempotency{"k", "c"}}), "taken 10 left");
    ledger.forget();
    EXPECT_EQ(ledger.settle({id, row.becomes, StoredAnswer{.status = 201}}), SettleAnswer::restored) << id;
    const auto usage = ledger.usage(corporate(1));
    for (const auto* bucket : {"D20261124", "M202611", "L", "N", "N.fixed"})
      EXPECT_EQ(usage.bucket(policy::bucket(bucket)), row.counted) << id << " " << bucket;
    EXPECT_EQ(usage.held(), row.held) << id;
    EXPECT_EQ(usage.suspense(), row.suspense) << id;
    EXPECT_EQ(ledger.trace("0312345678").size(), row.becomes.numbers.size());
    EXPECT_EQ(ledger.hold_of_order(corporate(1), "o-1").has_value(), row.becomes.kind == SK::pending);
    const bool open = row.held + row.suspense > 0;
    EXPECT_EQ(ledger.settle({id, row.becomes, StoredAnswer{.status = 201}}),
              open ? SettleAnswer::done : SettleAnswer::resolved_before)
        << "once, however often it is told";
    EXPECT_EQ(cache::told(ledger.usage(corporate(1))), cache::told(usage)) << id;
    ledger.footing.epoch = ledger.open_epoch({.gateway = one_gateway});
    EXPECT_EQ(holds({"retry", 10, {}, {}, Idempotency{"k", "c"}}),
              row.becomes.kind == SK::suspense ? "outcome_unknown" : "replay 201 ")
        << "the idempotency key is back too";
  }
}

TEST_P(EpochsContract, what_lies_below_the_floor_is_known_without_a_word) {
  const Ask first{"a", 5}, second{"b", 5}, third{"c", 5};
  holds(first);
  ledger.settle({"a", {.kind = SK::granted, .granted = 5}});
  holds(second);
  ledger.floor = ledger.ordinal_of(corporate(1), "c");
  holds(third);
  EXPECT_EQ(ledger.settle({"a", {.kind = SK::granted, .granted = 5}}), SettleAnswer::resolved_before);
  EXPECT_EQ(ledger.settle({"b", {.kind = SK::granted, .granted = 5}}), SettleAnswer::done) << "open is open";
  EXPECT_EQ(used("N"), 15);
  const Ask late{"never came", 7};
  ledger.floor = ledger.ordinal_of(corporate(1), late.id) + 1;
  holds({"d", 1});
  EXPECT_EQ(holds(late), "unavailable") << "a hold below the floor was given up long ago";
}

TEST_P(EpochsContract, who_does_not_stand_on_the_ledger_moves_no_floor) {
  holds({"a", 5});
  holds({"b", 5});
  ledger.forget();
  ledger.floor = 99;
  EXPECT_EQ(ledger.settle({"b", {.kind = SK::granted, .granted = 5}}), SettleAnswer::restored);
  EXPECT_EQ(ledger.settle({"a", {.kind = SK::granted, .granted = 5}}), SettleAnswer::restored)
      << "not known by a floor that was told to a ledger which had lost it";
  EXPECT_EQ(used("N"), 10);
}

TEST_P(EpochsContract, numbers_are_given_back_by_the_grant_that_holds_them) {
  ledger.hold({"a", 1});
  ledger.settle({"a", {.kind = SK::granted, .granted = 1, .numbers = {"0312345678"}}});
  const auto before = at("2026-11-24T10:00:00+09:00");  // the grant came a second later
  for (const auto* named : {"other", ""})
    EXPECT_TRUE(ledger.release(corporate(1), std::vector<ReturnedNumber>{{"0312345678", named}}, before)
                    .released.empty());
  const auto open = ledger.footing;
  ledger.footing.epoch = five;
  EXPECT_EQ(ledger.release(corporate(1), std::vector<ReturnedNumber>{{"0312345678", "a"}}).kind,
            ReleaseResult::Kind::lost);
  ledger.footing = open;
  const auto result = ledger.release(corporate(1), std::vector<ReturnedNumber>{{"0312345678", "a"}});
  EXPECT_EQ(result.released, (std::vector<ReturnedNumber>{{"0312345678", "a"}}));
  EXPECT_EQ(used("N"), 0);
}

// The carrier gives a number again whose return the gate never saw; told in either order it is held once, by
// the later grant.
TEST_P(EpochsContract, a_number_is_held_once) {
  for (const bool later_first : {false, true}) {
    ledger.forget();
    ledger.footing.epoch = ledger.open_epoch({.gateway = one_gateway});
    const std::string x = later_first ? "x" : "y";
    ledger.hold({x + "1", 2});
    ledger.hold({x + "2", 2});
    const auto grant = [&](const std::string& id, std::chrono::seconds later) {
      ledger.settle({id,
                     {.kind = SK::granted, .granted = 2, .numbers = {"0312345678", "03" + id}},
                     {},
                     corporate(1),
                     at("2026-11-24T10:00:01+09:00") + later});
    };
    if (later_first) {
      grant(x + "2", 60s);
      grant(x + "1", 0s);
    } else {
      grant(x + "1", 0s);
      grant(x + "2", 60s);
    }
    EXPECT_EQ(used("N"), 3);
    EXPECT_EQ(used("L"), 4);
    const std::vector<ReturnedNumber> first{{"0312345678", x + "1"}}, second{{"0312345678", x + "2"}};
    EXPECT_TRUE(ledger.release(corporate(1), first, at("2026-11-24T10:00:30+09:00")).released.empty());
    EXPECT_EQ(ledger.release(corporate(1), second, at("2026-11-24T10:00:30+09:00")).released.size(), 1u)
        << "clocks differ";
    EXPECT_EQ(used("N"), 2);
  }
}

TEST_P(EpochsContract, counts_are_exact_beyond_what_a_double_holds) {
  const Quantity huge = 9'007'199'254'740'993;  // 2^53 + 1
  auto cap = limits("cap", huge + 1, {PK::lifetime});
  EXPECT_EQ(holds({"a", huge, {&cap}}),
            "taken " + std::to_string(huge) + " left " + std::to_string(huge + 1));
  EXPECT_EQ(holds({"b", 2, {&cap}}), "over 0");
  EXPECT_EQ(holds({"c", 1, {&cap}}), "taken 1 left 1");
  EXPECT_EQ(used("L"), huge + 1);
  cap.limit->trim = true;
  ledger.settle({"a", {.kind = SK::granted, .granted = huge - 2}});
  EXPECT_EQ(used("L"), huge - 1);
  Ask rest{"d", huge, {&cap}};
  rest.partial = true;
  EXPECT_EQ(holds(rest), "taken 2 left 2");
  cap = limits("cap", 3, {PK::lifetime});
  const auto refused = ledger.hold({"e", 1, {&cap}});
  EXPECT_EQ(cache::told(refused), "over 0") << "a limit that was lowered below what is counted";
}

}  // namespace
}  // namespace sekisho::cache
