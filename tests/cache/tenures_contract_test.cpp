// Who had which number from when until when: tried on the model and on the real ledger.
#include <gtest/gtest.h>

#include "tests/cache/ledgers.h"

namespace sekisho::cache {
namespace {

using namespace policy;
using namespace std::chrono_literals;
using SK = Settlement::Kind;

class TenuresContract : public testing::TestWithParam<Which> {
 protected:
  void give(const std::string& id, std::vector<std::string> numbers, std::chrono::minutes later,
            std::int64_t who = 1) {
    const auto count = Quantity(numbers.size());
    ledger.hold({.id = id, .quantity = count, .who = corporate(who), .now = start + later});
    settle(id, std::move(numbers), later, who);
  }
  // Also what a journal tells again: the same words, with the moments that it knows.
  SettleAnswer settle(const std::string& id, std::vector<std::string> numbers, std::chrono::minutes later,
                      std::int64_t who = 1) {
    const Settlement settlement{.kind = SK::granted,
                                .granted = Quantity(numbers.size()),
                                .order_id = "o-" + id,
                                .numbers = std::move(numbers)};
    return ledger.settle({id, settlement, {}, corporate(who), start + later});
  }
  void give_back(const std::string& number, const std::string& decision, std::chrono::minutes later,
                 std::int64_t who = 1) {
    ledger.release(corporate(who), std::vector<ReturnedNumber>{{number, decision}}, start + later);
  }
  std::string held(std::chrono::minutes later, std::int64_t who = 1) {
    std::string out;
    for (const auto& one : ledger.numbers(corporate(who), start + later))
      out += one.number + " of " + one.decision + "; ";
    return out;
  }
  std::string everything() {
    std::string out;
    for (const auto* number : {"0311110000", "0311110001", "0311110002"})
      out += number + std::string(": ") + told(ledger.trace(number));
    for (const std::int64_t who : {1, 2})
      for (int minute = 0; minute < 60; ++minute) out += held(std::chrono::minutes(minute), who) + "/";
    return out + told(ledger.usage(corporate(1))) + told(ledger.usage(corporate(2)));
  }

  AnyLedger ledger{GetParam()};
  const Instant start = at("2026-11-24T10:00:00+09:00");
};

INSTANTIATE_TEST_SUITE_P(Both, TenuresContract, testing::Values(Which::memory, Which::redis),
                         [](const auto& which) { return which.param == Which::memory ? "memory" : "redis"; });

TEST_P(TenuresContract, what_was_held_at_a_moment_is_told_whatever_became_of_it) {
  give("a", {"0311110000", "0311110001"}, 10min);
  give_back("0311110000", "a", 20min);
  give("b", {"0311110000"}, 30min, 2);
  give_back("0311110000", "", 40min, 2);
  give("c", {"0311110000"}, 50min);
  struct {
    std::chrono::minutes at;
    const char *first, *second;
  } const table[] = {
      {9min, "", ""},
      {10min, "0311110000 of a; 0311110001 of a; ", ""},
      {19min, "0311110000 of a; 0311110001 of a; ", ""},
      {20min, "0311110001 of a; ", ""},
      {30min, "0311110001 of a; ", "0311110000 of b; "},
      {40min, "0311110001 of a; ", ""},
      {50min, "0311110000 of c; 0311110001 of a; ", ""},
      {24h * 365, "0311110000 of c; 0311110001 of a; ", ""},
  };
  for (const auto& row : table) {
    EXPECT_EQ(held(row.at, 1), row.first) << row.at.count();
    EXPECT_EQ(held(row.at, 2), row.second) << row.at.count();
  }
  EXPECT_EQ(told(ledger.numbers(corporate(1))),
            "0311110000 fixed 2026-11-24T10:50:00.000+09:00 c o-c; "
            "0311110001 fixed 2026-11-24T10:10:00.000+09:00 a o-a; ");
  EXPECT_EQ(told(ledger.numbers(corporate(1), start + 15min)),
            "0311110000 fixed 2026-11-24T10:10:00.000+09:00 a o-a until 2026-11-24T10:20:00.000+09:00; "
            "0311110001 fixed 2026-11-24T10:10:00.000+09:00 a o-a; ");
  EXPECT_EQ(told(ledger.trace("0311110000")),
            corporate(1).text() + " c o-c 2026-11-24T10:50:00.000+09:00..now; " + corporate(2).text() +
                " b o-b 2026-11-24T10:30:00.000+09:00..2026-11-24T10:40:00.000+09:00; " +
                corporate(1).text() +
                " a o-a 2026-11-24T10:10:00.000+09:00..2026-11-24T10:20:00.000+09:00; ");
}

TEST_P(TenuresContract, a_number_that_is_granted_again_ends_the_tenure_before) {
  give("a", {"0311110000"}, 10min);
  give("b", {"0311110000"}, 20min);  // the gate never saw it given back
  EXPECT_EQ(held(15min), "0311110000 of a; ");
  EXPECT_EQ(held(25min), "0311110000 of b; ");
  give_back("0311110000", "a", 18min);  // and hears of it late
  EXPECT_EQ(held(19min), "") << "it ended when it was given back";
  EXPECT_EQ(held(25min), "0311110000 of b; ");
}

TEST_P(TenuresContract, of_several_times_at_which_a_tenure_ended_the_earliest_counts) {
  for (const bool turned : {false, true}) {
    const std::string id = turned ? "b" : "a", number = turned ? "0311110001" : "0311110000";
    give(id, {number}, 10min);
    give_back(number, id, turned ? 30min : 20min);
    give_back(number, id, turned ? 20min : 30min);
    EXPECT_EQ(held(25min), "") << id;
    EXPECT_EQ(held(15min), (turned ? "0311110000 of a; " : "") + number + " of " + id + "; ");
  }
  give("c", {"0311110002"}, 10min);
  give_back("0311110002", "c", 5min);  // by a clock that lags
  EXPECT_EQ(told(ledger.trace("0311110002")),
            corporate(1).text() + " c o-c 2026-11-24T10:10:00.000+09:00..2026-11-24T10:10:00.000+09:00; ");
}

TEST_P(TenuresContract, a_past_that_was_lost_is_the_same_when_it_is_told_again_and_once_more) {
  const auto grants = [&] {
    settle("a", {"0311110000", "0311110001"}, 10min);
    settle("b", {"0311110000"}, 30min, 2);
    settle("c", {"0311110000", "0311110002"}, 50min);
  };
  const auto returns = [&] {
    give_back("0311110000", "a", 20min);
    give_back("0311110000", "b", 40min, 2);
    give_back("0311110002", "c", 55min);
  };
  give("a", {"0311110000", "0311110001"}, 10min);
  give_back("0311110000", "a", 20min);
  give("b", {"0311110000"}, 30min, 2);
  give_back("0311110000", "b", 40min, 2);
  give("c", {"0311110000", "0311110002"}, 50min);
  give_back("0311110002", "c", 55min);
  const auto before = everything();
  grants();
  returns();
  EXPECT_EQ(everything(), before) << "nothing was lost, and all is told again";
  ledger.forget();
  ledger.footing.epoch = ledger.open_epoch({.gateway = one_gateway});
  grants();
  returns();
  EXPECT_EQ(everything(), before) << "all grants first, then what was given back: as recovery does it";
  grants();
  returns();
  EXPECT_EQ(everything(), before);
}

TEST_P(TenuresContract, a_grant_that_is_told_after_the_number_was_given_back_has_ended) {
  ledger.hold({.id = "a", .quantity = 1, .now = start});
  ledger.hold({.id = "open", .quantity = 1, .now = start});  // so that it is noted what is gone
  give_back("0311110000", "a", 20min);
  EXPECT_EQ(settle("a", {"0311110000"}, 10min), SettleAnswer::done);
  EXPECT_EQ(held(15min), "0311110000 of a; ");
  EXPECT_EQ(held(20min), "");
  EXPECT_TRUE(ledger.numbers(corporate(1)).empty());
  EXPECT_EQ(ledger.usage(corporate(1)).bucket(policy::bucket("N")), 1) << "the open one";
}

}  // namespace
}  // namespace sekisho::cache
