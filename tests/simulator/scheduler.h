// Time, as a simulation has it: what may happen next is a set, and a seeded choice says what does.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdint>
#include <functional>
#include <random>
#include <utility>
#include <vector>

#include "cache/task.h"

namespace sekisho::simulator {

using cache::Task;
namespace asio = boost::asio;

// Small and fast; a schedule is its seed.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u + 0x1234567) {}
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  bool one_in(std::uint64_t n) { return n != 0 && below(n) == 0; }

 private:
  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15u;
    auto z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  std::uint64_t state_;
};

// Who dies with whom: what is addressed to a life that is over never happens. 0: nobody's.
using Life = std::uint64_t;

class Scheduler {
 public:
  explicit Scheduler(std::uint64_t seed) : dice(seed) {}
  ~Scheduler() { clear(); }

  void later(Life whose, std::function<void()> what) {
    if (!over_[whose]) pending_.push_back({whose, std::move(what)});
  }
  Life new_life() {
    over_.push_back(false);
    return over_.size() - 1;
  }
  void end_of(Life whose);

  // One thing happens; false: nothing can.
  bool step();
  std::size_t pending() const { return pending_.size(); }
  void clear();

  asio::io_context context{1};
  Dice dice;
  std::uint64_t steps = 0;

 private:
  void run();
  struct Event {
    Life whose;
    std::function<void()> what;
  };
  std::vector<Event> pending_;
  std::vector<bool> over_{false};  // by life
};

// Waits for an answer that `ask` is given the means to bring. One that is never brought ends the coroutine
// without a word, as death does.
template <class T, class Ask>
Task<T> answer_to(Ask ask) {
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(T)>(
      [&ask](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        ask([shared](T value) { std::move (*shared)(std::move(value)); });
      },
      asio::use_awaitable);
}

}  // namespace sekisho::simulator
