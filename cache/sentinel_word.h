// What sentinels say of the master that they watch, and whom to believe. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "cache/redis_answer.h"
#include "config/settings.h"

namespace sekisho::cache {

// What a sentinel said last.
struct Named {
  config::Address master;
  std::uint64_t epoch = 0;
  std::chrono::steady_clock::time_point at;
};
// Out of its answers to GET-MASTER-ADDR-BY-NAME and, about the epoch, to MASTER. Nothing: it names no
// address.
std::optional<Named> named_by(const RedisAnswer& address, const RedisAnswer& about,
                              std::chrono::steady_clock::time_point now);

// Whom to connect to: the newest epoch counts, and its youngest word. Nothing when that word is stale: an
// older epoch is no way out, for its master is the one that was replaced. After a minute it is forgotten, so
// that sentinels may be set up anew.
std::optional<config::Address> newest(const std::vector<std::optional<Named>>& said,
                                      std::chrono::steady_clock::time_point now);

}  // namespace sekisho::cache
