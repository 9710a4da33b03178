// The ledger: the exact count of numbers. A port; `memory_ledger` is its model, `redis_ledger` the real one.
//
// Always true: for every limit in force when an order came, granted + held + suspense stay within it; a
// refused order took nothing; a hold resolves at most once; nothing stops counting because time went by.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cache/task.h"
#include "policy/decide.h"
#include "policy/settle.h"
#include "policy/usage.h"

namespace sekisho::cache {

// An answer kept for the caller who retries with the same idempotency key.
struct StoredAnswer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool body_kept = true;  // false: it was too large
};
std::string encode(const StoredAnswer& answer);
std::optional<StoredAnswer> decode_answer(std::string_view text);

struct Idempotency {
  std::string key;      // digest of the caller's key; the operator is the scope
  std::string content;  // digest of method, target and body
};

// Day buckets are kept at least this long, so that a rolling limit that is added later finds some past to
// count.
inline constexpr int least_keep_days = 62;

struct HoldRequest {
  policy::OperatorId operator_id;
  policy::Hold hold;
  std::uint64_t registry_serial = 0;  // decided by; a newer revocation fences the hold off
  int keep_days =
      least_keep_days;   // day buckets older than this may be swept; the longest rolling limit must fit
  bool partial = false;  // the caller takes fewer: limits with `trim` may cut the order
  const std::vector<policy::Charge>* charges = nullptr;
  const std::vector<const policy::Rule*>* throttles = nullptr;
  std::optional<Idempotency> idempotency;
};

struct HoldResult {
  policy::HoldAnswer answer;
  std::optional<StoredAnswer> replay;
  // The hold may have been taken although nobody said so (the link broke): it must be voided.
  bool in_doubt = false;
};

struct SettleRequest {
  policy::OperatorId operator_id;
  std::string hold_id;
  std::optional<policy::Hold> hold;  // when the caller still has it; else the ledger looks it up
  policy::Settlement settlement;
  policy::Instant now{};
  std::string idempotency_key;         // digest; empty: none. Known with `hold`, else looked up
  std::optional<StoredAnswer> answer;  // what a retry gets; nothing with a resolution: a retry goes again
};

enum class SettleAnswer { done, no_such_hold, unavailable };

// A number's owner at some time.
struct Tenure {
  std::string operator_id;
  std::string decision;
  std::string order_id;
  policy::Instant from{};
  std::optional<policy::Instant> until;
};

struct GrantedNumber {
  std::string number;
  policy::NumberType number_type{};
  policy::Instant granted_at{};
  std::string decision, order_id;
};

class Ledger {
 public:
  virtual ~Ledger() = default;

  // Tests every limit and throttle, then takes from all of them or from none: one atomic step.
  virtual Task<HoldResult> hold(const HoldRequest& request) = 0;
  virtual Task<SettleAnswer> settle(const SettleRequest& request) = 0;

  // Makes sure that a hold which is in doubt never counts, whether it was taken, or comes late, or never
  // comes.
  virtual Task<bool> void_hold(const policy::OperatorId& id, const policy::Hold& hold) = 0;

  // The open hold that waits for this order of the carrier.
  virtual Task<std::optional<policy::Hold>> hold_of_order(const policy::OperatorId& id,
                                                          const std::string& carrier,
                                                          const std::string& order_id) = 0;

  // Numbers given back. The same number twice counts once. Nothing: the ledger could not be reached.
  virtual Task<std::optional<policy::Quantity>> release(const policy::OperatorId& id,
                                                        const std::vector<std::string>& numbers,
                                                        policy::Instant now) = 0;

  // Everyone who had the number, newest first.
  virtual Task<std::optional<std::vector<Tenure>>> trace(const std::string& number) = 0;
  // From now on, who decided by a registry older than `serial` cannot hold for this operator. 0: no fence.
  virtual Task<bool> fence(const policy::OperatorId& id, std::uint64_t serial) = 0;

  virtual Task<std::optional<policy::Usage>> usage(const policy::OperatorId& id) = 0;
  virtual Task<std::optional<std::vector<GrantedNumber>>> numbers(const policy::OperatorId& id) = 0;
};

// The buckets that a hold raises by its quantity, and a settlement lowers by what was not granted.
std::vector<std::string> buckets_raised(const policy::Hold& hold);

}  // namespace sekisho::cache
