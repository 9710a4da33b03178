// Who has and had which numbers, as text in Redis. While a number is held, the operator's `numbers` have
// "type|since|decision|owner group|order id" under it; once it is not, its `past` has "type|since|until|owner
// group|order id" under "number|decision". The scripts write them. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cache/ledger.h"

namespace sekisho::cache {

// Nothing for what is no record.
std::optional<GrantedNumber> decode_present(std::string_view number, std::string_view record);
std::optional<GrantedNumber> decode_past(std::string_view number_and_decision, std::string_view record);

// Of all grants, those that are held at a moment (none: that have not ended), one for each number, by number.
// A number that is granted again before it was given back is the later grant's.
std::vector<GrantedNumber> held_at(std::vector<GrantedNumber> grants, std::optional<policy::Instant> at);

Tenure tenure_of(const policy::OperatorId& id, const GrantedNumber& grant);
void newest_first(std::vector<Tenure>& tenures);

}  // namespace sekisho::cache
