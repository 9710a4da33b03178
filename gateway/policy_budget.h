// The activation budget: a policy that would have answered too many of the last day's orders otherwise does
// not come into force by itself. Somebody must say that it is meant, and why: `sekisho policy replay FILE
// --approve flips`.
//
// The approval is for one file, byte for byte (its digest), and lies in Redis, so that every gateway finds
// it.
#pragma once

#include <optional>
#include <string>

#include "cache/redis_link.h"
#include "cache/replay.h"
#include "cache/task.h"
#include "policy/calendar.h"

namespace sekisho::gateway {

struct FlipApproval {
  std::string digest;  // of the policy file
  std::string by, reason;
  policy::Instant at{};
};

// False: Redis could not be reached.
cache::Task<bool> approve_flips(cache::RedisLink& link, const FlipApproval& approval);
cache::Task<std::optional<FlipApproval>> approval_of(cache::RedisLink& link, const std::string& digest);

// Why a policy with these flips is over the budget; empty: it is within. `share`: from 0 to 1 of the
// decisions.
std::string over_budget(const cache::Replayed& found, double share);

}  // namespace sekisho::gateway
