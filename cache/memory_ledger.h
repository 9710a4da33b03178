// The ledger's model: the same promises as redis_ledger, in plain containers. For tests, and to read what
// they are.
#pragma once

#include <map>
#include <set>

#include "cache/ledger.h"

namespace sekisho::cache {

class MemoryLedger final : public Ledger {
 public:
  Task<HoldResult> hold(const HoldRequest& request) override;
  Task<SettleAnswer> settle(const SettleRequest& request) override;
  Task<bool> void_hold(const policy::OperatorId& id, const policy::Hold& hold) override;
  Task<std::optional<policy::Hold>> hold_of_order(const policy::OperatorId& id, const std::string& carrier,
                                                  const std::string& order_id) override;
  Task<std::optional<policy::Quantity>> release(const policy::OperatorId& id,
                                                const std::vector<std::string>& numbers,
                                                policy::Instant now) override;
  Task<std::optional<std::vector<Tenure>>> trace(const std::string& number) override;
  Task<bool> fence(const policy::OperatorId& id, std::uint64_t serial) override;
  Task<std::optional<policy::Usage>> usage(const policy::OperatorId& id) override;
  Task<std::optional<std::vector<GrantedNumber>>> numbers(const policy::OperatorId& id) override;

 private:
  struct KeptAnswer {
    std::string content, hold_id, state;  // in_flight, unknown, finished
    std::optional<StoredAnswer> answer;
  };
  struct Account {
    policy::Usage usage;
    std::map<std::string, std::string> idempotency_of_hold;
    std::map<std::string, KeptAnswer> kept;
    std::map<std::string, GrantedNumber> numbers;
    std::set<std::string> voided;
    std::uint64_t fence = 0;
    std::map<std::string, std::int64_t> arrivals;  // of throttles, microseconds
  };
  std::map<policy::OperatorId, Account> accounts_;
  std::map<std::string, std::vector<Tenure>> tenures_;
};

}  // namespace sekisho::cache
