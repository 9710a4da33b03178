#include "gateway/overload.h"

#include <gtest/gtest.h>

namespace sekisho::gateway {
namespace {

using namespace std::chrono_literals;
using O = policy::Operation;

Overload after(std::initializer_list<std::chrono::milliseconds> ticks) {
  Overload overload(50ms);
  for (const auto late : ticks) overload.tick(late);
  return overload;
}

TEST(Overload, a_burst_sheds_nothing) {
  EXPECT_FALSE(after({}).sheds(O::allocate));
  EXPECT_FALSE(after({2s}).sheds(O::allocate));
  EXPECT_FALSE(after({2s, 2s, 2s, 2s}).sheds(O::allocate)) << "four of five";
  EXPECT_FALSE(after({51ms, 51ms, 51ms, 50ms, 51ms}).sheds(O::allocate));
}

TEST(Overload, a_queue_that_stands_sheds_orders_first_and_giving_back_last) {
  struct {
    std::chrono::milliseconds late;
    bool order, look, give_back;
  } table[] = {
      {50ms, false, false, false}, {51ms, true, false, false}, {401ms, true, true, false},
      {2000ms, true, true, false}, {2001ms, true, true, true},
  };
  for (const auto& row : table) {
    const auto overload = after({row.late, row.late, row.late, row.late, row.late});
    for (const auto operation : {O::allocate, O::reserve, O::confirm, O::transfer, O::port_in, O::modify})
      EXPECT_EQ(overload.sheds(operation), row.order) << row.late.count() << " ms";
    for (const auto operation : {O::search, O::status, O::pass})
      EXPECT_EQ(overload.sheds(operation), row.look) << row.late.count() << " ms";
    for (const auto operation : {O::release, O::cancel})
      EXPECT_EQ(overload.sheds(operation), row.give_back) << row.late.count() << " ms";
  }
}

TEST(Overload, it_is_over_with_the_first_tick_in_time) {
  auto overload = after({1s, 1s, 1s, 1s, 1s});
  EXPECT_TRUE(overload.sheds(O::allocate));
  overload.tick(10ms);
  EXPECT_FALSE(overload.sheds(O::allocate));
}

TEST(Overload, a_carrier_that_lets_orders_wait_counts_too) {
  const auto calm = after({});
  EXPECT_FALSE(calm.sheds(O::allocate, 500ms));
  EXPECT_TRUE(calm.sheds(O::allocate, 501ms));
  EXPECT_FALSE(calm.sheds(O::release, 20s));
}

}  // namespace
}  // namespace sekisho::gateway
