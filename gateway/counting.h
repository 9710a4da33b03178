// What became of an exchange, and what it adds to the metrics.
#pragma once

#include "config/installation.h"
#include "gateway/earlier_orders.h"
#include "gateway/exchange.h"
#include "gateway/metrics.h"

namespace sekisho::gateway {

// "passed", "replayed", "carrier_failed", "refused"; of a check "checked".
std::string_view outcome_of(const Exchange& x);
// Of the reason for a refusal, or for the carrier's failing; else empty.
std::string_view code_of(const Exchange& x);

void count(Metrics& metrics, const Exchange& x, const http::Response& response);

// An order of earlier, whose end was told by another call.
void count_ended(Metrics& metrics, const EndedOrder& ended);

// Counts that are alarmed on stand there at 0 from the start: of a series that is born with its first event,
// Prometheus sees no rise, and the first event is the one that matters.
void count_from_zero(Metrics& metrics, const config::Installation& site);

}  // namespace sekisho::gateway
