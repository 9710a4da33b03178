#include "policy/settle.h"

#include <gtest/gtest.h>

namespace sekisho::policy {
namespace {

using O = Outcome::Kind;
using S = Settlement::Kind;

TEST(Settle, only_what_is_certain_changes_a_count) {
  struct {
    O outcome;
    Quantity granted;
    S then;
    Quantity counted;
  } const table[] = {
      {O::unsent, 0, S::released, 0},  //
      {O::unsent, 9, S::released, 0},  // nothing can have been granted
      {O::finished, 0, S::released, 0}, {O::finished, 7, S::granted, 7},
      {O::pending, 0, S::pending, 0},   {O::pending, 3, S::pending, 0},  // the carrier will say in the end
      {O::unknown, 0, S::suspense, 0},  {O::unknown, 5, S::suspense, 0},
  };
  for (const auto& row : table) {
    const auto settlement = settle({.kind = row.outcome, .granted = row.granted, .order_id = "o-1"});
    EXPECT_EQ(name(settlement.kind), name(row.then)) << int(row.outcome) << " " << row.granted;
    EXPECT_EQ(settlement.granted, row.counted) << int(row.outcome) << " " << row.granted;
  }
}

TEST(Settle, an_order_that_was_accepted_under_no_name_is_in_suspense) {
  EXPECT_EQ(name(settle({.kind = O::pending}).kind), name(S::suspense))
      << "nobody could tell which one it was";
}

TEST(Settle, the_carriers_order_and_numbers_are_kept) {
  const auto settlement =
      settle({.kind = O::finished, .granted = 2, .order_id = "o-1", .numbers = {"0312345678", "0312345679"}});
  EXPECT_EQ(settlement.order_id, "o-1");
  EXPECT_EQ(settlement.numbers.size(), 2u);
  EXPECT_EQ(settle({.kind = O::pending, .order_id = "o-2"}).order_id, "o-2");
}

}  // namespace
}  // namespace sekisho::policy
