#include <gtest/gtest.h>

#include "gateway/log_repeats.h"

namespace sekisho::gateway::log {
namespace {

using namespace std::chrono_literals;

TEST(LogRepeats, a_message_is_written_so_often_in_a_window_and_then_told_how_often_it_was_not) {
  Repeats repeats;
  const Repeats::Time start{1h};
  for (std::uint64_t i = 0; i < Repeats::most; ++i) EXPECT_EQ(repeats.left_out("a", start + i * 1ms), 0u);
  EXPECT_EQ(repeats.left_out("a", start + 1s), std::nullopt);
  EXPECT_EQ(repeats.left_out("b", start + 1s), 0u) << "another message";
  EXPECT_EQ(repeats.left_out("a", start + 2s), std::nullopt);
  EXPECT_EQ(repeats.left_out("a", start + 10s), 2u) << "told with the first of the next window";
  EXPECT_EQ(repeats.left_out("a", start + 10s), 0u);
}

TEST(LogRepeats, memory_is_bounded_however_many_messages_there_are) {
  Repeats repeats;
  const Repeats::Time now{1h};
  for (std::uint64_t i = 0; i <= Repeats::most; ++i) repeats.left_out("a", now);
  EXPECT_EQ(repeats.left_out("a", now), std::nullopt);
  for (std::size_t i = 0; i < Repeats::messages; ++i) repeats.left_out(std::to_string(i), now);
  EXPECT_EQ(repeats.left_out("a", now), 0u) << "forgotten, and written";
}

}  // namespace
}  // namespace sekisho::gateway::log
