#include "gateway/freshness.h"

#include <gtest/gtest.h>

#include "tests/policy/builders.h"

namespace sekisho::gateway {
namespace {

using namespace std::chrono_literals;
using policy::Register;

TEST(Freshness, the_oldest_of_what_must_be_fresh_counts) {
  config::Settings settings;
  settings.link = {5s, 60s};
  settings.sources[Register::etoc] = {48h, 336h};
  const auto now = policy::at("2026-11-24T12:00:00+09:00");
  constexpr std::int64_t boot_now = 1'000'000'000;
  constexpr std::int64_t never = -1;
  struct {
    std::int64_t link_age;  // milliseconds
    std::int64_t etoc_age;  // hours
    bool stale, past_soft;
  } const table[] = {
      {0, 1, false, false},       {5000, 48, false, false},     {5001, 1, false, true},
      {0, 49, false, true},       {60'000, 336, false, true},   {60'001, 1, true, true},
      {0, 337, true, true},       {never, 1, true, true},       {0, never, true, true},
      {never, never, true, true}, {100'000'000, 1, true, true},  // the machine was suspended for a day
  };
  for (const auto& row : table) {
    std::array<policy::SourceStatus, 4> sources{};
    if (row.etoc_age != never) sources[0].verified_at = now - row.etoc_age * 1h;
    const auto registry = policy::Registry().with({}, 1, sources);
    const auto in_step_at = row.link_age == never ? 0 : boot_now - row.link_age;
    const auto fresh = freshness(settings, *registry, in_step_at, boot_now, now);
    EXPECT_EQ(fresh.stale, row.stale) << row.link_age << " " << row.etoc_age;
    EXPECT_EQ(fresh.past_soft, row.past_soft) << row.link_age << " " << row.etoc_age;
  }
}

TEST(Freshness, a_source_that_nobody_asks_for_may_be_missing) {
  config::Settings settings;
  const auto fresh =
      freshness(settings, policy::Registry(), 1000, 1000, policy::at("2026-11-24T12:00:00+09:00"));
  EXPECT_FALSE(fresh.stale);
}

}  // namespace
}  // namespace sekisho::gateway
