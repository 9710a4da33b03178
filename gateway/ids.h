// Ids of decisions: 26 characters that sort by time (48 bits of milliseconds, 80 random bits, Crockford's
// base 32).
#pragma once

#include <optional>
#include <random>
#include <string>

#include "policy/calendar.h"

namespace sekisho::gateway {

class DecisionIds {
 public:
  DecisionIds();
  std::string next(policy::Instant now);
  std::string traceparent();  // a new W3C trace context

 private:
  std::mt19937_64 random_;
};

// When a decision was made, by its id; nothing: it is none.
std::optional<policy::Instant> time_of(std::string_view decision);

// A traceparent as W3C Trace Context defines it (version 00, not all zeros).
bool is_traceparent(std::string_view text);

}  // namespace sekisho::gateway
