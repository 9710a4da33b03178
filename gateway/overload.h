// When a worker has more work than it can do in time, and what it turns away then.
//
// What counts is how long work waits before anybody looks at it, not how much there is: the tick of the
// watchdog is due at a known moment, and how late it comes is how late everything comes. One late tick is a
// burst, which passes. When even the least late one of a stretch is past the target, a queue stands, and
// new work only makes it longer. Orders are turned away first, looking (searches, status, calls that pass)
// when the queue is several times as long, and giving back last of all. What was accepted is finished.
//
// Pure: the clock's readings are arguments.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>

#include "policy/types.h"

namespace sekisho::gateway {

class Overload {
 public:
  using Duration = std::chrono::steady_clock::duration;

  explicit Overload(Duration target) : target_(target) { late_.fill(Duration::zero()); }

  // A tick came so late.
  void tick(Duration late) {
    late_[next_++ % late_.size()] = late;
    standing_ = *std::min_element(late_.begin(), late_.end());
  }

  // How long everything waits at the least.
  Duration standing() const { return standing_; }

  // Whether such work is turned away, given how long its like waits for a connection to the carrier besides.
  bool sheds(policy::Operation operation, Duration carrier_queue = {}) const {
    return std::max(standing_, carrier_queue / carrier_patience) > target_ * patience(operation);
  }

 private:
  static constexpr std::size_t ticks = 5;  // a stretch: a tenth of a second, longer while they come late
  static constexpr int carrier_patience =
      10;  // carriers answer in seconds, where the gate does in milliseconds

  static int patience(policy::Operation operation) {
    if (operation == policy::Operation::release || operation == policy::Operation::cancel) return 40;
    return policy::hands_out(operation) ? 1 : 8;
  }

  const Duration target_;
  std::array<Duration, ticks> late_;
  std::size_t next_ = 0;
  Duration standing_{};
};

}  // namespace sekisho::gateway
