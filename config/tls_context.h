// From certificate files to what a connection is secured by: made once when files are loaded, and again at
// each reload, so that what is wrong with them is said where all other files are checked.
//
// TLS 1.2 and 1.3 with forward secrecy and authenticated ciphers only; no renegotiation, no compression, no
// early data. A certificate that is revoked or expired is refused, and so is a peer of whose issuer no
// current revocation list is known where such lists are given: an old list proves nothing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

struct ssl_ctx_st;

namespace sekisho::config {

// PEM files; empty: none.
struct TlsFiles {
  std::filesystem::path certificate;  // our own, behind it the issuers that a peer needs to know
  std::filesystem::path key;          // of the certificate; unencrypted
  std::filesystem::path ca;           // who issues our peers' certificates
  std::filesystem::path crl;          // what those have revoked
  bool operator==(const TlsFiles&) const = default;
};

struct ServerTls {
  TlsFiles files;                // `ca`: clients are asked for certificates of these
  bool client_required = false;  // and turned away without one
  bool operator==(const ServerTls&) const = default;
};

struct ClientTls {
  TlsFiles files;           // without `ca`: what this machine trusts
  std::string server_name;  // that the server's certificate must have; empty: the host that we connect to
  bool operator==(const ClientTls&) const = default;
};

// Immutable once made; any thread may begin connections by it.
using TlsContext = std::shared_ptr<ssl_ctx_st>;

struct TlsError : std::runtime_error {
  TlsError(std::filesystem::path file, const std::string& text)
      : std::runtime_error(text), file(std::move(file)) {}
  std::filesystem::path file;
};

// Both throw TlsError, which names the file and what is wrong with it, and never quotes from it.
TlsContext server_context(const ServerTls& tls);
TlsContext client_context(const ClientTls& tls);

// The last second at which our own certificate is good, in seconds since 1970; 0: it has none.
std::int64_t not_after(const TlsContext& context);

}  // namespace sekisho::config
