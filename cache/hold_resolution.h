// A person says how an order ended that nobody else can tell of: the same by command and by the admin API.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cache/ledger.h"
#include "cache/redis_link.h"

namespace sekisho::cache {

struct HoldResolution {
  std::string hold, reason, by;
  policy::Quantity granted = 0;      // 0: none was given
  std::vector<std::string> numbers;  // national digits, as far as they are known
};

struct ResolutionResult {
  // not_open: no such hold, or somebody resolved it meanwhile. under_way: its own gateway still hears of it.
  enum class Kind { done, not_open, under_way, unreachable } kind = Kind::unreachable;
  std::string trouble;                // not done: why, as a sentence
  std::vector<std::string> warnings;  // done, but not all that goes with it
  policy::OperatorId operator_id;
  policy::Quantity granted = 0, released = 0;
};

// What can be resolved is suspense, an order that the carrier accepted for later, or one whose gateway is
// gone for ten minutes. Who and why waits in Redis until the gateway that took the hold writes it into its
// journal.
Task<ResolutionResult> resolve_hold(RedisLink& link, const config::Settings& settings,
                                    HoldResolution resolution);

}  // namespace sekisho::cache
