#include "gateway/peer.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace sekisho::gateway {
namespace ip = boost::asio::ip;

namespace {

template <class Address, class Socket, class Bytes>
ip::address read(const void* data, Bytes Socket::*member) {
  Socket socket;
  std::memcpy(&socket, data, sizeof socket);
  typename Address::bytes_type bytes;
  std::memcpy(bytes.data(), &(socket.*member), bytes.size());
  return Address(bytes);
}

}  // namespace

std::optional<config::AddressBytes> bytes_of(const Peer& peer) {
  if (!peer.address) return std::nullopt;
  const auto& address = *peer.address;
  return address.is_v6() ? address.to_v6().to_bytes()
                         : ip::make_address_v6(ip::v4_mapped, address.to_v4()).to_bytes();
}

config::AddressBytes source_of(const Peer& peer) {
  auto bytes = bytes_of(peer).value_or(config::AddressBytes{});
  const bool mapped = ip::address_v6(bytes).is_v4_mapped();
  if (!mapped) std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t(0));
  return bytes;
}

std::optional<ip::address> address_of(const boost::asio::generic::stream_protocol::endpoint& remote) {
  const auto family = remote.protocol().family();
  if (family == AF_INET && remote.size() >= sizeof(sockaddr_in))
    return read<ip::address_v4>(remote.data(), &sockaddr_in::sin_addr);
  if (family == AF_INET6 && remote.size() >= sizeof(sockaddr_in6))
    return read<ip::address_v6>(remote.data(), &sockaddr_in6::sin6_addr);
  return std::nullopt;
}

}  // namespace sekisho::gateway
