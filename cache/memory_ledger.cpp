#include "cache/memory_ledger.h"

#include <algorithm>

namespace sekisho::cache {
using policy::HoldAnswer;
using policy::Quantity;
using Kind = policy::Settlement::Kind;

namespace {

void raise(policy::Usage& usage, const policy::Hold& hold, Quantity by) {
  for (const auto& bucket : buckets_raised(hold)) usage.buckets[bucket] += by;
}

auto find(std::vector<policy::Hold>& holds, const std::string& id) {
  return std::find_if(holds.begin(), holds.end(), [&](const auto& hold) { return hold.id == id; });
}

}  // namespace

Task<HoldResult> MemoryLedger::hold(const HoldRequest& request) {
  auto& account = accounts_[request.operator_id];
  HoldResult result;
  auto& answer = result.answer;
  if (account.voided.contains(request.hold.id)) co_return result;  // given up before it came
  if (account.fence > request.registry_serial) {
    answer.kind = HoldAnswer::Kind::fenced;
    answer.fence = account.fence;
    co_return result;
  }
  if (request.idempotency) {
    const auto kept = account.kept.find(request.idempotency->key);
    if (kept != account.kept.end()) {
      answer.kind = kept->second.content != request.idempotency->content ? HoldAnswer::Kind::mismatch
                    : kept->second.state == "finished"                   ? HoldAnswer::Kind::replay
                    : kept->second.state == "unknown"                    ? HoldAnswer::Kind::outcome_unknown
                                                                         : HoldAnswer::Kind::in_flight;
      if (answer.kind == HoldAnswer::Kind::replay) result.replay = kept->second.answer;
      co_return result;
    }
  }
  Quantity take = request.hold.quantity;
  std::vector<Quantity> left;
  for (const auto& charge : *request.charges) {
    Quantity taken = 0;
    for (const auto& bucket : policy::buckets_of(*charge.rule->limit, request.hold.day))
      taken += account.usage.bucket(bucket);
    left.push_back(charge.cap - taken);
    if (charge.rule->limit->trim && request.partial && left.back() > 0) take = std::min(take, left.back());
  }
  for (std::size_t i = 0; i < left.size(); ++i)
    if (left[i] < take) answer.bound.push_back(i);
  if (!answer.bound.empty()) {
    answer.kind = HoldAnswer::Kind::over_limit;
    answer.usage = account.usage;
    co_return result;
  }
  const std::int64_t now = policy::to_ms(request.hold.since) * 1000;
  std::map<std::string, std::int64_t> arrivals;
  std::int64_t wait = 0;
  for (const auto* rule : *request.throttles) {
    const auto interval = rule->throttle->per_ms * 1000 / std::max<std::int64_t>(1, rule->throttle->requests);
    const auto tolerance = interval * std::max<std::int64_t>(0, rule->throttle->burst - 1);
    const auto arrival = std::max(account.arrivals[rule->id], now);
    wait = std::max(wait, arrival - now - tolerance);
    arrivals[rule->id] = arrival + interval;
  }
  if (wait > 0) {
    answer.kind = HoldAnswer::Kind::throttled;
    answer.retry_ms = (wait + 999) / 1000;
    co_return result;
  }
  // From here on everything passes: take.
  for (const auto& [id, arrival] : arrivals) account.arrivals[id] = arrival;
  auto hold = request.hold;
  hold.quantity = take;
  raise(account.usage, hold, take);
  account.usage.holds.push_back(hold);
  if (request.idempotency) {
    account.kept[request.idempotency->key] = {request.idempotency->content, hold.id, "in_flight", {}};
    account.idempotency_of_hold[hold.id] = request.idempotency->key;
  }
  answer.kind = HoldAnswer::Kind::taken;
  answer.quantity = take;
  answer.left = left;
  co_return result;
}

Task<SettleAnswer> MemoryLedger::settle(const SettleRequest& request) {
  auto& account = accounts_[request.operator_id];
  const auto& settlement = request.settlement;
  const auto hold = find(account.usage.holds, request.hold_id);
  if (hold == account.usage.holds.end()) co_return SettleAnswer::no_such_hold;
  const bool resolves = settlement.kind == Kind::granted || settlement.kind == Kind::released;
  if (!settlement.order_id.empty()) hold->order_id = settlement.order_id;
  if (settlement.kind == Kind::granted) {
    for (const auto& number : settlement.numbers) {
      account.numbers[number] = {number, hold->number_type, request.now, hold->id, hold->order_id};
      auto& tenures = tenures_[number];
      std::erase_if(tenures, [&](const Tenure& tenure) { return tenure.decision == request.hold_id; });
      tenures.insert(tenures.begin(),
                     {request.operator_id.text(), hold->id, hold->order_id, request.now, {}});
    }
  }
  const auto key = account.idempotency_of_hold.find(request.hold_id);
  if (key != account.idempotency_of_hold.end()) {
    auto& kept = account.kept[key->second];
    if (settlement.kind == Kind::suspense) {
      kept.state = "unknown";
    } else if (request.answer) {
      kept.state = "finished";
      kept.answer = request.answer;
    } else if (resolves) {
      account.kept.erase(key->second);
    }
  }
  if (resolves) {
    raise(account.usage, *hold, settlement.granted - hold->quantity);
    account.usage.holds.erase(hold);
  } else {
    hold->state = settlement.kind == Kind::pending ? policy::HoldState::held : policy::HoldState::suspense;
  }
  co_return SettleAnswer::done;
}

Task<bool> MemoryLedger::void_hold(const policy::OperatorId& id, const policy::Hold& given_up) {
  auto& account = accounts_[id];
  const auto hold = find(account.usage.holds, given_up.id);
  if (hold != account.usage.holds.end()) {
    raise(account.usage, *hold, -hold->quantity);
    account.usage.holds.erase(hold);
    const auto key = account.idempotency_of_hold.find(given_up.id);
    if (key != account.idempotency_of_hold.end()) account.kept.erase(key->second);
  }
  account.voided.insert(given_up.id);
  co_return true;
}

Task<std::optional<policy::Hold>> MemoryLedger::hold_of_order(const policy::OperatorId& id,
                                                              const std::string& carrier,
                                                              const std::string& order_id) {
  for (const auto& hold : accounts_[id].usage.holds)
    if (hold.carrier == carrier && hold.order_id == order_id && !order_id.empty()) co_return hold;
  co_return std::nullopt;
}

Task<std::optional<Quantity>> MemoryLedger::release(const policy::OperatorId& id,
                                                    const std::vector<std::string>& numbers,
                                                    policy::Instant now) {
  auto& account = accounts_[id];
  Quantity released = 0;
  for (const auto& number : numbers) {
    const auto held = account.numbers.find(number);
    if (held == account.numbers.end()) continue;
    account.usage.buckets[policy::held_bucket] -= 1;
    account.usage.buckets[policy::held_bucket + "." + std::string(policy::name(held->second.number_type))] -=
        1;
    for (auto& tenure : tenures_[number])
      if (tenure.decision == held->second.decision) tenure.until = now;
    account.numbers.erase(held);
    ++released;
  }
  co_return released;
}

Task<std::optional<std::vector<Tenure>>> MemoryLedger::trace(const std::string& number) {
  co_return tenures_[number];
}

Task<bool> MemoryLedger::fence(const policy::OperatorId& id, std::uint64_t serial) {
  accounts_[id].fence = serial;
  co_return true;
}

Task<std::optional<policy::Usage>> MemoryLedger::usage(const policy::OperatorId& id) {
  co_return accounts_[id].usage;
}

Task<std::optional<std::vector<GrantedNumber>>> MemoryLedger::numbers(const policy::OperatorId& id) {
  std::vector<GrantedNumber> out;
  for (const auto& [number, entry] : accounts_[id].numbers) out.push_back(entry);
  co_return out;
}

}  // namespace sekisho::cache
