// What an exchange adds to the metrics.
#pragma once

#include "gateway/earlier_orders.h"
#include "gateway/exchange.h"
#include "gateway/metrics.h"

namespace sekisho::gateway {

void count(Metrics& metrics, const Exchange& x, const http::Response& response);

// An order of earlier, whose end was told by another call.
void count_ended(Metrics& metrics, const EndedOrder& ended);

}  // namespace sekisho::gateway
