// A caller's token: a JSON Web Token (RFC 7519) that its issuer signed (RFC 7515), read as RFC 8725 advises.
// Pure.
//
// What is verified decides how: the algorithm is the one that the issuer's key is for, and the token may only
// agree. Refused beside bad signatures: `none` and secrets as keys, `crit`, repeated members, padding, parts
// that have a second spelling, and anything that is not three parts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/clients.h"
#include "gateway/credentials/cause.h"
#include "policy/calendar.h"

namespace sekisho::gateway {

inline constexpr std::size_t token_bytes_max = 8 * 1024;

struct Token {
  std::size_t issuer = 0;                                   // into the issuers it was read for
  std::vector<std::pair<std::string, std::string>> claims;  // texts, integers and yes or no, as texts
  double expires = 0;                                       // seconds since 1970, as the others
  std::optional<double> not_before, issued;
  std::optional<std::string_view> claim(std::string_view name) const;
};

struct ReadToken {
  std::optional<Token> token;  // nothing: see the cause
  Cause cause = Cause::none;
};

// The token as it stood in the header of that name (in lower or upper case). A signature is verified also for
// an issuer or a key that nobody knows, against another key, so that no answer comes early.
ReadToken read_token(std::string_view text, std::string_view header,
                     const std::vector<config::TokenIssuer>& issuers, policy::Instant now);

// Whether a token that was good is good now: what changes with time, and nothing else.
Cause timely(const Token& token, const config::TokenIssuer& issuer, policy::Instant now);

}  // namespace sekisho::gateway
