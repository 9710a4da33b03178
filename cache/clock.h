// The two clocks, each read in one place: the one that tells dates, and the one that nobody sets.
#pragma once

#include <cstdint>

#include "policy/calendar.h"

namespace sekisho::cache {

policy::Instant wall_clock();

// Milliseconds of a clock that also counts while the machine or the process is suspended.
std::int64_t boot_ms();

}  // namespace sekisho::cache
