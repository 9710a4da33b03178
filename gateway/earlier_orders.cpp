#include "gateway/earlier_orders.h"

#include "cache/ledger_records.h"

namespace sekisho::gateway {
using policy::Outcome;
using policy::Settlement;

Task<std::optional<EndedOrder>> EarlierOrders::tell(const Told& told) {
  const auto kind = told.outcome.kind;
  const bool is_end = kind == Outcome::Kind::finished || kind == Outcome::Kind::reserved;
  if (!is_end || told.order_id.empty()) co_return std::nullopt;

  EndedOrder ended;
  std::optional<policy::Hold> hold;
  for (const auto& account : told.accounts) {
    hold = co_await ledger_.hold_of_order(account, told.carrier, told.order_id);
    ended.account = account;
    if (hold) break;
  }
  if (!hold) co_return std::nullopt;
  ended.hold = *hold;
  auto outcome = told.outcome;
  if (outcome.all) outcome.granted = hold->quantity;

  // On record before it is counted, and open until it is.
  const auto floor = books_.open_order();
  const cache::OutcomeNote note{.decision = told.decision,
                                .operator_id = ended.account,
                                .operation = told.operation,
                                .outcome = outcome,
                                .status = told.status,
                                .heard = told.heard,
                                .of = &*hold};
  journal_.append(cache::RecordKind::outcome, told.heard, cache::outcome_record(note));
  ended.settlement = policy::settle(outcome);
  ended.settlement.order_id = told.order_id;
  cache::SettleRequest request{.operator_id = ended.account,
                               .hold = *hold,
                               .settlement = ended.settlement,
                               .now = told.heard,
                               .answer = told.answer};
  cache::Unsettled item{.what = std::move(request), .floor = floor};
  co_await books_.settle(std::move(item));
  if (kind == Outcome::Kind::finished) co_await memory_.ended(told.carrier, told.order_id);
  co_return ended;
}

}  // namespace sekisho::gateway
