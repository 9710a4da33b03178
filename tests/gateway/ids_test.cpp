#include "gateway/ids.h"

#include <gtest/gtest.h>

#include <set>

#include "gateway/http/trace_context.h"
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
    const bool sampled = i % 2;
    const auto trace = ids.traceparent(sampled);
    EXPECT_TRUE(http::is_traceparent(trace)) << trace;
    EXPECT_EQ(http::is_sampled(trace), sampled) << trace;
    EXPECT_NE(ids.span(), 0u);
  }
}

}  // namespace
}  // namespace sekisho::gateway
