// What the operations beyond a plain order ask of a ledger: a confirmation in its reservation's place, a
// number that changes hands, an order on two accounts. On the model and on the real one.
#include <gtest/gtest.h>

#include "tests/cache/ledgers.h"

namespace sekisho::cache {
namespace {

using namespace policy;
using namespace std::chrono_literals;
using SK = Settlement::Kind;
using PK = Period::Kind;

class OperationsContract : public testing::TestWithParam<Which> {
 protected:
  Quantity used(std::string_view bucket) { return ledger.usage(corporate(1)).bucket(policy::bucket(bucket)); }
  std::string holds(const Ask& ask) { return told(ledger.hold(ask)); }
  void reserve(const std::string& id, Quantity quantity, Instant when, NumberType type = NumberType::fixed) {
    const Ask ask{.id = id, .quantity = quantity, .type = type, .now = when};
    ASSERT_EQ(ledger.hold(ask).answer.kind, HoldAnswer::Kind::taken);
    const End end{.id = id, .settlement = {.kind = SK::reserved, .order_id = "r-" + id}, .now = when};
    ASSERT_EQ(ledger.settle(end), SettleAnswer::done);
  }
  void give(const OperatorId& who, const std::string& id, const std::string& number, Instant when) {
    const Ask ask{.id = id, .quantity = 1, .who = who, .now = when, .group = group};
    ASSERT_EQ(ledger.hold(ask).answer.kind, HoldAnswer::Kind::taken);
    const Settlement granted{.kind = SK::granted, .granted = 1, .numbers = {number}};
    ASSERT_EQ(ledger.settle({id, granted, {}, who, when}), SettleAnswer::done);
  }

  AnyLedger ledger{GetParam()};
  std::string group;
  const Rule day_cap = limits("day", 10, {PK::day});
  const Instant now = at("2026-11-24T10:00:00+09:00");
};

INSTANTIATE_TEST_SUITE_P(Both, OperationsContract, testing::Values(Which::memory, Which::redis),
                         [](const auto& which) { return which.param == Which::memory ? "memory" : "redis"; });

// ---- a confirmation in its reservation's place

TEST_P(OperationsContract, a_confirmation_takes_the_place_of_its_reservation) {
  reserve("a", 8, now);
  EXPECT_EQ(used("L"), 8);
  const Ask confirm{.id = "c", .quantity = 8, .limits = {&day_cap}, .now = now, .confirms = "r-a"};
  const auto result = ledger.hold(confirm);
  EXPECT_EQ(told(result), "taken 8 left 10") << "what was reserved is not counted beside it";
  ASSERT_TRUE(result.confirmed);
  EXPECT_EQ(result.confirmed->id, "a");
  EXPECT_EQ(result.confirmed->quantity, 8);
  EXPECT_EQ(told(ledger.usage(corporate(1))),
            "D20261124=8 D20261124.fixed=8 L=8 L.fixed=8 M202611=8 M202611.fixed=8 N=8 N.fixed=8 "
            "| c held 8 fixed 2026-11-24 demo/ gw-0123456789abcdef/1 2026-11-24T10:00:00.000+09:00 ");
  EXPECT_FALSE(ledger.hold_of_order(corporate(1), "r-a"));
  EXPECT_EQ(ledger.settle({"a", {.kind = SK::granted, .granted = 8}}), SettleAnswer::resolved_before)
      << "the reservation has ended";
  EXPECT_EQ(used("L"), 8);
}

TEST_P(OperationsContract, a_refused_confirmation_leaves_the_reservation) {
  reserve("a", 8, now);
  const Ask too_much{.id = "c", .quantity = 11, .limits = {&day_cap}, .now = now, .confirms = "r-a"};
  const auto before = told(ledger.usage(corporate(1)));
  EXPECT_EQ(holds(too_much), "over 0");
  EXPECT_EQ(told(ledger.usage(corporate(1))), before);
  EXPECT_TRUE(ledger.hold_of_order(corporate(1), "r-a"));
}

TEST_P(OperationsContract, a_confirmation_on_another_day_moves_the_count_to_it) {
  reserve("a", 8, at("2026-11-30T23:00:00+09:00"));
  const Ask confirm{.id = "c", .quantity = 6, .now = at("2026-12-01T01:00:00+09:00"), .confirms = "r-a"};
  EXPECT_EQ(holds(confirm), "taken 6 left");
  EXPECT_EQ(
      told(ledger.usage(corporate(1))).substr(0, 96),
      "D20261201=6 D20261201.fixed=6 L=6 L.fixed=6 M202612=6 M202612.fixed=6 N=6 N.fixed=6 | c held 6 f");
}

struct Beside {
  std::string name;
  Settlement settlement;
  std::string confirms;
  NumberType type;
};

TEST_P(OperationsContract, only_a_reservation_of_that_name_and_type_gives_its_place) {
  const std::vector<Beside> rows = {
      {"in_suspense", {.kind = SK::suspense, .order_id = "r-a"}, "r-a", NumberType::fixed},
      {"pending", {.kind = SK::pending, .order_id = "r-a"}, "r-a", NumberType::fixed},
      {"another", {.kind = SK::reserved, .order_id = "r-b"}, "r-a", NumberType::fixed},
      {"another_type", {.kind = SK::reserved, .order_id = "r-a"}, "r-a", NumberType::mobile},
      {"no_confirmation", {.kind = SK::reserved, .order_id = "r-a"}, "", NumberType::fixed}};
  for (const auto& row : rows) {
    const auto who = corporate(int(&row - rows.data()) + 10);
    EXPECT_EQ(holds({.id = row.name, .quantity = 3, .who = who}), "taken 3 left");
    ledger.settle({row.name, row.settlement, {}, who});
    const Ask ask{
        .id = row.name + "-c", .quantity = 3, .type = row.type, .who = who, .confirms = row.confirms};
    const auto result = ledger.hold(ask);
    EXPECT_EQ(told(result), "taken 3 left") << row.name;
    EXPECT_FALSE(result.confirmed) << row.name;
    EXPECT_EQ(ledger.usage(who).bucket(policy::bucket("L")), 6) << row.name;
  }
}

// ---- a number that changes hands

TEST_P(OperationsContract, a_number_is_held_by_the_later_grant) {
  give(corporate(1), "a", "0312345678", now);
  EXPECT_TRUE(ledger.displaced.empty());
  give(corporate(2), "b", "0312345678", now + 1h);
  const std::vector<Displaced> expected{{corporate(1), {"0312345678", "a", "b"}, now + 1h - 1ms}};
  ASSERT_EQ(ledger.displaced, expected);
  EXPECT_EQ(ledger.release(corporate(1), {expected[0].number}, expected[0].at).released.size(), 1u);
  EXPECT_EQ(used("N"), 0);
  EXPECT_EQ(ledger.usage(corporate(2)).bucket(policy::bucket("N")), 1);
  EXPECT_EQ(told(ledger.trace("0312345678")),
            corporate(2).text() + " b  2026-11-24T11:00:00.000+09:00..now; " + corporate(1).text() +
                " a  2026-11-24T10:00:00.000+09:00..2026-11-24T10:59:59.999+09:00; ");
}

TEST_P(OperationsContract, an_earlier_grant_that_is_told_later_holds_nothing) {
  give(corporate(2), "b", "0312345678", now + 1h);
  give(corporate(1), "a", "0312345678", now);
  const std::vector<Displaced> expected{{corporate(1), {"0312345678", "a", "b"}, now + 1h - 1ms}};
  EXPECT_EQ(ledger.displaced, expected);
  // And one told after that sees whoever has it now.
  give(corporate(3), "c", "0312345678", now + 2h);
  bool seen = false;
  for (const auto& one : ledger.displaced) seen |= one.account == corporate(2) && one.at == now + 2h - 1ms;
  EXPECT_TRUE(seen);
}

TEST_P(OperationsContract, who_gave_a_number_back_is_not_displaced) {
  give(corporate(1), "a", "0312345678", now);
  ledger.release(corporate(1), std::vector<std::string>{"0312345678"}, now + 30min);
  give(corporate(2), "b", "0312345678", now + 1h);
  EXPECT_TRUE(ledger.displaced.empty());
}

TEST_P(OperationsContract, it_is_told_again_as_long_as_both_hold_it) {
  give(corporate(1), "a", "0312345678", now);
  give(corporate(2), "b", "0312345678", now + 1h);
  const Settlement again{.kind = SK::granted, .granted = 1, .numbers = {"0312345678"}};
  EXPECT_EQ(ledger.settle({"b", again, {}, corporate(2), now + 1h}), SettleAnswer::resolved_before);
  EXPECT_EQ(ledger.displaced.size(), 1u) << "a gateway may have died before it could give it back";
}

// ---- an order on two accounts

class GroupContract : public OperationsContract {
 protected:
  GroupContract() {
    group = "Umi グループ";
    joint.limit->of = Scope::owner_group;
  }
  Ask ask(const std::string& id, Quantity quantity, int who) {
    return {.id = id,
            .quantity = quantity,
            .limits = {&day_cap, &joint},
            .who = corporate(who),
            .now = now,
            .group = group};
  }
  policy::Usage of_group() { return ledger.usage(OperatorId::of_group(group)); }
  Rule joint = limits("joint", 15, {PK::day});
};

INSTANTIATE_TEST_SUITE_P(Both, GroupContract, testing::Values(Which::memory, Which::redis),
                         [](const auto& which) { return which.param == Which::memory ? "memory" : "redis"; });

TEST_P(GroupContract, members_share_what_the_group_has) {
  EXPECT_EQ(holds(ask("a", 9, 1)), "taken 9 left 10 15");
  EXPECT_EQ(holds(ask("b", 6, 2)), "taken 6 left 10 6");
  const auto before = told(ledger.usage(corporate(3)));
  const auto refused = ledger.hold(ask("c", 1, 3));
  EXPECT_EQ(told(refused), "over 1") << "by the group's limit alone";
  ASSERT_TRUE(refused.answer.of_group);
  EXPECT_EQ(refused.answer.of_group->bucket(policy::bucket("D20261124")), 15);
  EXPECT_EQ(told(ledger.usage(corporate(3))), before) << "a refused order takes nothing";
  EXPECT_EQ(holds(ask("d", 2, 1)), "over 0") << "its own limit";
  EXPECT_EQ(of_group().bucket(policy::bucket("L")), 15);
}

TEST_P(GroupContract, both_accounts_are_settled_and_given_back_together) {
  const std::vector<std::string> numbers{"0312345678", "0312345679"};
  ledger.hold(ask("a", 5, 1));
  ledger.settle({"a", {.kind = SK::granted, .granted = 2, .numbers = numbers}, {}, corporate(1), now});
  EXPECT_EQ(of_group().bucket(policy::bucket("N")), 2);
  EXPECT_TRUE(of_group().holds.empty());
  EXPECT_EQ(told(ledger.trace(numbers[0])), corporate(1).text() + " a  2026-11-24T10:00:00.000+09:00..now; ")
      << "the group holds nothing itself";
  EXPECT_EQ(ledger.release(corporate(1), {numbers[0]}), 1);
  EXPECT_EQ(of_group().bucket(policy::bucket("N")), 1);
  EXPECT_EQ(of_group().bucket(policy::bucket("L")), 2);
  EXPECT_EQ(ledger.release(corporate(1), {numbers[0]}), 0);
  EXPECT_EQ(of_group().bucket(policy::bucket("N")), 1);
}

// A gateway that dies between the two accounts leaves the other to somebody who hears of the grant later.
TEST_P(GroupContract, a_number_that_moves_within_it_stays_whenever_each_account_heard_of_the_grant) {
  const std::string number = "0312345678";
  const auto joint_account = OperatorId::of_group(group);
  const Settlement granted{.kind = SK::granted, .granted = 1, .numbers = {number}};
  ledger.hold(ask("a", 1, 1));
  ledger.settle({"a", granted, {}, corporate(1), now});
  ledger.hold(ask("b", 1, 2));
  SettleRequest early{.operator_id = joint_account,
                      .hold = of_group().holds.at(0),
                      .settlement = granted,
                      .now = now + 1h,
                      .footing = ledger.footing};
  wait(ledger.context(), ledger.port().settle(early));
  ledger.settle({"b", granted, {}, corporate(2), now + 2h});
  ASSERT_EQ(ledger.displaced.size(), 1u);
  const auto [account, earlier, at] = ledger.displaced[0];
  ledger.release(account, std::vector<ReturnedNumber>{earlier}, at);
  EXPECT_EQ(used("N"), 0);
  EXPECT_EQ(ledger.usage(corporate(2)).bucket(policy::bucket("N")), 1);
  EXPECT_EQ(of_group().bucket(policy::bucket("N")), 1);
}

TEST_P(GroupContract, nor_does_it_go_when_its_account_hears_of_the_grant_after_that_of_the_one_before) {
  const std::string number = "0312345678";
  const Settlement granted{.kind = SK::granted, .granted = 1, .numbers = {number}};
  ledger.hold(ask("a", 1, 1));
  ledger.settle({"a", granted, {}, corporate(1), now});
  ledger.hold(ask("b", 1, 2));
  ledger.release(OperatorId::of_group(group), std::vector<ReturnedNumber>{{number, "a", "b"}},
                 now + 2h - 1ms);
  EXPECT_EQ(of_group().bucket(policy::bucket("N")), 1) << "b, which is open";
  ledger.settle({"b", granted, {}, corporate(2), now + 1h});
  EXPECT_EQ(of_group().bucket(policy::bucket("N")), 1);
  ledger.release(corporate(2), std::vector<std::string>{number}, now + 3h);
  EXPECT_EQ(of_group().bucket(policy::bucket("N")), 0);
}

TEST_P(GroupContract, the_tighter_of_two_trims) {
  joint.limit->trim = true;
  auto own = day_cap;
  own.limit->trim = true;
  ledger.hold(ask("a", 9, 2));
  auto partial = ask("b", 12, 1);
  partial.limits = {&own, &joint};
  partial.partial = true;
  EXPECT_EQ(holds(partial), "taken 6 left 10 6");
  ledger.settle({"b", {.kind = SK::granted, .granted = 6}, {}, corporate(1), now});
  EXPECT_EQ(used("L"), 6) << "what its own account had more is given back";
  EXPECT_EQ(of_group().bucket(policy::bucket("L")), 15);
}

TEST_P(GroupContract, a_key_answers_again_without_the_group) {
  auto first = ask("a", 9, 1);
  first.idempotency = {"k", "content"};
  ledger.hold(first);
  const StoredAnswer answer{.status = 201, .body = "first"};
  ledger.settle({"a", {.kind = SK::granted, .granted = 9}, answer, corporate(1), now});
  ledger.hold(ask("b", 6, 2));
  auto again = ask("c", 9, 1);
  again.idempotency = {"k", "content"};
  EXPECT_EQ(holds(again), "replay 201 first") << "though the group has nothing left";
  EXPECT_EQ(of_group().bucket(policy::bucket("L")), 15);
}

TEST_P(GroupContract, a_confirmation_takes_its_place_on_both) {
  auto reserved = ask("a", 9, 1);
  ledger.hold(reserved);
  ledger.settle({"a", {.kind = SK::reserved, .order_id = "r-a"}, {}, corporate(1), now});
  auto confirm = ask("c", 9, 1);
  confirm.confirms = "r-a";
  EXPECT_EQ(holds(confirm), "taken 9 left 10 15");
  EXPECT_EQ(of_group().bucket(policy::bucket("L")), 9);
  EXPECT_EQ(of_group().holds.size(), 1u);
}

TEST_P(GroupContract, a_confirmation_that_the_group_refuses_leaves_no_reservation_behind) {
  ledger.hold(ask("a", 9, 1));
  ledger.settle({"a", {.kind = SK::reserved, .order_id = "r-a"}, {}, corporate(1), now});
  auto tighter = joint;
  tighter.limit->steps[0].value = 5;
  auto confirm = ask("c", 9, 1);
  confirm.confirms = "r-a";
  confirm.limits = {&day_cap, &tighter};
  EXPECT_EQ(holds(confirm), "over 1");
  EXPECT_EQ(told(ledger.usage(corporate(1))), "");
  EXPECT_EQ(told(of_group()), "");
}

}  // namespace
}  // namespace sekisho::cache
