// What the journal says of an order: the fields of each kind of record, as the inside of a JSON object. Pure.
//
// They carry what is needed to decide again and to recover the ledger; no credential and no body is among
// them.
#pragma once

#include <string>

#include "gateway/exchange.h"

namespace sekisho::gateway {

std::string decision_record(const Exchange& x);
std::string forwarding_record(const Exchange& x);
// `of`: the hold that the outcome is about, this order's or an earlier one's.
std::string outcome_record(const Exchange& x, const std::optional<policy::Hold>& of);
std::string policy_record(const config::Installation& site, std::string_view by = {},
                          std::string_view reason = {});
std::string registry_record(std::uint64_t serial, std::string_view kind, std::string_view by,
                            std::string_view reason, const std::vector<std::string>& operators);

}  // namespace sekisho::gateway
