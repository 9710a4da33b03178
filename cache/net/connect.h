// A TCP connection to a host by its name or address.
#pragma once

#include <cstdint>
#include <string>

#include "cache/net/stream.h"

namespace sekisho::net {

// Tries each of the host's addresses in turn. `given_up`: becomes true when whoever waits for this closes the
// socket; then no further one is tried. It and the socket outlive the call.
Task<bool> connect(Stream::Socket& socket, std::string host, std::uint16_t port, const bool& given_up);

}  // namespace sekisho::net
