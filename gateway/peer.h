// Who is at the other end of a client's connection, as far as the connection itself tells.
#pragma once

#include <array>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/address.hpp>
#include <optional>
#include <string>

#include "config/network.h"

struct x509_st;

namespace sekisho::gateway {

// A client certificate that the TLS listener has verified.
struct PeerCertificate {
  std::array<unsigned char, 32> sha256{};  // of its DER
  std::string subject;                     // as RFC 4514 writes it
};

struct Peer {
  std::optional<boost::asio::ip::address> address;  // nothing: a unix socket
  std::optional<PeerCertificate> certificate;       // nothing: none was shown
};

// The address as networks are told apart by; nothing: a unix socket.
std::optional<config::AddressBytes> bytes_of(const Peer& peer);

// Whoever shares it counts as one caller where callers are slowed down: an IPv4 address, a /64 of IPv6 (which
// one customer has to itself), or all of a unix socket's, as "::".
config::AddressBytes source_of(const Peer& peer);

// What a certificate that was verified says of whoever showed it.
PeerCertificate read_certificate(const x509_st& certificate);

// The address of a socket's other end.
std::optional<boost::asio::ip::address> address_of(
    const boost::asio::generic::stream_protocol::endpoint& remote);

}  // namespace sekisho::gateway
