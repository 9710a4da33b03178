// What a collector's answer to a batch of spans means (OTLP over HTTP). Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "gateway/http/message.h"

namespace sekisho::gateway {

struct CollectorAnswer {
  enum class Kind {
    taken,    // and never to be sent again, even where it did not like some of it
    later,    // nothing was taken; it may be another time
    refused,  // nothing was taken, nor will it ever be
  };
  Kind kind = Kind::later;
  std::uint64_t rejected = 0;         // taken: spans that it threw away
  std::chrono::milliseconds wait{0};  // later: as long as it asked for; 0: it did not say
  std::string why;                    // for the log; empty: all is well
};

// `now`: seconds since 1970, for an answer that names a moment.
CollectorAnswer understood(const http::Response& response, std::int64_t now);

}  // namespace sekisho::gateway
