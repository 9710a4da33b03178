#include "gateway/freshness.h"

#include <algorithm>
#include <optional>

namespace sekisho::gateway {

void KnownSince::heard_of(const policy::Sources& before, const policy::Sources& now, std::int64_t boot_now,
                          policy::Instant wall_now) {
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (!now[i].verified_at || (now[i].verified_at == before[i].verified_at && verified[i] != 0)) continue;
    const auto age = std::max<std::int64_t>(0, (wall_now - *now[i].verified_at).count());
    // The machine may have been started after the source was verified: moments before that are negative, and
    // 0 is kept for never.
    const auto at = boot_now - age;
    verified[i].store(at == 0 ? 1 : at, std::memory_order_relaxed);
  }
}

policy::Freshness freshness(const config::Settings& settings, const KnownSince& known,
                            std::int64_t boot_now) {
  policy::Freshness out;
  const auto judge = [&](std::int64_t at, const config::Age& allowed) {
    out.stale |= at == 0 || boot_now - at > allowed.hard.count();
    out.past_soft |= at == 0 || boot_now - at > allowed.soft.count();
  };
  judge(known.in_step.load(std::memory_order_relaxed), settings.link);
  for (const auto& [which, allowed] : settings.sources)
    judge(known.verified[static_cast<std::size_t>(which)].load(std::memory_order_relaxed), allowed);
  return out;
}

policy::JstDate Dates::today(policy::Instant wall_now) {
  not_before(wall_now);
  return policy::JstDate::of(latest());
}

void Dates::not_before(policy::Instant seen) {
  auto known = latest_.load(std::memory_order_relaxed);
  const auto at = policy::to_ms(seen);
  while (known < at && !latest_.compare_exchange_weak(known, at, std::memory_order_relaxed)) {
  }
}

std::chrono::milliseconds Dates::behind(policy::Instant wall_now) const {
  return std::max(std::chrono::milliseconds(0), latest() - wall_now);
}

}  // namespace sekisho::gateway
