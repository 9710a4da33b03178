#include "gateway/peer.h"

#include <netinet/in.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstring>
#include <memory>

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

PeerCertificate read_certificate(const x509_st& certificate) {
  PeerCertificate read;
  X509_digest(&certificate, EVP_sha256(), read.sha256.data(), nullptr);
  const std::unique_ptr<BIO, decltype(&BIO_free)> text(BIO_new(BIO_s_mem()), BIO_free);
  // As RFC 4514 (which took the place of 2253) writes it, in UTF-8.
  X509_NAME_print_ex(text.get(), X509_get_subject_name(&certificate), 0,
                     XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
  char* bytes = nullptr;
  const auto size = BIO_get_mem_data(text.get(), &bytes);
  read.subject.assign(bytes, static_cast<std::size_t>(size));
  return read;
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
