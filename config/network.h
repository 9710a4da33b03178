// Networks as lists of sources name them: a CIDR block, one address, or `unix` for whoever comes over a unix
// socket.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <variant>

namespace sekisho::config {

// An IPv6 address; an IPv4 address as IPv6 maps it (::ffff:192.0.2.1), so that there is one kind, and a
// caller is the same over either sort of socket.
using AddressBytes = std::array<unsigned char, 16>;

struct Network {
  AddressBytes base{};
  int bits = 0;               // how many of the first bits an address must share
  bool unix_sockets = false;  // instead of addresses

  bool has(const std::optional<AddressBytes>& source) const;  // nothing: a unix socket
  bool operator==(const Network&) const = default;
};

// The text form; or a sentence about what is wrong with it. A block whose address has bits behind its prefix
// is refused: either the address or the prefix is not what was meant.
std::variant<Network, std::string> parse_network(const std::string& text);

}  // namespace sekisho::config
