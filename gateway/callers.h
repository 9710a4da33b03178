// What a gateway remembers of its callers: which nonces are used up, which tokens were good, how fast they
// call and how often they fail.
#pragma once

#include "cache/memory_nonces.h"
#include "gateway/attempts.h"
#include "gateway/rates.h"
#include "gateway/token_cache.h"

namespace sekisho::gateway {

// Of all workers.
struct AllCallers {
  cache::MemoryNonces nonces;
  Rates rates{random_secret()};
  Attempts attempts{random_secret()};
};

// Of one worker.
struct Callers {
  AllCallers& all;
  cache::Nonces& everywhere;  // the nonces that all gateways know
  TokenCache tokens{};
};

}  // namespace sekisho::gateway
