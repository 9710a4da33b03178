// The gate's own answers: application/problem+json (RFC 9457), in Japanese or English, or in the dialect of a
// carrier's API.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/http/message.h"
#include "policy/calendar.h"
#include "policy/reason.h"

namespace sekisho::policy {
struct Denials;
}

namespace sekisho::http {

// A limit that bound, as the caller may see it.
struct ProblemLimit {
  std::string rule, code, per;
  std::int64_t limit = 0, used = 0, held = 0, left = 0;
  std::optional<policy::Instant> resets_at;
};

struct ProblemReason {
  std::string code, rule, basis;  // rule and basis empty: not told (confidential)
  std::string text, remedy;       // already in the caller's language
};

struct Problem {
  policy::Reason reason{};
  int status = 0;                      // 0: the table's
  std::string detail;                  // empty: the table's title
  std::string instance;                // the request's path
  std::string decision;                // decision id; empty when there is none
  std::string contact;                 // the carrier's desk; empty when unknown
  std::vector<ProblemReason> reasons;  // empty: one entry made from the table
  std::vector<ProblemLimit> limits;
  std::optional<int> retry_after;       // seconds, >= 1; a 503 without says 1
  std::vector<std::string> challenges;  // of a 401: how callers may present themselves; empty: by a token
};

// By RFC 9110 12.5.4 over "ja" and "en", with q values; English when nothing fits.
policy::Language choose_language(std::optional<std::string_view> accept_language);

// Body {type title status detail instance code reasons[] decision contact limits[]}, Content-Type,
// Content-Language, Cache-Control: no-store, Retry-After, Sekisho-Decision. 401 also carries
// WWW-Authenticate, 405 Allow (of the gate as a whole; set a narrower one where it is known). What is not
// known has no member. The connection is to be closed
// (`keep_alive` false) after answers about a message that could not be read to its end.
// `dialect`: another shape of the body and other statuses (gateway/http/dialect.h); the headers stay.
Response to_response(const Problem& problem, policy::Language language,
                     const policy::Denials* dialect = nullptr);

}  // namespace sekisho::http
