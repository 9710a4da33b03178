// Orders that stand on two accounts: the operator's, and that of its owner group, over which some limit
// counts. A ledger on top of one that knows single accounts; everybody asks this one.
//
// The two accounts may lie in different slots of a cluster, so no script reaches both. It need not: the order
// is held on its operator's account first and then on the group's, and is sent only when both have it; it is
// settled, and its numbers are given back, on the group's account first. Each step may be done twice. So
// neither account ever has less of an order than the carrier may have given, and both are exact at rest.
// Between two steps one of them counts too much, never too little.
//
// An order keeps the group of its day (`policy::Hold::group`): who joins another group later leaves behind
// what was counted before.
#pragma once

#include "cache/ledger.h"

namespace sekisho::cache {

class GroupLedger : public Ledger {
 public:
  explicit GroupLedger(Ledger& accounts) : accounts_(accounts) {}

  Task<HoldResult> hold(const HoldRequest& request) override;
  Task<SettleResult> settle(const SettleRequest& request) override;
  Task<ReleaseResult> release(const policy::OperatorId& id, const std::vector<ReturnedNumber>& numbers,
                              policy::Instant now, Footing footing) override;

  Task<std::optional<policy::Hold>> hold_of_order(const policy::OperatorId& id, const std::string& carrier,
                                                  const std::string& order_id) override {
    return accounts_.hold_of_order(id, carrier, order_id);
  }
  Task<std::optional<std::vector<std::string>>> groups_of(
      const policy::OperatorId& id, const std::vector<ReturnedNumber>& numbers) override {
    return accounts_.groups_of(id, numbers);
  }
  Task<std::optional<std::vector<Tenure>>> trace(const std::string& number) override {
    return accounts_.trace(number);
  }
  Task<bool> fence(const policy::OperatorId& id, std::uint64_t serial) override {
    return accounts_.fence(id, serial);
  }
  Task<std::optional<policy::Usage>> usage(const policy::OperatorId& id) override {
    return accounts_.usage(id);
  }
  Task<std::optional<std::vector<GrantedNumber>>> numbers(const policy::OperatorId& id,
                                                          std::optional<policy::Instant> at) override {
    return accounts_.numbers(id, at);
  }
  Task<std::optional<std::vector<OpenHold>>> open_holds() override { return accounts_.open_holds(); }

 private:
  Task<bool> give_up(const HoldRequest& request, const std::optional<policy::Hold>& confirmed);
  Ledger& accounts_;
};

}  // namespace sekisho::cache
