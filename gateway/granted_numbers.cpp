// Orders that name numbers only by the order that they were granted to, as an API does which gives numbers
// ids of its own. The ledger knows what that was.
#include <algorithm>

#include "gateway/pipeline.h"

namespace sekisho::gateway {
using policy::Reason;

// A transfer of what nobody knows is refused. A release of it passes: giving back is always possible.
Task<> Pipeline::name_numbers(Exchange& x) {
  auto& order = *x.order();
  std::vector<cache::GrantedNumber> found;
  bool reachable = true;
  std::vector<policy::OperatorId> accounts{x.caller};
  if (x.client->operator_id != x.caller) accounts.push_back(x.client->operator_id);  // from before a merger
  for (const auto& account : accounts) {
    const auto held = co_await desk_.ledger.numbers(account, std::nullopt);
    reachable = reachable && held.has_value();
    if (held)
      std::copy_if(held->begin(), held->end(), std::back_inserter(found),
                   [&order](const auto& grant) { return grant.order_id == order.order_id; });
  }
  // Two orders of one id are two carriers': which one is meant, the ledger cannot tell.
  const bool one_order = std::all_of(found.begin(), found.end(), [&found](const auto& grant) {
    return grant.decision == found.front().decision;
  });
  if (!one_order) found.clear();
  for (const auto& grant : found) {
    order.numbers.push_back(grant.number);
    order.number_type = grant.number_type;
  }
  if (order.operation != policy::Operation::transfer) co_return;
  order.quantity = policy::Quantity(found.size());
  if (!found.empty()) co_return;
  if (reachable)
    x.read = policy::Unreadable{.detail = "no number is known here that was granted to you as '" +
                                          order.order_id + "'"};
  else
    x.read = policy::Unreadable{.reason = Reason::ledger_unavailable};
}

}  // namespace sekisho::gateway
