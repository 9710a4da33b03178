// The memory of orders in Redis: one hash of waiting orders; a string for each thing that may be recalled, in
// its operator's slot, which runs out by itself.
#pragma once

#include "cache/order_memory.h"
#include "cache/redis_link.h"

namespace sekisho::cache {

class RedisOrderMemory : public OrderMemory {
 public:
  explicit RedisOrderMemory(RedisLink& link) : link_(link) {}

  Task<bool> waits(const WaitingOrder& order) override;
  Task<bool> ended(const std::string& carrier, const std::string& order_id) override;
  Task<std::optional<policy::OperatorId>> account_of(const std::string& carrier, const std::string& order_id,
                                                     bool& reachable) override;
  Task<std::vector<WaitingOrder>> due(const std::string& carrier, Milliseconds every) override;
  Task<bool> remember(const policy::OperatorId& who, const std::string& carrier, const std::string& id,
                      const Recalled& what, Milliseconds keep) override;
  Task<std::optional<Recalled>> recall(const policy::OperatorId& who, const std::string& carrier,
                                       const std::string& id, bool& reachable) override;

 private:
  RedisLink& link_;
};

}  // namespace sekisho::cache
