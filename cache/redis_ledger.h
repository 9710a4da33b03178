// The ledger in Redis: the arithmetic lives in cache/lua/*.lua, this file only carries values there and back.
#pragma once

#include <functional>

#include "cache/clock.h"
#include "cache/ledger.h"
#include "cache/redis_link.h"

namespace sekisho::cache {

struct LedgerSettings {
  std::chrono::milliseconds keep_answers{24 * 3600 * 1000};
  std::size_t answer_bytes = 64 * 1024;
  std::function<policy::Instant()> clock = wall_clock;  // by which counts of days and months run out
};
inline LedgerSettings ledger_settings(const config::Settings& settings) {
  return {.keep_answers = settings.idempotency.keep, .answer_bytes = settings.idempotency.answer_bytes};
}

class RedisLedger final : public Ledger {
 public:
  RedisLedger(RedisLink& link, LedgerSettings settings) : link_(link), settings_(settings) {}

  Task<HoldResult> hold(const HoldRequest& request) override;
  Task<SettleResult> settle(const SettleRequest& request) override;
  Task<std::optional<policy::Hold>> hold_of_order(const policy::OperatorId& id, const std::string& carrier,
                                                  const std::string& order_id) override;
  Task<ReleaseResult> release(const policy::OperatorId& id, const std::vector<ReturnedNumber>& numbers,
                              policy::Instant now, Footing footing) override;
  Task<std::optional<std::vector<std::string>>> groups_of(
      const policy::OperatorId& id, const std::vector<ReturnedNumber>& numbers) override;
  Task<std::optional<std::vector<Tenure>>> trace(const std::string& number) override;
  Task<bool> fence(const policy::OperatorId& id, std::uint64_t serial) override;
  Task<std::optional<policy::Usage>> usage(const policy::OperatorId& id) override;
  Task<std::optional<std::vector<GrantedNumber>>> numbers(const policy::OperatorId& id,
                                                          std::optional<policy::Instant> at = {}) override;
  Task<std::optional<std::vector<OpenHold>>> open_holds() override;

 private:
  static void add_notes(std::vector<Command>& commands, const SettleRequest& request,
                        const std::vector<std::string>& by_block);
  // Nothing: it could not be noted.
  Task<std::optional<std::vector<Displaced>>> displaced_by(const SettleRequest& request, bool again,
                                                           const std::vector<std::string>& by_block,
                                                           std::span<const RedisAnswer> answers);
  Task<bool> read_pages(std::string key, const std::function<void(const RedisAnswer&)>& page);

  RedisLink& link_;
  const LedgerSettings settings_;
};

}  // namespace sekisho::cache
