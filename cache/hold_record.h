// A hold as it lies in Redis: "state|quantity|type|day|since|carrier|gateway|idempotency key|order id".
// settle.lua reads the first two and the last; nothing else parses records.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "policy/usage.h"

namespace sekisho::cache {

struct HoldRecord {
  policy::Hold hold;
  std::string idempotency_key;  // digest; empty: none
};

std::string encode(const HoldRecord& record);
// The parts around the quantity, which only the script knows (it may trim).
std::pair<std::string, std::string> encode_around_quantity(const HoldRecord& record);
// Nothing for marks of voided holds and for what is no record.
std::optional<HoldRecord> decode_hold(std::string_view id, std::string_view text);

// The carrier's order ids are foreign text: "|" is the one character that may not stand in a record.
std::string escape_order_id(std::string_view order_id);
std::string unescape_order_id(std::string_view text);

}  // namespace sekisho::cache
