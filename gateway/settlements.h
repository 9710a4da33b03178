// Every settlement gets done: now, or when Redis is back, or after a restart from the journal.
//
// What could not be written to the ledger waits here, in order, and is tried again. Doing one twice changes
// nothing (a hold resolves at most once, a number is released at most once), so nothing here needs to know
// whether the first try arrived. Lives on its worker's thread; `lowest_open` may be asked from any.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <deque>
#include <mutex>
#include <set>
#include <variant>

#include "cache/journal.h"
#include "cache/ledger.h"

namespace sekisho::gateway {

using cache::Task;

// Orders on record whose settlement is not: recovery needs the journal from the lowest of their places on.
class OpenOrders {
 public:
  void begin(std::uint64_t floor);
  void end(std::uint64_t floor);
  std::uint64_t lowest() const;  // beyond every seq when none is open

 private:
  mutable std::mutex mutex_;
  std::multiset<std::uint64_t> floors_;
};

struct VoidHold {
  policy::OperatorId operator_id;
  policy::Hold hold;
};
struct ReleaseNumbers {
  policy::OperatorId operator_id;
  std::string decision;
  std::vector<std::string> numbers;
  policy::Instant now{};
};

struct Unsettled {
  std::variant<cache::SettleRequest, VoidHold, ReleaseNumbers> what;
  std::optional<std::uint64_t> floor;  // ends this open order when done
};

class Settlements {
 public:
  Settlements(boost::asio::any_io_executor executor, cache::Ledger& ledger, cache::Journal& journal,
              OpenOrders& open);
  void start();
  void stop() { stopped_ = true; }

  // Tries at once; queues what the ledger could not take. Behind a queue it waits its turn.
  Task<> settle(Unsettled item);
  void later(Unsettled item) { queue_.push_back(std::move(item)); }  // when nobody may wait for it
  std::size_t backlog() const { return queue_.size(); }

 private:
  Task<bool> apply(Unsettled& item);
  Task<> work_off();

  boost::asio::any_io_executor executor_;
  cache::Ledger& ledger_;
  cache::Journal& journal_;
  OpenOrders& open_;
  std::deque<Unsettled> queue_;
  bool stopped_ = false;
};

}  // namespace sekisho::gateway
