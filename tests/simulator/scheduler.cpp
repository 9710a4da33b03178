#include "tests/simulator/scheduler.h"

#include <algorithm>

namespace sekisho::simulator {

void Scheduler::run() {
  context.restart();
  context.poll();
}

bool Scheduler::step() {
  run();
  if (pending_.empty()) return false;
  const auto at = dice.below(pending_.size());
  auto event = std::move(pending_[at]);
  pending_[at] = std::move(pending_.back());
  pending_.pop_back();
  ++steps;
  event.what();
  run();
  return true;
}

void Scheduler::end_of(Life whose) {
  run();
  over_[whose] = true;
  // What is destroyed here may end coroutines, which may end others: not while the list is looked through.
  std::vector<Event> ended;
  const auto keep = std::partition(pending_.begin(), pending_.end(),
                                   [whose](const Event& event) { return event.whose != whose; });
  std::move(keep, pending_.end(), std::back_inserter(ended));
  pending_.erase(keep, pending_.end());
}

void Scheduler::clear() { auto ended = std::exchange(pending_, {}); }

}  // namespace sekisho::simulator
