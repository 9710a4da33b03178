// What a gateway takes from itself before it hears the first byte from outside, so that whoever finds a way
// in finds nothing to do there.
//
// It gains no privileges again, keeps the right to listen on low ports and no other, starts no program and no
// process, and touches neither other processes' memory nor the kernel's settings: a call that does ends it.
// Nobody reads its memory: no core dumps, no tracing by its own user.
#pragma once

namespace sekisho::gateway {

// Of this process and all threads to come; to be called before there are others. Throws std::runtime_error
// where the kernel refuses. Does nothing in builds with sanitizers, which trace themselves.
void confine();

}  // namespace sekisho::gateway
