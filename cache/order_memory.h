// What is remembered of orders beside the count: which wait for the carrier, and what an earlier answer told.
// A port; `memory_order_memory` is its model, `redis_order_memory` the real one.
//
// Nothing here is counted. What is lost makes an order wait longer, or is refused and asked for again; it
// never lets a number through.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cache/task.h"
#include "policy/types.h"

namespace sekisho::cache {

// An order that the carrier accepted, and has not told the end of.
struct WaitingOrder {
  std::string carrier, order_id;  // the carrier's
  policy::OperatorId account;     // on whose it stands in the ledger
  bool operator==(const WaitingOrder&) const = default;
};

// What a search found or a reservation keeps: what is ordered by its id alone.
struct Recalled {
  policy::Quantity quantity = 0;
  policy::NumberType number_type{};
  bool operator==(const Recalled&) const = default;
};

class OrderMemory {
 public:
  using Milliseconds = std::chrono::milliseconds;
  virtual ~OrderMemory() = default;

  virtual Task<bool> waits(const WaitingOrder& order) = 0;
  virtual Task<bool> ended(const std::string& carrier, const std::string& order_id) = 0;
  // Whose order it is, if it waits. Without a value: it does not, or nobody could say (`reachable`).
  virtual Task<std::optional<policy::OperatorId>> account_of(const std::string& carrier,
                                                             const std::string& order_id,
                                                             bool& reachable) = 0;
  // Waiting orders of a carrier about which nobody has asked for so long; they are the caller's to ask about.
  virtual Task<std::vector<WaitingOrder>> due(const std::string& carrier, Milliseconds every) = 0;

  // An operator recalls only what it was told itself.
  virtual Task<bool> remember(const policy::OperatorId& who, const std::string& carrier,
                              const std::string& id, const Recalled& what, Milliseconds keep) = 0;
  virtual Task<std::optional<Recalled>> recall(const policy::OperatorId& who, const std::string& carrier,
                                               const std::string& id, bool& reachable) = 0;
};

}  // namespace sekisho::cache
