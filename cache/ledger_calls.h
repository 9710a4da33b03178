// What the ledger's scripts (cache/lua/) are asked, as commands for Redis. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cache/ledger.h"
#include "cache/redis_command.h"

namespace sekisho::cache {

// What a script needs to see whether the caller stands on this ledger: the epoch and the run id of the
// server. In a cluster the epoch lies on another server than most accounts: there the caller has compared the
// masters, and the script only whether it is the server that the caller meant.
struct Stand {
  std::optional<std::uint64_t> epoch;  // nothing: a cluster
  std::string_view run;                // of the server that the command goes to
};

Command hold_call(const HoldRequest& request, const Stand& stand);

// `stands`: on nothing else than what the request stood on, as far as can be seen from here. `answer`: what
// is kept for the idempotency key, encoded, and for how long.
struct KeptAnswer {
  std::string text;
  std::chrono::milliseconds time{};
};
Command settle_call(const SettleRequest& request, const Stand& stand, bool stands, const KeptAnswer& answer,
                    policy::Instant now);

Command release_call(const policy::OperatorId& id, const std::vector<ReturnedNumber>& numbers,
                     policy::Instant now, const Stand& stand);

}  // namespace sekisho::cache
