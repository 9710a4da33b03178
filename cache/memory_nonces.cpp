#include "cache/memory_nonces.h"

namespace sekisho::cache {

Task<Spent> MemoryNonces::spend(const std::string& key_id, const std::string& nonce, policy::Instant now,
                                std::chrono::milliseconds keep) {
  co_return remember(key_id + "\n" + nonce, now, now + keep);
}

Spent MemoryNonces::remember(std::string name, policy::Instant now, policy::Instant until) {
  const std::lock_guard held(lock_);
  // In the order in which they came. One that is kept longer than its neighbours keeps those behind it too.
  while (!oldest_.empty() && oldest_.front().first <= now) {
    known_.erase(oldest_.front().second);
    oldest_.pop_front();
  }
  if (known_.contains(name)) return Spent::again;
  if (known_.size() >= most_) return Spent::full;
  known_.insert(name);
  oldest_.emplace_back(until, std::move(name));
  return Spent::first;
}

}  // namespace sekisho::cache
