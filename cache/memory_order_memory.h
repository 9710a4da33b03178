// The model of the memory of orders, for tests. Its clock is the test's.
#pragma once

#include "cache/order_memory.h"

namespace sekisho::cache {

class MemoryOrderMemory : public OrderMemory {
 public:
  Task<bool> waits(const WaitingOrder& order) override {
    waiting_[{order.carrier, order.order_id}] = order.account;
    co_return true;
  }
  Task<bool> ended(const std::string& carrier, const std::string& order_id) override {
    waiting_.erase({carrier, order_id});
    co_return true;
  }
  Task<std::optional<policy::OperatorId>> account_of(const std::string& carrier, const std::string& order_id,
                                                     bool& reachable) override {
    reachable = true;
    const auto found = waiting_.find({carrier, order_id});
    if (found == waiting_.end()) co_return std::nullopt;
    co_return found->second;
  }
  Task<std::vector<WaitingOrder>> due(const std::string& carrier, Milliseconds every) override {
    std::vector<WaitingOrder> out;
    for (const auto& [order, account] : waiting_) {
      if (order.first != carrier) continue;
      const auto [asked, never] = asked_until_.try_emplace(order, Milliseconds(0));
      if (!never && asked->second > now) continue;
      asked->second = now + every;
      out.push_back({order.first, order.second, account});
    }
    co_return out;
  }
  Task<bool> remember(const policy::OperatorId& who, const std::string& carrier, const std::string& id,
                      const Recalled& what, Milliseconds keep) override {
    recalled_[{who, carrier + "/" + id}] = {what, now + keep};
    co_return true;
  }
  Task<std::optional<Recalled>> recall(const policy::OperatorId& who, const std::string& carrier,
                                       const std::string& id, bool& reachable) override {
    reachable = true;
    const auto found = recalled_.find({who, carrier + "/" + id});
    if (found == recalled_.end() || found->second.second <= now) co_return std::nullopt;
    co_return found->second.first;
  }

  Milliseconds now{1};

 private:
  std::map<std::pair<std::string, std::string>, policy::OperatorId> waiting_;
  std::map<std::pair<std::string, std::string>, Milliseconds> asked_until_;
  std::map<std::pair<policy::OperatorId, std::string>, std::pair<Recalled, Milliseconds>> recalled_;
};

}  // namespace sekisho::cache
