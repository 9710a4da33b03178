// What rules do and guarantees hold: limits with their figures and periods, throttles, denials.
#pragma once

#include "config/kinds.h"
#include "policy/rules.h"

namespace sekisho::config {

void read_limit(Document& document, const Node& node, const policy::When& when, policy::Limit& limit);
// `what`: how the map is called in complaints.
void read_throttle(Document& document, const Node& node, policy::Throttle& throttle,
                   const std::string& what = "'throttle'");
void read_at_most(Document& document, const Node& node, policy::Guarantee& guarantee);

// A reason that a policy may give.
struct DenyCode {
  using type = policy::Reason;
  bool read(Document& document, const Node& node, policy::Reason& out) const;
};

}  // namespace sekisho::config
