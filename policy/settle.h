// From what the carrier did to what the ledger does about it. Pure.
#pragma once

#include <string>
#include <vector>

#include "policy/reading.h"
#include "policy/usage.h"

namespace sekisho::policy {

// What becomes of a hold. It resolves at most once; `pending`, `suspense` and `reserved` are not resolutions:
// they still count.
struct Settlement {
  enum class Kind : std::uint8_t { granted, released, pending, suspense, reserved };
  Kind kind = Kind::suspense;
  Quantity granted = 0;  // what the carrier gave, also when it is more than was ordered
  std::string order_id;  // the carrier's
  std::vector<std::string>
      numbers;  // given out; may be fewer than `granted` when the carrier does not list them
};
inline constexpr std::string_view settlement_kind_words[] = {"granted", "released", "pending", "suspense",
                                                             "reserved"};
constexpr auto& words_of(Settlement::Kind) { return settlement_kind_words; }

Settlement settle(const Outcome& outcome);

}  // namespace sekisho::policy
