// The nonces that any gateway has seen, in Redis: a string for each, which runs out by itself.
#pragma once

#include "cache/nonces.h"
#include "cache/redis_link.h"

namespace sekisho::cache {

class RedisNonces : public Nonces {
 public:
  explicit RedisNonces(RedisLink& link) : link_(link) {}
  Task<Spent> spend(const std::string& key_id, const std::string& nonce, policy::Instant now,
                    std::chrono::milliseconds keep) override;

 private:
  RedisLink& link_;
};

}  // namespace sekisho::cache
