// Who may call, and by which credentials the gate knows them: what the clients file says, with the secrets
// and keys of the files that it names.
//
// A credential belongs to one client, so every index here answers with one. The loader
// (config/clients_file.cpp) refuses what could mean two.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/digest.h"
#include "config/jwks.h"
#include "config/network.h"
#include "policy/rules.h"
#include "policy/types.h"

namespace sekisho::config {

struct Client {
  std::string id;
  policy::OperatorId operator_id;
  std::vector<std::string> carriers;                             // empty: all
  std::optional<policy::WordSet<policy::Operation>> operations;  // nothing: all
  std::vector<Network> networks;                                 // whence it calls; empty: from anywhere
  std::optional<policy::Throttle> rate;                          // nothing: as fast as it likes

  bool calls_from(const std::optional<AddressBytes>& source) const;  // nothing: a unix socket
};

// The secret of a key for signed requests, and whose it is.
struct SignatureKey {
  std::size_t client = 0;
  std::string secret;  // never logged
};

// Who issues tokens, and which of them are whose.
struct TokenIssuer {
  std::string name;                   // ours
  std::string issuer;                 // its own: the `iss` claim
  std::vector<std::string> audience;  // one of these must be meant
  policy::WordSet<Algorithm> algorithms = policy::WordSet<Algorithm>::all();
  std::chrono::milliseconds leeway{30'000};          // for clocks that differ
  std::optional<std::chrono::milliseconds> max_age;  // since `iat`
  std::string header = "Authorization";
  Jwks keys;
  // The claims that tell its tokens apart. All clients of an issuer are told apart by the same ones, so that
  // no token is two clients'.
  std::vector<std::string> told_by;
  std::unordered_map<std::string, std::size_t> clients;  // by `token_identity` of those claims
};

// The values of an issuer's `told_by` as one text that only they make.
std::string token_identity(const std::vector<std::string_view>& values);

struct Clients {
  std::string api_key_header = "X-Api-Key";
  std::vector<Client> all;
  ByDigest<std::size_t> by_key;                               // SHA-256 of an API key -> index into `all`
  ByDigest<std::size_t> by_certificate;                       // SHA-256 of a client certificate's DER
  std::unordered_map<std::string, std::size_t> by_subject;    // its subject, as RFC 4514 writes it
  std::unordered_map<std::string, SignatureKey> by_key_id;    // keys of signed requests
  std::chrono::milliseconds signature_window{5 * 60 * 1000};  // how far `created` may be from now
  std::size_t nonces = 1'000'000;                             // remembered at one time, by one gateway
  std::optional<policy::Throttle> source_rate;                // of one source, whoever it is; nothing: any
  std::vector<TokenIssuer> issuers;
};

}  // namespace sekisho::config
