#include "gateway/watchdog.h"

#include <vector>

namespace sekisho::gateway {

void Watchdog::start() {
  if (stopped_) return;
  timer_.expires_after(tick);
  timer_.async_wait([this](boost::system::error_code cancelled) {
    if (cancelled || stopped_) return;
    const auto now = Watched::Clock::now();
    if (on_tick) on_tick(now - timer_.expiry());
    std::vector<Watched*> late;
    for (auto* one : watched_)
      if (one->deadline <= now) late.push_back(one);
    for (auto* one : late) {
      one->disarm();
      one->expire();  // only cancels sockets: nothing is destroyed in here
    }
    start();
  });
}

void Watchdog::stop() {
  stopped_ = true;
  timer_.cancel();
  const std::vector<Watched*> all(watched_.begin(), watched_.end());
  for (auto* one : all) one->expire();
}

Watchdog::Guard::Guard(Watchdog& dog, Watched& watched)
    : dog_(dog), place_(dog.watched_.insert(dog.watched_.end(), &watched)) {}

Watchdog::Guard::~Guard() { dog_.watched_.erase(place_); }

}  // namespace sekisho::gateway
