// W3C Trace Context, level 1: what a call says of the trace that it belongs to, and what of that goes on to
// the carrier. Pure.
//
// What is not as the standard has it counts for nothing. Without one good traceparent a new trace begins, and
// a tracestate that came all the same is of no trace that we know. A tracestate that is broken anywhere is
// dropped whole, and takes nothing with it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/http/message.h"

namespace sekisho::http {

// A traceparent of version 00, and not all zeros.
bool is_traceparent(std::string_view text);

// The caller's traceparent; nothing: there is none, several, or a broken one. One of version 00 is told as it
// came, one of a later version as 00 has it.
std::optional<std::string> traceparent_of(const Headers& headers);

// The list in all tracestate lines together, as one line; empty: nothing, or nothing good.
std::string tracestate_of(const Headers& headers);

// The parts of a good traceparent.
std::string_view trace_id(std::string_view traceparent);
std::string_view parent_id(std::string_view traceparent);
bool is_sampled(std::string_view traceparent);

// The same trace, and the same flags as far as the standard knows them, from another span on.
std::string with_parent(std::string_view traceparent, std::uint64_t span);

// Whether this trace is of the share that is sampled: by its id, so that everybody with the same share, or a
// larger one, chooses it too.
bool is_chosen(std::string_view traceparent, double share);

// 16 hexadecimal digits.
std::string span_id(std::uint64_t id);

}  // namespace sekisho::http
