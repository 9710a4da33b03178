// The epochs in Redis: cache/lua/epoch.lua decides, this file only carries values there and back.
#pragma once

#include "cache/epochs.h"
#include "cache/redis_link.h"
#include "cache/redis_witness.h"

namespace sekisho::cache {

// Of RedisLink::servers(): Footing::servers.
std::uint64_t fingerprint(std::string_view text);

class RedisEpochs final : public Epochs {
 public:
  explicit RedisEpochs(RedisLink& link) : link_(link), witness_(link) {}

  Task<std::optional<EpochView>> beat(const Beat& beat) override;
  Task<bool> told(const std::string& gateway, std::uint64_t epoch) override;
  Task<bool> leave(const std::string& gateway, std::uint64_t epoch, std::uint64_t position) override;
  Task<bool> retire(const std::string& gateway) override;
  Task<std::optional<EpochView>> look() override;

 private:
  struct Seen {
    EpochView view;
    Positions positions;
  };
  Task<RedisAnswer> ask(std::vector<std::string> args);
  Task<std::optional<Seen>> see(const Beat& beat, const std::string& servers);
  Task<bool> tell_masters(const Seen& seen);
  static std::optional<Seen> seen_in(const RedisAnswer& answer);

  RedisLink& link_;
  RedisWitness witness_;
  std::string stands_on_;  // the servers of the last beat
};

}  // namespace sekisho::cache
