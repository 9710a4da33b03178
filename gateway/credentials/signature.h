// A caller's signed request: HTTP Message Signatures (RFC 9421) with hmac-sha256, and the body by its
// Content-Digest (RFC 9530). Pure.
//
// One signature, over at least the method, the authority, the path, the query where there is one, and the
// digest where there is a body, with `created`, `keyid` and `nonce`. `@target-uri` is refused: its scheme is
// not known to a gate behind a TLS proxy. So are parameters of components, which no order needs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/clients.h"
#include "gateway/credentials/cause.h"
#include "gateway/http/message.h"
#include "policy/calendar.h"

namespace sekisho::gateway {

inline constexpr std::size_t nonce_bytes_max = 128;

struct SignedRequest {
  const config::SignatureKey* key = nullptr;  // null: see the cause
  Cause cause = Cause::none;
  std::string key_id, nonce;  // good once
};

// An unknown key is verified too, against a secret that nobody has, so that its answer comes no earlier.
SignedRequest read_signature(const http::Request& request, const config::Clients& clients,
                             policy::Instant now);

// What a caller sends with a request: Content-Digest (with a body), Signature-Input and Signature.
http::Headers sign(const http::Request& request, const std::string& key_id, const std::string& secret,
                   policy::Instant now, const std::string& nonce);

// The text that is signed (RFC 9421, 2.5): a line for each component, and one for the parameters, as they
// stand in `Signature-Input`. Nothing: a component is not there, or not one that can be signed here.
std::optional<std::string> signature_base(const http::Request& request,
                                          const std::vector<std::string>& components,
                                          std::string_view parameters);

// HMAC-SHA256, 32 bytes.
std::string hmac_sha256(std::string_view secret, std::string_view text);

}  // namespace sekisho::gateway
