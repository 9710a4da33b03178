// After a gateway died: what its journal and the ledger together say about the orders it had in hand.
//
// A hold of an earlier boot belongs to nobody alive. If the journal never said "forwarding", nothing can have
// been sent: it is released. If the journal has the carrier's answer, that is carried out. Otherwise nobody
// knows: suspense.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "cache/ledger.h"
#include "cache/redis_ledger.h"

namespace sekisho::cache {

// One order as the journal tells it.
struct JournaledOrder {
  policy::OperatorId operator_id;
  policy::Operation operation = policy::Operation::allocate;
  bool forwarding = false;  // it may have been sent
  bool settled = false;
  std::optional<policy::Outcome> outcome;
};
using JournaledOrders = std::map<std::string, JournaledOrder>;  // by decision id

// Reads the journal from where the newest checkpoint says that open orders begin.
JournaledOrders read_open_orders(const std::filesystem::path& directory);

// A release whose outcome is on record but not its settlement.
struct UnsettledRelease {
  policy::OperatorId operator_id;
  std::string decision;
  std::vector<std::string> numbers;
};

struct RecoveryPlan {
  std::vector<SettleRequest> settlements;
  std::vector<UnsettledRelease> releases;
};

// Pure. `gateway` is this gateway's id, `boot` its present boot.
RecoveryPlan plan_recovery(const JournaledOrders& orders, const std::vector<OpenHold>& holds,
                           const std::string& gateway, std::uint64_t boot, policy::Instant now);

}  // namespace sekisho::cache
