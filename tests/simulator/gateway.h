// A gateway of the simulation: the real bookkeeper, books and recovery, on a journal and a link that are not
// real. Its orders take the way of gateway/pipeline.cpp, without what does not touch a count.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "cache/bookkeeper.h"
#include "cache/group_ledger.h"
#include "cache/recovery.h"
#include "tests/simulator/world.h"

namespace sekisho::simulator {

struct Faults {
  // One in so many; 0: never.
  std::uint64_t reply_lost = 0, request_lost = 0, repeated = 0, disk_fails = 0;
};

// What all lives of a gateway and its surroundings share.
struct Surroundings {
  Scheduler& scheduler;
  Store& store;
  Carrier& carrier;
  Mutation mutation = Mutation::none;
  Faults faults;
  std::vector<policy::Charge> charges;  // the limits that bind everybody
  std::vector<const policy::Rule*> throttles;
  std::uint64_t next_id = 0;
  std::set<std::string> under_way;                           // orders that the carrier may still get
  std::map<std::pair<std::string, std::string>, int> asked;  // account, hold: how often the store was
  std::set<std::string> heard;  // numbers that some caller was told of, and may give back
  std::set<std::string> ended;  // orders of which some caller was told how they ended: nobody asks again

  policy::Instant now() const { return policy::from_ms(std::int64_t(1'790'000'000'000 + scheduler.steps)); }
};

// The link to the store: requests and replies are each delivered some time, or never.
class Link : public cache::Ledger, public cache::Epochs {
 public:
  Link(Surroundings& world, Life life) : world_(world), life_(life) {}

  Task<cache::HoldResult> hold(const cache::HoldRequest& request) override;
  Task<cache::SettleResult> settle(const cache::SettleRequest& request) override;
  Task<std::optional<std::vector<std::string>>> groups_of(
      const OperatorId& id, const std::vector<cache::ReturnedNumber>& numbers) override;
  Task<cache::ReleaseResult> release(const OperatorId& id, const std::vector<cache::ReturnedNumber>& numbers,
                                     policy::Instant now, cache::Footing footing) override;
  Task<std::optional<policy::Hold>> hold_of_order(const OperatorId& id, const std::string& carrier,
                                                  const std::string& order_id) override;
  Task<std::optional<std::vector<cache::OpenHold>>> open_holds() override;
  Task<std::optional<std::vector<cache::Tenure>>> trace(const std::string&) override {
    co_return std::nullopt;
  }
  Task<bool> fence(const OperatorId&, std::uint64_t) override { co_return true; }
  Task<std::optional<policy::Usage>> usage(const OperatorId&) override { co_return std::nullopt; }
  Task<std::optional<std::vector<cache::GrantedNumber>>> numbers(const OperatorId&,
                                                                 std::optional<policy::Instant>) override {
    co_return std::nullopt;
  }

  Task<std::optional<cache::EpochView>> beat(const cache::Beat& beat) override;
  Task<bool> told(const std::string& gateway, std::uint64_t epoch) override;
  Task<bool> leave(const std::string& gateway, std::uint64_t epoch, std::uint64_t position) override;
  Task<bool> retire(const std::string&) override { co_return false; }
  Task<std::optional<cache::EpochView>> look() override { co_return std::nullopt; }

 private:
  template <class R>
  Task<R> ask(std::function<R(Store&)> what, R unsent, R in_doubt);

  Surroundings& world_;
  const Life life_;
  std::string process_;  // that the connection leads to; empty: none
};

// What outlives the process.
struct Disk {
  std::vector<std::pair<cache::RecordKind, std::string>> records;
  std::size_t durable = 0;
  std::uint64_t boots = 0;
  cache::Recovery::Memory memory;
};

class SimJournal : public cache::JournalPort {
 public:
  SimJournal(Surroundings& world, Life life, std::string gateway, Disk& disk)
      : world_(world), life_(life), gateway_(std::move(gateway)), disk_(disk) {}
  void append(cache::RecordKind kind, policy::Instant at, std::string fields, Done done) override;
  bool writable() const override { return true; }
  std::uint64_t end() const override;
  const std::string& gateway_id() const override { return gateway_; }
  std::uint64_t boot() const override { return disk_.boots; }
  void flush();

 private:
  Surroundings& world_;
  const Life life_;
  const std::string gateway_;
  Disk& disk_;
  std::vector<std::pair<std::size_t, Done>> waiting_;  // for so many records to be on disk
  bool flushing_ = false;
};

class Gateway {
 public:
  Gateway(Surroundings& world, std::string name) : world_(world), name_(std::move(name)) {}
  ~Gateway() { kill(); }

  void start();
  void kill();  // as with SIGKILL
  const std::string& name() const { return name_; }
  bool alive() const { return life_ != 0; }
  bool admits() const { return books_ && books_->admits(); }
  bool busy() const { return orders_ > 0 || (keeper_ && keeper_->backlog() > 0); }

  void order(const OperatorId& who, Quantity quantity);
  void give_back(const OperatorId& who, std::vector<cache::ReturnedNumber> numbers);
  void ask_status(const OperatorId& who, const std::string& order_id);
  void beat();
  void work_off();

 private:
  Task<> pause();
  Task<> take_order(Order order);
  Task<> take_back(OperatorId who, std::vector<cache::ReturnedNumber> numbers);
  Task<> take_status(OperatorId who, std::string order_id);
  Task<> keep_epoch();
  Task<> settle_what_waits();
  Task<cache::JournaledOrders> read(std::uint64_t from);
  Task<policy::Outcome> ask_carrier(Order order);
  void put_on_record(const policy::Outcome& outcome, std::string record);  // of an order
  void go(Task<> task);

  Surroundings& world_;
  const std::string name_;
  Disk disk_;
  Life life_ = 0;
  int orders_ = 0;
  bool beating_ = false, working_ = false;
  std::unique_ptr<Link> link_;
  std::unique_ptr<cache::GroupLedger> ledger_;
  std::unique_ptr<SimJournal> journal_;
  std::unique_ptr<cache::Books> books_;
  std::unique_ptr<cache::Bookkeeper> keeper_;
  std::unique_ptr<cache::Recovery> recovery_;
};

}  // namespace sekisho::simulator
