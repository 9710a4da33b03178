// What surrounds the gateways: the ledger's store, which may lose what it was told, and the carrier, who
// alone knows the truth.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "cache/memory_ledger.h"
#include "tests/simulator/scheduler.h"

namespace sekisho::simulator {

using policy::OperatorId;
using policy::Quantity;

// What happens, line by line, to standard error (simulate --trace).
inline bool tracing = false;
void trace(const std::string& line);

// One check that is left out, to see that the simulation misses it.
enum class Mutation : std::uint8_t {
  none,
  hold_in_any_epoch,      // hold.lua does not ask on what the gateway stands
  hold_on_any_process,    // nor whether it is the process that the epoch names
  unknown_is_resolved,    // settle.lua takes an order that it does not know for a resolved one
  resolved_is_forgotten,  // and leaves no mark of one that it resolves
  late_hold_counts,       // hold.lua takes a hold that was given up
  floor_is_believed,      // settle.lua moves the floor also for who does not stand on the ledger
  number_held_twice,      // a number that is given again counts again
  one_opens_for_all,      // epoch.lua opens when the first has told
  peers_are_forgotten,    // a gateway does not remember the others
  sent_before_on_disk,    // an order is sent before the journal has it
  sent_in_any_epoch,      // an order is sent though the epoch in which it was held is over
  position_runs_ahead,    // the journal's position passes orders that are not settled
  first_telling_skipped,  // a gateway that starts tells nothing
};
inline constexpr std::string_view mutation_words[] = {"none",
                                                      "hold_in_any_epoch",
                                                      "hold_on_any_process",
                                                      "unknown_is_resolved",
                                                      "resolved_is_forgotten",
                                                      "late_hold_counts",
                                                      "floor_is_believed",
                                                      "number_held_twice",
                                                      "one_opens_for_all",
                                                      "peers_are_forgotten",
                                                      "sent_before_on_disk",
                                                      "sent_in_any_epoch",
                                                      "position_runs_ahead",
                                                      "first_telling_skipped"};
constexpr auto& words_of(Mutation) { return mutation_words; }

// Redis: the model of the scripts, in a process that may be another one a moment later.
class Store {
 public:
  explicit Store(Mutation mutation) : mutation_(mutation) {}

  cache::HoldResult hold(const cache::HoldRequest& request);
  cache::SettleResult settle(const cache::SettleRequest& request);
  std::vector<std::string> groups_of(const OperatorId& id,
                                     const std::vector<cache::ReturnedNumber>& numbers) {
    return on(process).do_groups_of(id, numbers);
  }
  cache::ReleaseResult release(const OperatorId& id, const std::vector<cache::ReturnedNumber>& numbers,
                               policy::Instant now, cache::Footing footing);
  cache::EpochView beat(const cache::Beat& beat);
  bool told(const std::string& gateway, std::uint64_t epoch);
  bool leave(const std::string& gateway, std::uint64_t epoch, std::uint64_t position);

  void remember() { copies_.push_back(data); }  // as a replica or a dump does
  void lose(Dice& dice);                        // to one of the copies, or everything
  void another_process() { process = "process-" + std::to_string(++processes_); }

  cache::MemoryStore data;
  std::string process = "process-0";

 private:
  cache::MemoryLedger on(const std::string& process) { return cache::MemoryLedger(data, process); }
  Mutation mutation_;
  std::vector<cache::MemoryStore> copies_;
  int processes_ = 0;
};

inline const std::string group = "g";  // the owner group of all operators

struct Order {
  std::string id;
  OperatorId who;
  Quantity quantity = 0;
};

// Gives numbers from a small stock, so that they come again; remembers everything.
class Carrier {
 public:
  Carrier(Dice& dice, const std::vector<OperatorId>& operators) : dice_(dice) {
    for (const auto& id : operators) held[id];
  }

  policy::Outcome order(const Order& order);            // what it does, and would answer
  policy::Outcome status(const std::string& id) const;  // of an order that it has; else unknown
  bool has(const std::string& id) const { return done_.contains(id); }
  Quantity take_back(const OperatorId& who, const std::vector<std::string>& numbers);

  std::map<OperatorId, std::set<std::string>> held;  // now
  std::map<OperatorId, Quantity> given, excess;      // ever; and how much of it was more than ordered

 private:
  std::string free_number();
  Dice& dice_;
  std::map<std::string, policy::Outcome> done_;
  std::set<std::string> out_;
  std::uint64_t never_used_ = 0;
  std::vector<std::string> returned_;
};

}  // namespace sekisho::simulator
