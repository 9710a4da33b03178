// What all threads of a gateway share to keep the count exact: which orders are under way, and on what the
// gateway stands. Every member may be called from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <mutex>
#include <set>
#include <string>

#include "cache/ledger.h"

namespace sekisho::cache {

// Things under way, and the lowest of them.
class UnderWay {
 public:
  void begin(std::uint64_t place);
  void end(std::uint64_t place);
  std::uint64_t lowest() const;  // beyond every place when nothing is

 private:
  mutable std::mutex mutex_;
  std::multiset<std::uint64_t> places_;
};

// The places of this gateway's orders, over all its boots, in the order in which they ask the ledger.
class Ordinals {
 public:
  explicit Ordinals(std::uint64_t boot) : next_(boot << 32 | 1) {}
  std::uint64_t begin();            // under way until it is ended
  void end(std::uint64_t ordinal);  // held, or certain never to be
  std::uint64_t floor() const;      // everything below it is ended

 private:
  mutable std::mutex mutex_;
  std::uint64_t next_;
  std::set<std::uint64_t> under_way_;
};

// The holds that some order of this process still answers for: from before it asks for one until the ledger
// knows how it ended.
class LiveHolds {
 public:
  void begin(const std::string& id);
  void end(const std::string& id);
  std::set<std::string> all() const;

 private:
  mutable std::mutex mutex_;
  std::set<std::string> ids_;
};

class Books {
 public:
  explicit Books(std::uint64_t boot) : ordinals(boot) {}

  Ordinals ordinals;
  LiveHolds live;
  // Orders on record whose settlement is not: the journal is needed from the lowest of their places on.
  UnderWay open_orders;

  Footing footing() const;
  void stand_on(Footing footing);  // orders are admitted from now on
  void close();                    // nothing is admitted, and what was held is not sent any more
  bool admits() const { return epoch_.load() != 0; }

  // The ledger is not what we stood on: closes, and tells whoever keeps the epoch.
  void suspect();
  // The same, and certain: an order was missing that it had counted in this epoch.
  void miss(std::uint64_t epoch);
  bool missed_in(std::uint64_t epoch) const { return epoch != 0 && missed_.load() == epoch; }
  std::function<void()> on_suspicion;  // set before any thread starts

 private:
  std::atomic<std::uint64_t> epoch_{0}, position_{0}, servers_{0}, missed_{0};
};

}  // namespace sekisho::cache
