// The epochs in Redis: cache/lua/epoch.lua decides, this file only carries values there and back.
#pragma once

#include "cache/epochs.h"
#include "cache/redis_link.h"

namespace sekisho::cache {

// Of RedisLink::servers(): Footing::servers.
std::uint64_t fingerprint(std::string_view text);

class RedisEpochs final : public Epochs {
 public:
  explicit RedisEpochs(RedisLink& link) : link_(link) {}

  Task<std::optional<EpochView>> beat(const Beat& beat) override;
  Task<bool> told(const std::string& gateway, std::uint64_t epoch) override;
  Task<bool> leave(const std::string& gateway, std::uint64_t epoch, std::uint64_t position) override;
  Task<bool> retire(const std::string& gateway) override;
  Task<std::optional<EpochView>> look() override;

 private:
  Task<RedisAnswer> ask(std::vector<std::string> args);
  RedisLink& link_;
};

}  // namespace sekisho::cache
