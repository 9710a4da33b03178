// A call's part in its trace: followed when it comes, passed on to the carrier, told when it is over.
//
// The trace is the caller's, or begins here. What is told of it is one span for the call, and one for each
// step that took time (gateway/steps.h). Only where they are told does the carrier hear a span of ours as its
// parent: whoever looks for it finds it.
#pragma once

#include "gateway/pipeline.h"

namespace sekisho::gateway {

// Which trace it is, and whether its spans are told. The caller's word counts, where it brought one; whoever
// turns out to be nobody that is known is told of only where the gate had chosen so itself.
void follow_trace(Desk& desk, Exchange& x);

// Into the headers that the carrier gets.
void pass_trace_on(const Exchange& x, http::Headers& headers);

// What became of the call. `response`: what it was answered; null: a check, whose answer is written
// elsewhere.
void tell_spans(Desk& desk, const Exchange& x, const http::Response* response);

}  // namespace sekisho::gateway
