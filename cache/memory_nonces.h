// The nonces that one process has seen, whichever worker saw them.
#pragma once

#include <atomic>
#include <deque>
#include <mutex>
#include <unordered_set>
#include <utility>

#include "cache/nonces.h"

namespace sekisho::cache {

class MemoryNonces : public Nonces {
 public:
  void allow(std::size_t most) { most_ = most; }  // how many are remembered at one time
  Task<Spent> spend(const std::string& key_id, const std::string& nonce, policy::Instant now,
                    std::chrono::milliseconds keep) override;

 private:
  Spent remember(std::string name, policy::Instant now, policy::Instant until);

  std::atomic<std::size_t> most_ = 1000;
  std::mutex lock_;
  std::unordered_set<std::string> known_;                       // "key id\nnonce"
  std::deque<std::pair<policy::Instant, std::string>> oldest_;  // and how long each is remembered
};

}  // namespace sekisho::cache
