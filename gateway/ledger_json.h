// What the ledger counts, as the `ledger` commands print it and as the admin API tells it. Pure.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <vector>

#include "cache/ledger.h"
#include "policy/decide.h"

namespace sekisho::gateway {

// What is counted of one account today, and what its limits leave. `of_group`: of its owner group, if it has
// one.
struct Account {
  policy::OperatorId id;
  policy::Usage usage;
  std::vector<policy::StandingLimit> limits;
};
Account account_today(const policy::Policy& policy, const policy::PackedRecord* record,
                      const policy::OperatorId& id, policy::Usage usage, const policy::Usage* of_group,
                      policy::JstDate today);

// {operator, granted, held, suspense, limits: [{rule, code, per, limit, used, held, left, resets_at,
// applies}]}
boost::json::object account_json(const Account& account);

// Open holds, each once: an order of a group's member stands on both accounts, alone on the group's only when
// its gateway died in between.
std::vector<cache::OpenHold> each_once(std::vector<cache::OpenHold> open);
// {hold, operator, state, reserved, quantity, number_type, carrier, order_id, since, decision, gateway}
boost::json::object hold_json(const cache::OpenHold& open);

// [{number, granted_at, decision}]
boost::json::array granted_json(const std::vector<cache::GrantedNumber>& numbers);

}  // namespace sekisho::gateway
