// When the steps of a call began and ended, for the spans that are told of it (gateway/call_spans.h). Of a
// call that is not sampled nothing is noted: no clock is read and nothing allocated.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace sekisho::gateway {

enum class Step : std::uint8_t { hold, journal, forward, settle };

class Steps {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t count = 4;

  struct Taken {
    std::uint64_t id = 0;             // of its span
    Clock::time_point from{}, until;  // no `from`: it was not taken
  };

  // A step goes on for as long as this lives.
  class Going {
   public:
    explicit Going(Taken* step) : step_(step) {
      if (step_ && step_->from == Clock::time_point{}) step_->from = Clock::now();
    }
    ~Going() {
      if (step_) step_->until = Clock::now();
    }
    Going(const Going&) = delete;

   private:
    Taken* step_;
  };

  // From here on they are noted. `next_id`: ids of spans, one after the other.
  void note(const std::function<std::uint64_t()>& next_id) {
    taken_ = std::make_unique<std::array<Taken, count>>();
    for (auto& step : *taken_) step.id = next_id();
  }
  bool noted() const { return taken_ != nullptr; }

  // Where it is taken in parts it goes on from the first to the last.
  Going go(Step step) { return Going(noted() ? &(*taken_)[std::size_t(step)] : nullptr); }
  const Taken& operator[](Step step) const { return (*taken_)[std::size_t(step)]; }

 private:
  std::unique_ptr<std::array<Taken, count>> taken_;
};

}  // namespace sekisho::gateway
