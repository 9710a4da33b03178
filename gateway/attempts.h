// Failed attempts, slowed down for each source: after a burst of twenty the answer waits, longer each time,
// two seconds at most. All workers of a gateway count together, under a lock that is held for one look-up.
//
// Only answers to failures wait, so nobody who has a good credential is slowed down by a neighbour who
// guesses; and a success pardons nobody else. A failure is forgotten after ten seconds, one after another.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <utility>

#include "gateway/source_table.h"

namespace sekisho::gateway {

class Attempts {
 public:
  using Time = SourceTable::Time;
  using Milliseconds = std::chrono::milliseconds;
  static constexpr int burst = 20;
  static constexpr int waiting_most = 256;  // answers that wait at one time; each holds a connection

  explicit Attempts(std::uint64_t secret) : sources_(secret) {}

  // One more failure: how long its answer waits.
  Milliseconds failed(const config::AddressBytes& source, Time now);

  // A place to wait in, for as long as it lives; nothing: all are taken.
  class Seat {
   public:
    explicit Seat(std::atomic<int>& taken) : taken_(&taken) {}  // one that is counted already
    ~Seat() {
      if (taken_) --*taken_;
    }
    Seat(Seat&& other) noexcept : taken_(std::exchange(other.taken_, nullptr)) {}
    Seat& operator=(Seat&&) = delete;

   private:
    std::atomic<int>* taken_;
  };
  std::optional<Seat> seat();

 private:
  std::mutex lock_;
  SourceTable sources_;
  std::atomic<int> waiting_ = 0;
};

}  // namespace sekisho::gateway
