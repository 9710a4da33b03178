#include "gateway/rates.h"

#include <algorithm>

namespace sekisho::gateway {

Rates::Nanoseconds count_call(Rates::Time& empty_at, const policy::Throttle& rate, Shed shed,
                              Rates::Time now) {
  const auto one = Rates::Nanoseconds(std::chrono::milliseconds(rate.per_ms)) / rate.requests;
  const auto full = one * rate.burst * (shed == Shed::last ? 2 : 1);
  const auto level = std::max(empty_at, now) + one - now;
  if (level > full) return level - full;
  empty_at = now + level;
  return Rates::Nanoseconds(0);
}

Rates::Nanoseconds Rates::client(const config::Client& client, Shed shed, Time now) {
  if (!client.rate) return Nanoseconds(0);
  const std::lock_guard held(lock_);
  return count_call(clients_[client.id], *client.rate, shed, now);
}

Rates::Nanoseconds Rates::source(const config::AddressBytes& source, const policy::Throttle& rate, Shed shed,
                                 Time now) {
  const std::lock_guard held(lock_);
  return count_call(sources_.empty_at(source), rate, shed, now);
}

}  // namespace sekisho::gateway
