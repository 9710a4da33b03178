// What the caller is told. Pure: a finished exchange in, a response out.
#pragma once

#include "gateway/exchange.h"
#include "gateway/http/message.h"
#include "gateway/http/reader.h"

namespace sekisho::gateway {

// The gate's own refusal, with every reason that may be told. What stands on the refusal list is never told.
http::Response refusal(const Exchange& x);

// The carrier's answer as it came, with the decision's id.
http::Response passed(const Exchange& x);

// The carrier gave no answer that could be passed.
http::Response carrier_failure(const Exchange& x);

// A stored answer, byte for byte.
http::Response replayed(const Exchange& x);

// What a retry with the same idempotency key will get.
cache::StoredAnswer to_store(const http::Response& carriers_answer);

// A message that could not be read as a request.
http::Response unreadable(const http::ReadFailure& failure, const http::Headers& read_so_far,
                          std::string_view contact);

}  // namespace sekisho::gateway
