#include "gateway/freshness.h"

namespace sekisho::gateway {

policy::Freshness freshness(const config::Settings& settings, const policy::Registry& registry,
                            std::int64_t in_step_at, std::int64_t boot_now, policy::Instant now) {
  policy::Freshness out;
  const auto judge = [&](std::optional<std::int64_t> age, const config::Age& allowed) {
    out.stale |= !age || *age > allowed.hard.count();
    out.past_soft |= !age || *age > allowed.soft.count();
  };
  judge(in_step_at == 0 ? std::nullopt : std::optional(boot_now - in_step_at), settings.link);
  for (const auto& [which, allowed] : settings.sources) {
    const auto& verified_at = registry.source(which).verified_at;
    judge(verified_at ? std::optional((now - *verified_at).count()) : std::nullopt, allowed);
  }
  return out;
}

}  // namespace sekisho::gateway
