// How old what we know is, against the ages that the configuration allows; and what day it is.
//
// Ages are counted by the clock that also counts suspension and that nobody sets: a wall clock that is set
// back makes nothing young again. The day never goes back either: a certificate that has ended once has
// ended.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "config/settings.h"
#include "policy/decide.h"
#include "policy/registry.h"

namespace sekisho::gateway {

// Moments in milliseconds of boot_ms; 0: never. Written by the control thread, read by all.
struct KnownSince {
  std::atomic<std::int64_t> in_step{0};                                                    // with Redis
  std::array<std::atomic<std::int64_t>, policy::count_of<policy::Register>()> verified{};  // each source

  // A source's wall-clock moment of verification becomes an age once, when it is heard of.
  void heard_of(const policy::Sources& before, const policy::Sources& now, std::int64_t boot_now,
                policy::Instant wall_now);
};

policy::Freshness freshness(const config::Settings& settings, const KnownSince& known, std::int64_t boot_now);

class Dates {
 public:
  policy::JstDate today(policy::Instant wall_now);  // the latest day that was ever seen
  void not_before(policy::Instant seen);            // e.g. in an earlier life of this gateway
  // How far the wall clock stands behind the latest moment that was seen; 0: it does not.
  std::chrono::milliseconds behind(policy::Instant wall_now) const;
  policy::Instant latest() const { return policy::from_ms(latest_.load(std::memory_order_relaxed)); }

 private:
  std::atomic<std::int64_t> latest_{0};
};

}  // namespace sekisho::gateway
