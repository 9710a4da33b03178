#include "config/network.h"

#include <arpa/inet.h>

#include <algorithm>
#include <string_view>

namespace sekisho::config {
namespace {

constexpr int mapped_bits = 96;  // of ::ffff:0:0/96, in front of an IPv4 address

struct Parsed {
  AddressBytes bytes{};
  int first_bit = 0;  // where the address begins as it was written
};

std::optional<Parsed> parse_address(const std::string& text) {
  Parsed out;
  if (::inet_pton(AF_INET, text.c_str(), out.bytes.data() + 12) == 1) {
    out.bytes[10] = out.bytes[11] = 0xff;
    out.first_bit = mapped_bits;
    return out;
  }
  if (::inet_pton(AF_INET6, text.c_str(), out.bytes.data()) == 1) return out;
  return std::nullopt;
}

std::optional<int> parse_prefix(std::string_view text, int most) {
  const bool digits = !text.empty() && text.size() <= 3 && text.find_first_not_of("0123456789") == text.npos;
  if (!digits || (text[0] == '0' && text.size() > 1)) return std::nullopt;
  const int bits = std::stoi(std::string(text));
  return bits <= most ? std::optional(bits) : std::nullopt;
}

bool share_bits(const AddressBytes& a, const AddressBytes& b, int bits) {
  const int whole = bits / 8, rest = bits % 8;
  if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
  return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

}  // namespace

bool Network::has(const std::optional<AddressBytes>& source) const {
  if (unix_sockets || !source) return unix_sockets && !source;
  return share_bits(base, *source, bits);
}

std::variant<Network, std::string> parse_network(const std::string& text) {
  Network out;
  if (text == "unix") return out.unix_sockets = true, out;
  const auto slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address)
    return "expected a network such as 192.0.2.0/24 or 2001:db8::/32, an address, or 'unix', not '" + text +
           "'";
  out.bits = 128;
  if (slash != text.npos) {
    const int most = 128 - address->first_bit;
    const auto bits = parse_prefix(std::string_view(text).substr(slash + 1), most);
    if (!bits) return "expected a prefix from 0 to " + std::to_string(most) + " behind '/' in '" + text + "'";
    out.bits = address->first_bit + *bits;
  }
  for (int bit = 0; bit < out.bits; ++bit) out.base[bit / 8] |= address->bytes[bit / 8] & (0x80 >> bit % 8);
  if (out.base != address->bytes) return "'" + text + "' has bits of the address behind its prefix";
  return out;
}

}  // namespace sekisho::config
