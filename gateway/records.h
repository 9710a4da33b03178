// What the journal says of an order: the fields of each kind of record, as the inside of a JSON object. Pure.
//
// They carry what is needed to decide again and to recover the ledger; no credential and no body is among
// them.
#pragma once

#include <string>

#include "gateway/exchange.h"
#include "gateway/settlements.h"

namespace sekisho::gateway {

std::string decision_record(const Exchange& x);
std::string forwarding_record(const Exchange& x);
std::string outcome_record(const Exchange& x);
std::string settled_record(const cache::SettleRequest& request, cache::SettleAnswer answer);
std::string released_record(const ReleaseNumbers& release, policy::Quantity released);
// What a person said of an order in suspense: hold, operator, granted, by, reason.
std::string resolution_record(const std::vector<std::pair<std::string, std::string>>& said);
std::string policy_record(const config::Installation& site, std::string_view by = {},
                          std::string_view reason = {});
std::string registry_record(std::uint64_t serial, std::string_view kind, std::string_view by,
                            std::string_view reason, const std::vector<std::string>& operators);

}  // namespace sekisho::gateway
