// A hold as text, in Redis and in the journal:
// "state|quantity|type|day|since|carrier|gateway|ordinal|idempotency key|owner group|order id".
// The scripts read the first two, the carrier and the last; nothing else parses records.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "policy/usage.h"

namespace sekisho::cache {

std::string encode(const policy::Hold& hold);
// The parts around the quantity, which only the script knows (it may trim).
std::pair<std::string, std::string> encode_around_quantity(const policy::Hold& hold);
// Nothing for what is no record.
std::optional<policy::Hold> decode_hold(std::string_view id, std::string_view text);

// The carrier's order ids are foreign text: "|" is the one character that may not stand in a record.
std::string escape_order_id(std::string_view order_id);
std::string unescape_order_id(std::string_view text);

}  // namespace sekisho::cache
