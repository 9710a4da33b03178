// What the carrier says later of an order: by a status call that passes, a cancellation, a webhook, or when
// the gate asks by itself. Whoever hears it tells it here, and the order's hold is settled.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cache/bookkeeper.h"
#include "cache/order_memory.h"

namespace sekisho::gateway {

using cache::Task;

// A word about an order, from whom it came, and when.
struct Told {
  std::string decision;  // of the call that told it
  policy::Operation operation{};
  std::string carrier, order_id;             // the carrier's
  std::vector<policy::OperatorId> accounts;  // on one of which the order stands; looked for in this order
  policy::Outcome outcome;                   // its end; anything else changes nothing
  std::optional<int> status;
  policy::Instant heard{};
  std::optional<cache::StoredAnswer> answer;  // what a retry of the order gets from now on
};

struct EndedOrder {
  policy::OperatorId account;
  policy::Hold hold;
  policy::Settlement settlement;
};

class EarlierOrders {
 public:
  EarlierOrders(cache::Ledger& ledger, cache::JournalPort& journal, cache::Bookkeeper& books,
                cache::OrderMemory& memory)
      : ledger_(ledger), journal_(journal), books_(books), memory_(memory) {}

  // Nothing: no open hold waits for it, or the word is not about an end. Then nothing was written either.
  Task<std::optional<EndedOrder>> tell(const Told& told);

 private:
  cache::Ledger& ledger_;
  cache::JournalPort& journal_;
  cache::Bookkeeper& books_;
  cache::OrderMemory& memory_;
};

}  // namespace sekisho::gateway
