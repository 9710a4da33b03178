#include "cache/recovery.h"

#include <gtest/gtest.h>

#include "cache/journal.h"
#include "tests/config/written.h"
#include "tests/policy/builders.h"

namespace sekisho::cache {
namespace {

using namespace policy;
using O = Outcome::Kind;
using S = Settlement::Kind;

const Instant now = at("2026-11-24T12:00:00+09:00");

OpenHold hold_of(const std::string& gateway, HoldState state = HoldState::held,
                 const std::string& order_id = "") {
  return {corporate(1),
          {.id = "d",
           .state = state,
           .quantity = 10,
           .day = day("2026-11-23"),
           .order_id = order_id,
           .gateway = gateway},
          "key"};
}

// what the journal says of the order | what becomes of the hold that is still open
TEST(PlanRecovery, the_journal_says_what_becomes_of_an_open_hold) {
  struct {
    const char* says;
    std::optional<JournaledOrder> order;
    S then;
    Quantity granted;
    bool answer_kept;
  } const table[] = {
      {"nothing", {}, S::released, 0, false},
      {"only the decision", JournaledOrder{}, S::released, 0, false},
      {"forwarding", JournaledOrder{.forwarding = true}, S::suspense, 0, false},
      {"unsent", JournaledOrder{.forwarding = true, .outcome = Outcome{.kind = O::unsent}}, S::released, 0,
       false},
      {"unknown", JournaledOrder{.forwarding = true, .outcome = Outcome{.kind = O::unknown}}, S::suspense, 0,
       false},
      {"granted", JournaledOrder{.forwarding = true, .outcome = Outcome{.kind = O::finished, .granted = 7}},
       S::granted, 7, true},
      {"refused by the carrier", JournaledOrder{.forwarding = true, .outcome = Outcome{.kind = O::finished}},
       S::released, 0, true},
      {"accepted",
       JournaledOrder{.forwarding = true, .outcome = Outcome{.kind = O::pending, .order_id = "o"}},
       S::pending, 0, true},
      {"settled, and Redis forgot",
       JournaledOrder{
           .forwarding = true, .settled = true, .outcome = Outcome{.kind = O::finished, .granted = 10}},
       S::granted, 10, true},
  };
  for (const auto& row : table) {
    JournaledOrders orders;
    if (row.order) orders["d"] = *row.order;
    const auto plan = plan_recovery(orders, {hold_of("gw-1/3")}, "gw-1", 4, now);
    ASSERT_EQ(plan.settlements.size(), 1u) << row.says;
    const auto& settle = plan.settlements[0];
    EXPECT_EQ(name(settle.settlement.kind), name(row.then)) << row.says;
    EXPECT_EQ(settle.settlement.granted, row.granted) << row.says;
    EXPECT_EQ(settle.answer.has_value(), row.answer_kept) << row.says;
    EXPECT_EQ(settle.idempotency_key, "key");
    EXPECT_EQ(settle.hold_id, "d");
    EXPECT_EQ(settle.now, now);
    if (settle.answer) {
      EXPECT_FALSE(settle.answer->body_kept) << "the carrier's words are gone";
    }
  }
}

TEST(PlanRecovery, only_holds_of_a_dead_boot_of_this_gateway_are_touched) {
  const std::pair<OpenHold, bool> table[] = {
      {hold_of("gw-1/3"), true},
      {hold_of("gw-1/1"), true},
      {hold_of("gw-1/4"), false},  // the present boot
      {hold_of("gw-1/44"), true},  // not a prefix match
      {hold_of("gw-2/3"), false},  // another gateway, perhaps alive
      {hold_of("gw-10/3"), false},
      {hold_of("gw-1/3", HoldState::suspense), false},     // known to be unknown
      {hold_of("gw-1/3", HoldState::held, "o-1"), false},  // the carrier will say
  };
  for (const auto& [hold, touched] : table)
    EXPECT_EQ(plan_recovery({}, {hold}, "gw-1", 4, now).settlements.size(), touched ? 1u : 0u)
        << hold.hold.gateway;
}

TEST(PlanRecovery, a_release_on_record_is_carried_out_unless_it_was) {
  JournaledOrder release{.operator_id = corporate(1),
                         .operation = Operation::release,
                         .outcome = Outcome{.kind = O::finished, .released = 1, .numbers = {"0312345678"}}};
  const auto planned = [&](const JournaledOrder& order) {
    return plan_recovery({{"d", order}}, {}, "gw-1", 4, now).releases;
  };
  ASSERT_EQ(planned(release).size(), 1u);
  EXPECT_EQ(planned(release)[0].numbers, std::vector<std::string>{"0312345678"});
  auto done = release, refused = release, allocation = release;
  done.settled = true;
  refused.outcome->released = 0;
  allocation.operation = Operation::allocate;
  EXPECT_TRUE(planned(done).empty());
  EXPECT_TRUE(planned(refused).empty());
  EXPECT_TRUE(planned(allocation).empty());
}

TEST(ReadOpenOrders, tells_the_orders_as_the_journal_has_them) {
  config::Folder folder;
  const auto directory = folder.path() / "journal";
  {
    const auto journal = Journal::open({.directory = directory});
    const auto head = "\"operator\":\"" + corporate(1).text() + "\",\"decision\":\"";
    journal->append(RecordKind::decision, now, head + "a\",\"operation\":\"allocate\"");
    journal->append(RecordKind::forwarding, now, head + "a\",\"operation\":\"allocate\"");
    journal->append(RecordKind::forwarding, now, head + "b\",\"operation\":\"allocate\"");
    journal->append(
        RecordKind::outcome, now,
        head +
            "b\",\"operation\":\"allocate\",\"result\":\"finished\",\"granted\":2,\"order_id\":\"o\","
            "\"numbers\":[\"0312345671\",\"0312345672\"]");
    journal->append(RecordKind::settled, now, head + "b\"");
    journal->append(RecordKind::outcome, now,
                    head +
                        "c\",\"operation\":\"release\",\"result\":\"finished\",\"released\":1,\"numbers\":["
                        "\"0312345671\"]");
  }
  const auto orders = read_open_orders(directory);
  ASSERT_EQ(orders.size(), 3u);
  EXPECT_TRUE(orders.at("a").forwarding);
  EXPECT_FALSE(orders.at("a").outcome);
  EXPECT_TRUE(orders.at("b").settled);
  EXPECT_EQ(orders.at("b").outcome->granted, 2);
  EXPECT_EQ(orders.at("b").outcome->numbers.size(), 2u);
  EXPECT_EQ(orders.at("b").outcome->order_id, "o");
  EXPECT_EQ(orders.at("c").operation, Operation::release);
  EXPECT_EQ(orders.at("c").outcome->released, 1);
  EXPECT_EQ(orders.at("c").operator_id, corporate(1));
}

}  // namespace
}  // namespace sekisho::cache
