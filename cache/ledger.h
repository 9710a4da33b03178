// The ledger: the exact count of numbers. A port; `memory_ledger` is its model, `redis_ledger` the real one.
//
// Always true: for every limit in force when an order came, granted + held + suspense stay within it; a
// refused order took nothing; a hold resolves at most once; nothing stops counting because time went by.
//
// Where it is kept may lose its last writes (a crash, a failover, an old dump). Two things make that
// harmless. Orders are told apart by (gateway, ordinal), and of each one the ledger can say whether it ever
// counted it; so a settlement brings its order to the state that it names, whatever the ledger has forgotten
// of it. And nothing is admitted but on the footing of an epoch (cache/epochs.h) in which every gateway has
// told again what its journal knows.
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
// A body larger than that is not kept.
std::string encode(const StoredAnswer& answer, std::size_t most_bytes = std::string::npos);
std::optional<StoredAnswer> decode_answer(std::string_view text);

// On what a gateway stands when it asks: the epoch into which it has told all it knows (0: none, it may not
// ask), and how far the ledger has confirmed its journal. A ledger that knows less than this lost writes.
struct Footing {
  std::uint64_t epoch = 0, position = 0;
  std::uint64_t servers = 0;  // which processes keep it, as a fingerprint
  bool operator==(const Footing&) const = default;
};

// Day buckets are kept at least this long, so that a rolling limit that is added later finds some past to
// count.
inline constexpr int least_keep_days = 62;
// No rolling limit looks back further (config/policy_effects.cpp).
inline constexpr int most_keep_days = 400;

struct HoldRequest {
  policy::OperatorId operator_id;
  policy::Hold hold;
  Footing footing;
  std::uint64_t floor = 0;            // every order of this gateway below it has been held, or never will be
  std::uint64_t registry_serial = 0;  // decided by; a newer revocation fences the hold off
  int keep_days = least_keep_days;    // day buckets older than this go; the longest rolling limit must fit
  bool partial = false;               // the caller takes fewer: limits with `trim` may cut the order
  const std::vector<policy::Charge>* charges = nullptr;
  const std::vector<const policy::Rule*>* throttles = nullptr;
  std::string content;  // digest of method, target and body; counts where the hold has an idempotency key
  // A reservation of this carrier that the order confirms: it takes its place, so that numbers count once.
  std::string confirms;
};

struct HoldResult {
  policy::HoldAnswer answer;
  std::optional<StoredAnswer> replay;
  // The hold may have been taken although nobody said so (the link broke): it must be given up.
  bool in_doubt = false;
  std::optional<policy::Hold> confirmed;  // the reservation whose place it took
  // The ledger is not what this gateway stood on: writes were lost, or another epoch has begun.
  bool lost = false;
};

struct SettleRequest {
  policy::OperatorId operator_id;
  policy::Hold hold;  // as it was taken: all of it is needed should the ledger have lost it
  policy::Settlement settlement;
  policy::Instant now{};
  Footing footing;
  std::uint64_t floor = 0;       // as in HoldRequest; 0 when the hold is another gateway's
  bool only_if_unknown = false;  // an open hold that the ledger knows stays as it is
  bool only_in_epoch = false;    // of the footing, open or not: what follows from a ledger holds for that one
  bool first_try = false;        // for certain: nobody asked this of any ledger before
  std::string content;           // of the idempotency key, where known
  std::optional<StoredAnswer> answer;  // what a retry gets; nothing with a resolution: a retry goes again
  std::chrono::milliseconds answered_ago{0};  // it is kept for so much less
};

enum class SettleAnswer {
  done,
  restored,  // done; and the ledger had not known the hold
  resolved_before,
  unavailable
};

// A number given back, and the grant by which it is believed to be held (empty: not known). What counts is
// who held it until then: a grant that came later stays. Two accounts may have heard of one grant at
// different times, so where it is known which one came later, it is named.
struct ReturnedNumber {
  std::string number, decision;
  std::string later = {};  // decision of a grant that stays in any case
  bool operator==(const ReturnedNumber&) const = default;
};

// A number that two accounts hold. It is held by the later grant; what is named here is the earlier one.
struct Displaced {
  policy::OperatorId account;
  ReturnedNumber number;
  policy::Instant at{};  // the last at which it was his: a millisecond before the later grant
  bool operator==(const Displaced&) const = default;
};

// What was settled; and which numbers it showed to be somebody's no more, who then must give them back
// (cache/bookkeeper.h).
struct SettleResult {
  SettleResult(SettleAnswer answer = SettleAnswer::unavailable) : answer(answer) {}
  operator SettleAnswer() const { return answer; }
  SettleAnswer answer;
  std::vector<Displaced> displaced;
};

struct ReleaseResult {
  enum class Kind { done, lost, unavailable };
  Kind kind = Kind::unavailable;
  std::vector<ReturnedNumber> released;  // those that were held until now; the same number twice counts once
};

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
  std::optional<policy::Instant> until = {};  // given back, or granted again
  std::string group = {};                     // the owner group on whose account it counts as well
};

// An open hold as it lies in the ledger, whoever's it is.
struct OpenHold {
  policy::OperatorId operator_id;
  policy::Hold hold;
};

class Ledger {
 public:
  virtual ~Ledger() = default;

  // Tests every limit and throttle, then takes from all of them or from none: one atomic step.
  virtual Task<HoldResult> hold(const HoldRequest& request) = 0;

  // Brings the hold to the state that the settlement names, unless it is resolved. What the ledger does not
  // know it counts anew. So `released` makes sure that a hold which is in doubt never counts, whether it was
  // taken, or comes late, or never comes.
  virtual Task<SettleResult> settle(const SettleRequest& request) = 0;

  // The open hold that waits for this order of the carrier.
  virtual Task<std::optional<policy::Hold>> hold_of_order(const policy::OperatorId& id,
                                                          const std::string& carrier,
                                                          const std::string& order_id) = 0;

  virtual Task<ReleaseResult> release(const policy::OperatorId& id,
                                      const std::vector<ReturnedNumber>& numbers, policy::Instant now,
                                      Footing footing) = 0;

  // The owner groups in which these numbers of the operator are counted, or may be by an order that is open.
  virtual Task<std::optional<std::vector<std::string>>> groups_of(
      const policy::OperatorId& id, const std::vector<ReturnedNumber>& numbers) = 0;

  // Everyone to whom the number was granted, newest first.
  virtual Task<std::optional<std::vector<Tenure>>> trace(const std::string& number) = 0;
  // From now on, who decided by a registry older than `serial` cannot hold for this operator. 0: no fence.
  virtual Task<bool> fence(const policy::OperatorId& id, std::uint64_t serial) = 0;

  virtual Task<std::optional<policy::Usage>> usage(const policy::OperatorId& id) = 0;
  // What it holds; or held at a moment, whatever became of it since. By number.
  virtual Task<std::optional<std::vector<GrantedNumber>>> numbers(
      const policy::OperatorId& id, std::optional<policy::Instant> at = std::nullopt) = 0;

  // Every open hold of every operator: for recovery and for `ledger holds`. Nothing: it could not be read.
  virtual Task<std::optional<std::vector<OpenHold>>> open_holds() = 0;
};

// "gw-…" of "gw-…/3".
inline std::string_view gateway_of(const policy::Hold& hold) {
  return std::string_view(hold.gateway).substr(0, hold.gateway.find('/'));
}

}  // namespace sekisho::cache
