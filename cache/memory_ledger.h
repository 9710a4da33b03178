// The ledger's model: the same promises as redis_ledger and redis_epochs, in plain containers that can be
// copied, so that a test can take it back to what it was. For tests, and to read what the promises are.
#pragma once

#include <map>
#include <set>

#include "cache/epochs.h"
#include "cache/ledger.h"

namespace sekisho::cache {

// What Redis holds.
struct MemoryStore {
  struct KeptAnswer {
    std::string content, hold_id, state;  // in_flight, unknown, finished
    std::optional<StoredAnswer> answer;
  };
  struct Account {
    policy::Usage usage;
    std::map<std::string, KeptAnswer> kept;  // by idempotency key
    std::map<std::string, GrantedNumber> numbers;
    std::map<std::pair<std::string, std::string>, GrantedNumber> past;  // by number and decision: ended ones
    struct Gone {
      policy::Instant at{};
      std::string later;  // as in ReturnedNumber
    };
    std::map<std::string, Gone> gone;             // given back, while an order is open that may be the grant
    std::map<std::string, std::uint64_t> floors;  // by gateway: which of its orders are known without a word
    std::set<std::pair<std::string, std::uint64_t>> resolved;  // those above
    std::uint64_t fence = 0;
    std::map<std::string, std::int64_t> arrivals;  // of throttles, microseconds
  };
  std::map<policy::OperatorId, Account> accounts;

  struct Gateway {
    std::uint64_t position = 0;
    bool waited = false, ended = false;
  };
  std::uint64_t epoch = 0, open = 0;  // 0: none
  std::string run;                    // of the process that the epoch names
  std::map<std::string, Gateway> gateways;
};

class MemoryLedger : public Ledger {
 public:
  // `process` is the run id of the server that this connection leads to.
  explicit MemoryLedger(MemoryStore& store, std::string process = "run")
      : process(std::move(process)), store_(store) {}

  Task<HoldResult> hold(const HoldRequest& request) override;
  Task<SettleResult> settle(const SettleRequest& request) override;
  Task<std::optional<policy::Hold>> hold_of_order(const policy::OperatorId& id, const std::string& carrier,
                                                  const std::string& order_id) override;
  Task<ReleaseResult> release(const policy::OperatorId& id, const std::vector<ReturnedNumber>& numbers,
                              policy::Instant now, Footing footing) override;
  Task<std::optional<std::vector<std::string>>> groups_of(
      const policy::OperatorId& id, const std::vector<ReturnedNumber>& numbers) override;
  Task<std::optional<std::vector<Tenure>>> trace(const std::string& number) override;
  Task<bool> fence(const policy::OperatorId& id, std::uint64_t serial) override;
  Task<std::optional<policy::Usage>> usage(const policy::OperatorId& id) override;
  Task<std::optional<std::vector<GrantedNumber>>> numbers(const policy::OperatorId& id,
                                                          std::optional<policy::Instant> at = {}) override;
  Task<std::optional<std::vector<OpenHold>>> open_holds() override;

  // The same, at once: what the scripts do.
  HoldResult do_hold(const HoldRequest& request);
  SettleResult do_settle(const SettleRequest& request);
  std::vector<std::string> do_groups_of(const policy::OperatorId& id,
                                        const std::vector<ReturnedNumber>& numbers);
  ReleaseResult do_release(const policy::OperatorId& id, const std::vector<ReturnedNumber>& numbers,
                           policy::Instant now, Footing footing);

  std::string process;

 private:
  void find_displaced(const std::string& number, std::vector<Displaced>& displaced) const;
  bool stands(std::uint64_t epoch) const {
    return epoch != 0 && store_.open == epoch && store_.run == process;
  }
  MemoryStore& store_;
};

class MemoryEpochs : public Epochs {
 public:
  explicit MemoryEpochs(MemoryStore& store, std::string process = "run")
      : process(std::move(process)), store_(store) {}

  Task<std::optional<EpochView>> beat(const Beat& beat) override;
  Task<bool> told(const std::string& gateway, std::uint64_t epoch) override;
  Task<bool> leave(const std::string& gateway, std::uint64_t epoch, std::uint64_t position) override;
  Task<bool> retire(const std::string& gateway) override;
  Task<std::optional<EpochView>> look() override;

  EpochView do_beat(const Beat& beat);
  bool do_told(const std::string& gateway, std::uint64_t epoch);

  std::string process;

 private:
  void open_if_all_told();
  EpochView seen() const;
  MemoryStore& store_;
};

}  // namespace sekisho::cache
