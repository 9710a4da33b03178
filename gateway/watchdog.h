// Deadlines without a timer per operation: one tick per worker looks at everything that may wait too long.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <list>

namespace sekisho::gateway {

// Something that must not wait for ever. `expire` is called once per armed deadline, on the worker's thread.
class Watched {
 public:
  using Clock = std::chrono::steady_clock;
  virtual ~Watched() = default;
  virtual void expire() = 0;
  void arm(std::chrono::milliseconds from_now) { deadline = Clock::now() + from_now; }
  void disarm() { deadline = Clock::time_point::max(); }
  Clock::time_point deadline = Clock::time_point::max();
};

class Watchdog {
 public:
  static constexpr auto tick = std::chrono::milliseconds(20);  // how late an expiry may come

  explicit Watchdog(boost::asio::any_io_executor executor) : timer_(std::move(executor)) {}
  void start();
  void stop();  // everything watched expires now
  bool stopped() const { return stopped_; }

  // Told at each tick how late it came: as late as everything else on this thread.
  std::function<void(Watched::Clock::duration late)> on_tick;

  // Watches for as long as the guard lives.
  class Guard {
   public:
    Guard(Watchdog& dog, Watched& watched);
    ~Guard();
    Guard(const Guard&) = delete;

   private:
    Watchdog& dog_;
    std::list<Watched*>::iterator place_;
  };

 private:
  boost::asio::steady_timer timer_;
  std::list<Watched*> watched_;
  bool stopped_ = false;
};

}  // namespace sekisho::gateway
