#include "cache/hold_resolution.h"

#include <algorithm>

#include "cache/clock.h"
#include "cache/group_ledger.h"
#include "cache/hold_record.h"
#include "cache/keys.h"
#include "cache/redis_epochs.h"
#include "cache/redis_ledger.h"

namespace sekisho::cache {
using Kind = ResolutionResult::Kind;

namespace {

// No gateway waits this long for a carrier: a hold that is older and still "held" has lost its gateway for
// good.
constexpr auto longest_order = std::chrono::minutes(10);

// What was granted is nobody else's any more.
Task<bool> take_from(const std::vector<Displaced>& displaced, Ledger& ledger, RedisLink& link) {
  if (displaced.empty()) co_return true;
  RedisEpochs epochs(link);
  const auto view = co_await epochs.look();
  if (!view) co_return false;
  const Footing here{view->epoch, view->position, view->servers};
  for (const auto& [account, number, at] : displaced) {
    const std::vector<ReturnedNumber> one{number};
    const auto result = co_await ledger.release(account, one, at, here);
    if (result.kind != ReleaseResult::Kind::done) co_return false;
  }
  co_return true;
}

SettleRequest settlement_of(const OpenHold& found, const HoldResolution& resolution) {
  SettleRequest request{.operator_id = found.operator_id, .hold = found.hold, .now = wall_clock()};
  request.settlement.granted = resolution.granted;
  request.settlement.kind =
      resolution.granted > 0 ? policy::Settlement::Kind::granted : policy::Settlement::Kind::released;
  request.settlement.order_id = found.hold.order_id;
  request.settlement.numbers = resolution.numbers;
  // A retry must not order again; the carrier's own words are not known.
  if (resolution.granted > 0)
    request.answer =
        StoredAnswer{.status = 200, .headers = {{"Sekisho-Decision", found.hold.id}}, .body_kept = false};
  return request;
}

Command note_of(const SettleRequest& request, const HoldResolution& resolution) {
  Command note{"XADD",
               keys::resolutions,
               "*",
               "gateway",
               std::string(gateway_of(request.hold)),
               "hold",
               request.hold.id,
               "operator",
               request.operator_id.text(),
               "granted",
               std::to_string(request.settlement.granted),
               "by",
               resolution.by,
               "reason",
               resolution.reason,
               "since",
               std::to_string(policy::to_ms(request.now)),
               "of",
               encode(request.hold)};
  for (const auto& number : request.settlement.numbers) {
    note.add("number").add(number);
  }
  return note;
}

}  // namespace

Task<ResolutionResult> resolve_hold(RedisLink& link, const config::Settings& settings,
                                    HoldResolution resolution) {
  RedisLedger accounts(link, ledger_settings(settings));
  GroupLedger ledger(accounts);
  ResolutionResult result;
  auto open = co_await ledger.open_holds();
  if (!open) {
    result.trouble = "the ledger cannot be read from Redis";
    co_return result;
  }
  std::stable_partition(open->begin(), open->end(),
                        [](const OpenHold& one) { return !one.operator_id.is_group(); });
  const auto found = std::find_if(open->begin(), open->end(),
                                  [&](const OpenHold& one) { return one.hold.id == resolution.hold; });
  if (found == open->end()) {
    result.kind = Kind::not_open;
    result.trouble = "no open hold " + resolution.hold;
    co_return result;
  }
  const bool under_way = found->hold.state == policy::HoldState::held && found->hold.order_id.empty() &&
                         wall_clock() - found->hold.since < longest_order;
  if (under_way) {
    result.kind = Kind::under_way;
    result.trouble = "hold " + resolution.hold +
                     " is an order under way; what can be resolved is suspense, an order that the carrier "
                     "accepted for later, or one whose gateway is gone for ten minutes";
    co_return result;
  }
  const auto request = settlement_of(*found, resolution);
  const auto answer = co_await ledger.settle(request);
  if (answer == SettleAnswer::unavailable) {
    result.trouble = "Redis went away; do it again";
    co_return result;
  }
  if (answer == SettleAnswer::resolved_before) {
    result.kind = Kind::not_open;
    result.trouble = "hold " + resolution.hold + " was resolved meanwhile";
    co_return result;
  }
  result.kind = Kind::done;
  result.operator_id = found->operator_id;
  result.granted = resolution.granted;
  result.released = found->hold.quantity - resolution.granted;
  const bool taken = co_await take_from(answer.displaced, ledger, link);
  if (!taken)
    result.warnings.push_back(
        "resolved, but a number in it is still counted as another operator's, too: run 'ledger trace'");
  auto note = note_of(request, resolution);
  const auto noted = co_await link.call(std::move(note));
  if (!noted.ok()) result.warnings.push_back("resolved, but who and why could not be recorded in Redis");
  co_return result;
}

}  // namespace sekisho::cache
