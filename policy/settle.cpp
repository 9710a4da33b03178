#include "policy/settle.h"

namespace sekisho::policy {

Settlement settle(const Outcome& outcome) {
  Settlement settlement{.order_id = outcome.order_id, .numbers = outcome.numbers};
  switch (outcome.kind) {
    case Outcome::Kind::unsent:
      settlement.kind = Settlement::Kind::released;
      break;
    case Outcome::Kind::finished:
      settlement.granted = outcome.granted;
      settlement.kind = outcome.granted > 0 ? Settlement::Kind::granted : Settlement::Kind::released;
      break;
    // Without the carrier's order id nobody could ever recognise what it says later.
    case Outcome::Kind::pending:
      settlement.kind = outcome.order_id.empty() ? Settlement::Kind::suspense : Settlement::Kind::pending;
      break;
    case Outcome::Kind::reserved:
      settlement.kind = outcome.order_id.empty() ? Settlement::Kind::suspense : Settlement::Kind::reserved;
      break;
    // An answer we never saw is not a refusal: the carrier may have handed the numbers out.
    case Outcome::Kind::unknown:
      settlement.kind = Settlement::Kind::suspense;
      break;
  }
  return settlement;
}

}  // namespace sekisho::policy
