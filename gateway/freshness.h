// How old what we know is, against the ages that the configuration allows. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "config/settings.h"
#include "policy/decide.h"
#include "policy/registry.h"

namespace sekisho::gateway {

// `in_step_at`, `boot_now`: milliseconds of the clock that counts suspension; in_step_at 0: never in step.
policy::Freshness freshness(const config::Settings& settings, const policy::Registry& registry,
                            std::int64_t in_step_at, std::int64_t boot_now, policy::Instant now);

}  // namespace sekisho::gateway
