// Whose orders a change of the registry touches: what an operator holds, and has taken lately.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cache/redis_ledger.h"
#include "gateway/main/console.h"

namespace sekisho::console {

struct Touched {
  std::string id;
  policy::Quantity numbers = 0;       // held now
  policy::Quantity last_30_days = 0;  // taken in them, orders that are still open included
  std::size_t open_orders = 0;
};

// Of those that hold or have taken anything. Nothing: the ledger could not be read.
Task<std::optional<std::vector<Touched>>> touched(cache::RedisLink& link, const std::vector<std::string>& ids,
                                                  policy::JstDate today, const config::Progress& progress);
json::object touched_json(const Touched& one);
std::string touched_text(const Touched& one);

}  // namespace sekisho::console
