#include "gateway/ids.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/policy/builders.h"

namespace sekisho::gateway {
namespace {

TEST(DecisionIds, sort_by_time_and_never_repeat) {
  DecisionIds ids, others;
  auto now = policy::at("2026-11-24T12:00:00+09:00");
  std::set<std::string> seen;
  std::string last;
  for (int i = 0; i < 1000; ++i, now += std::chrono::milliseconds(1)) {
    const auto id = ids.next(now);
    EXPECT_EQ(id.size(), 26u);
    EXPECT_EQ(id.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ"), id.npos) << id;
    EXPECT_LT(last, id);
    EXPECT_TRUE(seen.insert(id).second);
    EXPECT_TRUE(seen.insert(others.next(now)).second);
    EXPECT_EQ(time_of(id), now) << "an id tells when it was made";
    last = id;
  }
}

TEST(DecisionIds, nothing_else_is_one) {
  for (const auto no : {"", "01ARZ3NDEKTSV4RRFFQ69G5FA", "01ARZ3NDEKTSV4RRFFQ69G5FAVX",
                        "01arz3ndektsv4rrffq69g5fav", "01ARZ3NDEKTSV4RRFFQ69G5FAI"})
    EXPECT_FALSE(time_of(no)) << no;
}

TEST(Traceparent, ours_are_what_we_take_from_others) {
  DecisionIds ids;
  for (int i = 0; i < 100; ++i) {
    const auto trace = ids.traceparent();
    EXPECT_TRUE(is_traceparent(trace)) << trace;
  }
  const std::string good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  EXPECT_TRUE(is_traceparent(good));
  for (const auto& wrong : {std::string(), good + "0", good.substr(1), "01" + good.substr(2),
                            std::string("00-00000000000000000000000000000000-00f067aa0ba902b7-01"),
                            std::string("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"),
                            std::string("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"),
                            std::string("00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01"),
                            std::string("00-4bf92f3577b34da6a3ce929d0e0e473\"-00f067aa0ba902b7-01")})
    EXPECT_FALSE(is_traceparent(wrong)) << wrong;
}

}  // namespace
}  // namespace sekisho::gateway
