// How many numbers an operator has had: buckets, and what a limit makes of them. Pure; the ledger stores the
// buckets.
//
// A bucket (policy/bucket.h) counts what was taken: granted numbers and numbers in open holds. A settlement
// takes back what was not granted; a release lowers only what is held. Nothing stores what remains, so an
// edited limit applies at once.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "policy/bucket.h"
#include "policy/calendar.h"
#include "policy/rules.h"

namespace sekisho::policy {

// reserved: the carrier keeps the numbers for a confirmation, which will be an order of its own.
enum class HoldState : std::uint8_t { held, suspense, reserved };
inline constexpr std::string_view hold_state_words[] = {"held", "suspense", "reserved"};
constexpr auto& words_of(HoldState) { return hold_state_words; }

// A quantity set aside for one order.
struct Hold {
  std::string id;  // the decision's id
  HoldState state = HoldState::held;
  Quantity quantity = 0;
  NumberType number_type = NumberType::fixed;
  JstDate day;  // whose buckets it stands in
  Instant since{};
  std::string carrier;
  std::string order_id;  // the carrier's, once known
  std::string gateway;   // "gw-…/3": who took it, in which boot
  // Its place among all orders of that gateway, over all boots: what was counted of them is told by it.
  std::uint64_t ordinal = 0;
  std::string key;    // digest of the caller's idempotency key; empty: none
  std::string group;  // the owner group on whose account it stands as well; empty: none
};

// The buckets that a hold raises by its quantity, and a settlement lowers by what was not granted.
std::array<Bucket, 8> buckets_raised(const Hold& hold);

// Everything counted of one operator.
struct Usage {
  std::map<Bucket, Quantity> buckets;
  std::vector<Hold> holds;  // open ones

  Quantity bucket(const Bucket& which) const;
  Quantity held() const;      // numbers in holds whose outcome is awaited
  Quantity suspense() const;  // numbers in holds whose outcome is unknown
  Quantity granted() const { return bucket(Bucket::of_held()) - held() - suspense(); }
};

// The first day that counts towards a period on a day; nothing for periods without a beginning.
std::optional<JstDate> first_day(const Period& per, JstDate today);

// What of a type counts towards a period on a day: so many days or months, the newest first, or one bucket
// that does not go by.
struct Window {
  Bucket::Span span{};
  int count = 0;
};
Window window_of(const Period& per, JstDate today);
// A limit that counts all types together.
bool counts_everything(const NumberTypes& types);

// The buckets that count towards a limit on a day; their sum is what is taken.
std::vector<Bucket> buckets_of(const Period& per, const NumberTypes& types, JstDate today);
inline std::vector<Bucket> buckets_of(const Limit& limit, JstDate today) {
  return buckets_of(limit.per, limit.number_types, today);
}

// A limit as it stands for one operator at one moment.
struct LimitState {
  std::string rule, code;
  Period per;
  Quantity limit = 0, used = 0, held = 0, left = 0;  // held: in open holds, suspense included
  std::optional<Instant> resets_at;                  // nothing: waiting does not help
};
LimitState limit_state(const Rule& rule, Quantity limit, const Usage& usage, JstDate today);

}  // namespace sekisho::policy
