// The control thread's part with the service manager: how the gateway is, and a sign of life for as long as
// every thread that serves callers answers.
#include <algorithm>

#include "gateway/control.h"

namespace sekisho::gateway {
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

constexpr auto look_every = 250ms;
constexpr auto sign_every = 10s;  // where the manager does not say how long it waits for one

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const auto& part : parts) out += (out.empty() ? "" : "; ") + part;
  return out;
}

}  // namespace

Task<> Control::tell_supervisor() {
  while (!ended_) {
    const auto missing = why_not_ready();
    const auto troubles = degraded();
    if (!missing.empty())
      supervisor_.state(false, "not ready: " + joined(missing));
    else
      supervisor_.state(true, troubles.empty() ? "ready" : "ready, degraded: " + joined(troubles));
    co_await pause(look_every);
  }
}

Task<> Control::show_life() {
  const auto patience = supervisor_.patience();
  const auto every = patience.count() > 0 ? patience / 2 : sign_every;
  while (!ended_) {
    const auto next = Clock::now() + every;
    const bool all = co_await workers_answer(every);
    if (all) supervisor_.alive(every);
    while (!ended_ && Clock::now() < next) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now());
      const auto rest = std::clamp<std::chrono::milliseconds>(left, 1ms, look_every);
      co_await pause(rest);
    }
  }
}

// That this thread gets here shows that it lives itself. What a worker that is stuck was asked, it answers
// later.
Task<bool> Control::workers_answer(std::chrono::microseconds within) {
  const auto until = Clock::now() + within;
  std::vector<std::future<Worker::Report>> asked;
  for (auto& worker : workers_) asked.push_back(worker->report());
  for (auto& one : asked)
    while (one.wait_for(0s) != std::future_status::ready) {
      if (ended_ || Clock::now() >= until) co_return false;
      co_await pause(20ms);
    }
  co_return true;
}

}  // namespace sekisho::gateway
