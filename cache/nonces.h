// Nonces of signed requests, each good once. A port: `memory_nonces` is what one gateway remembers of itself
// (and the model), `redis_nonces` what all of them know.
#pragma once

#include <chrono>
#include <string>

#include "cache/task.h"
#include "policy/calendar.h"

namespace sekisho::cache {

enum class Spent {
  first,        // it was good, and is not any more
  again,        // somebody used it before
  full,         // no room to remember it in; nothing that is still good is forgotten for it
  unreachable,  // nobody could say
};

class Nonces {
 public:
  virtual ~Nonces() = default;
  // `nonce` is the key's own. Remembered for at least as long as a signature with it may be taken.
  virtual Task<Spent> spend(const std::string& key_id, const std::string& nonce, policy::Instant now,
                            std::chrono::milliseconds keep) = 0;
};

}  // namespace sekisho::cache
