// On a cluster: how far each master has every gateway's journal.
//
// The positions lie with the epoch, on one master. Another one that fails over may lack counts which they
// vouch for. So every master has a copy of them, in a slot of its own, written after the counts: a master
// that lost writes has an older copy, or none, and from there on it is told again. With the positions stand
// the slots that the master had: of those that came to it later, and were lost again, nobody knows how much.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "cache/redis_link.h"

namespace sekisho::cache {

using Positions = std::map<std::string, std::uint64_t>;  // by gateway; 0, or not there: from the beginning

class RedisWitness {
 public:
  explicit RedisWitness(RedisLink& link) : link_(link) {}

  // What all masters have. Nothing: one of them cannot be asked.
  Task<std::optional<Positions>> lowest();
  // The positions are true of this whole cluster, as it is in an epoch that is open. False: a master has
  // forgotten its copy, and is the same process: somebody has emptied it.
  Task<bool> write(std::uint64_t epoch, const Positions& positions);

 private:
  const std::string& key_in(std::uint16_t slot);

  RedisLink& link_;
  std::map<std::uint16_t, std::string> keys_;
  std::map<std::string, std::pair<std::string, std::uint64_t>> written_;  // key -> run id and epoch
};

}  // namespace sekisho::cache
