// Ids of decisions: 26 characters that sort by time (48 bits of milliseconds, 80 random bits, Crockford's
// base 32).
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>

#include "policy/calendar.h"

namespace sekisho::gateway {

class DecisionIds {
 public:
  DecisionIds();
  std::string next(policy::Instant now);
  std::string traceparent(bool sampled = true);  // a new W3C trace context
  std::uint64_t span();                          // an id of W3C trace context's, never 0

 private:
  std::mt19937_64 random_;
};

// When a decision was made, by its id; nothing: it is none.
std::optional<policy::Instant> time_of(std::string_view decision);

}  // namespace sekisho::gateway
