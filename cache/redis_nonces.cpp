#include "cache/redis_nonces.h"

#include "cache/keys.h"
#include "config/digest.h"

namespace sekisho::cache {

Task<Spent> RedisNonces::spend(const std::string& key_id, const std::string& nonce, policy::Instant,
                               std::chrono::milliseconds keep) {
  const auto digest = config::sha256_hex(key_id + "\n" + nonce).substr(0, 32);
  Command set{"SET", keys::nonce(digest), "1", "NX", "PX", std::to_string(keep.count())};
  const auto answer = co_await link_.call(std::move(set));
  if (!answer.ok()) co_return Spent::unreachable;
  co_return answer.text() == "OK" ? Spent::first : Spent::again;
}

}  // namespace sekisho::cache
