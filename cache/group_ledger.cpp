#include "cache/group_ledger.h"

#include <algorithm>

namespace sekisho::cache {
using policy::HoldAnswer;
using policy::OperatorId;

namespace {

bool over_group(const policy::Charge& charge) { return charge.rule->limit->of == policy::Scope::owner_group; }

// What the limits over one kind of account ask, and where each stands among all charges.
struct Share {
  std::vector<policy::Charge> charges;
  std::vector<std::size_t> places;
};

Share share_of(const std::vector<policy::Charge>& all, bool of_group) {
  Share share;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (over_group(all[i]) != of_group) continue;
    share.charges.push_back(all[i]);
    share.places.push_back(i);
  }
  return share;
}

// The caller's key is its operator's; on the group's account there is none.
policy::Hold on_group(policy::Hold hold) {
  hold.key.clear();
  return hold;
}

}  // namespace

Task<HoldResult> GroupLedger::hold(const HoldRequest& request) {
  if (request.hold.group.empty()) co_return co_await accounts_.hold(request);
  const auto own = share_of(*request.charges, false), joint = share_of(*request.charges, true);
  auto first = request;
  first.charges = &own.charges;
  auto result = co_await accounts_.hold(first);
  auto& answer = result.answer;
  answer.account = HoldAnswer::Account::own;
  for (auto& index : answer.bound) index = own.places[index];
  if (answer.kind != HoldAnswer::Kind::taken) co_return result;

  static const std::vector<const policy::Rule*> no_throttles;
  auto second = request;
  second.operator_id = OperatorId::of_group(request.hold.group);
  second.hold = on_group(request.hold);
  second.hold.quantity = answer.quantity;
  second.content.clear();
  second.charges = &joint.charges;
  second.throttles = &no_throttles;
  auto group = co_await accounts_.hold(second);
  std::vector<policy::Quantity> left(request.charges->size());
  for (std::size_t i = 0; i < answer.left.size(); ++i) left[own.places[i]] = answer.left[i];
  if (group.answer.kind == HoldAnswer::Kind::taken) {
    for (std::size_t i = 0; i < group.answer.left.size(); ++i) left[joint.places[i]] = group.answer.left[i];
    answer.left = std::move(left);
    answer.quantity = group.answer.quantity;  // a limit over the group may have cut it further
    co_return result;
  }
  // Nothing is taken from one alone. Where that cannot be made sure now, the whole hold is in doubt.
  const bool undone = !group.in_doubt && co_await give_up(request, result.confirmed);
  group.in_doubt = !undone;
  group.confirmed.reset();
  for (auto& index : group.answer.bound) index = joint.places[index];
  group.answer.account = HoldAnswer::Account::group;
  group.answer.left = std::move(left);
  group.answer.of_group = std::exchange(group.answer.usage, {});
  co_return group;
}

Task<bool> GroupLedger::give_up(const HoldRequest& request, const std::optional<policy::Hold>& confirmed) {
  if (confirmed) {  // the reservation is gone from the operator's account; the order may be asked for again
    SettleRequest end{.operator_id = OperatorId::of_group(request.hold.group),
                      .hold = on_group(*confirmed),
                      .settlement = {.kind = policy::Settlement::Kind::released},
                      .now = request.hold.since};
    const auto ended = co_await accounts_.settle(end);
    if (ended == SettleAnswer::unavailable) co_return false;
  }
  SettleRequest undo{.operator_id = request.operator_id,
                     .hold = request.hold,
                     .settlement = {.kind = policy::Settlement::Kind::released},
                     .now = request.hold.since};
  const auto answer = co_await accounts_.settle(undo);
  co_return answer != SettleAnswer::unavailable;
}

// The operator's account last: as long as anything of an order is open, it is open there, where persons,
// status calls and the next life of a gateway look for it.
Task<SettleResult> GroupLedger::settle(const SettleRequest& request) {
  SettleResult joint(SettleAnswer::done);
  if (!request.hold.group.empty() && !request.operator_id.is_group()) {
    auto copy = request;
    copy.operator_id = OperatorId::of_group(request.hold.group);
    copy.hold = on_group(request.hold);
    copy.content.clear();
    copy.answer.reset();
    joint = co_await accounts_.settle(copy);
    if (joint == SettleAnswer::unavailable) co_return joint;
  }
  auto own = co_await accounts_.settle(request);
  const bool lost = joint == SettleAnswer::restored && own != SettleAnswer::unavailable;
  if (lost) own.answer = SettleAnswer::restored;
  co_return own;
}

Task<ReleaseResult> GroupLedger::release(const OperatorId& id, const std::vector<ReturnedNumber>& numbers,
                                         policy::Instant now, Footing footing) {
  const auto groups = co_await accounts_.groups_of(id, numbers);
  if (!groups) co_return ReleaseResult{};
  auto names = *groups;
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  // All of them to each: an open order may be the grant of one, and it is noted there too that it is gone.
  for (const auto& name : names) {
    if (name.empty()) continue;
    const auto account = OperatorId::of_group(name);
    const auto result = co_await accounts_.release(account, numbers, now, footing);
    if (result.kind != ReleaseResult::Kind::done) co_return result;
  }
  co_return co_await accounts_.release(id, numbers, now, footing);
}

}  // namespace sekisho::cache
