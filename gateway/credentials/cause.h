// Why a caller is nobody. For the journal, the log and a metric; outward all of these are one answer, so that
// it tells nothing about who exists.
#pragma once

#include <cstdint>
#include <string_view>

namespace sekisho::gateway {

enum class Cause : std::uint8_t {
  none,            // the caller is known
  missing,         // no credential was presented
  several,         // more than one kind, or one twice
  malformed,       // not in the form that its kind has
  unknown,         // nobody's: a key, a certificate, an issuer, the id of a key, a token's claims
  wrong,           // a signature that does not verify
  wrong_audience,  // a token for somebody else
  not_covered,     // a signature over less than it must cover
  altered,         // the body is not the one whose digest was signed
  expired,
  not_yet_valid,
  too_old,
  replayed,
  other_client,   // the certificate is one client's, the other credential another's
  wrong_network,  // the client calls from elsewhere
};
inline constexpr std::string_view cause_words[] = {
    "none",          "missing",        "several",     "malformed",    "unknown",
    "wrong",         "wrong-audience", "not-covered", "altered",      "expired",
    "not-yet-valid", "too-old",        "replayed",    "other-client", "wrong-network"};
constexpr auto& words_of(Cause) { return cause_words; }

}  // namespace sekisho::gateway
