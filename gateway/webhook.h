// Whether a call to a webhook is the carrier's: its signature over the body, as the adapter describes it.
// Pure.
#pragma once

#include <string_view>

#include "policy/adapter.h"
#include "policy/calendar.h"
#include "policy/reading.h"

namespace sekisho::gateway {

// The signature once, well-formed and right, over the time (where one is signed) and the very bytes of the
// body; and that time near to now. A body that comes twice is no harm: an order ends once.
bool is_from_carrier(const policy::Webhook& webhook, const policy::Lookup& headers, std::string_view body,
                     policy::Instant now);

}  // namespace sekisho::gateway
