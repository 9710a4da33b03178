// Ids of decisions: 26 characters that sort by time (48 bits of milliseconds, 80 random bits, Crockford's
// base 32).
#pragma once

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

// A traceparent as W3C Trace Context defines it (version 00, not all zeros).
bool is_traceparent(std::string_view text);

}  // namespace sekisho::gateway
