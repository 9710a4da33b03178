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

void held_once_less(policy::Usage& usage, policy::NumberType type) {
  usage.buckets[policy::held_bucket] -= 1;
  usage.buckets[policy::held_bucket + "." + std::string(policy::name(type))] -= 1;
}

auto find(std::vector<policy::Hold>& holds, const std::string& id) {
  return std::find_if(holds.begin(), holds.end(), [&](const auto& hold) { return hold.id == id; });
}

std::pair<std::string, std::uint64_t> place_of(const policy::Hold& hold) {
  return {std::string(gateway_of(hold)), hold.ordinal};
}

}  // namespace

HoldResult MemoryLedger::do_hold(const HoldRequest& request) {
  HoldResult result;
  auto& answer = result.answer;
  const auto [gateway, ordinal] = place_of(request.hold);
  const auto peer = store_.gateways.find(gateway);
  if (!stands(request.footing.epoch) || peer == store_.gateways.end() ||
      peer->second.position < request.footing.position) {
    result.lost = true;
    return result;
  }
  auto& account = store_.accounts[request.operator_id];
  const bool given_up = ordinal < account.floors[gateway] || account.resolved.contains({gateway, ordinal});
  if (given_up || find(account.usage.holds, request.hold.id) != account.usage.holds.end()) return result;
  if (account.fence > request.registry_serial) {
    answer.kind = HoldAnswer::Kind::fenced;
    answer.fence = account.fence;
    return result;
  }
  if (!request.hold.key.empty()) {
    const auto kept = account.kept.find(request.hold.key);
    if (kept != account.kept.end()) {
      answer.kind = kept->second.content != request.content ? HoldAnswer::Kind::mismatch
                    : kept->second.state == "finished"      ? HoldAnswer::Kind::replay
                    : kept->second.state == "unknown"       ? HoldAnswer::Kind::outcome_unknown
                                                            : HoldAnswer::Kind::in_flight;
      if (answer.kind == HoldAnswer::Kind::replay) result.replay = kept->second.answer;
      return result;
    }
  }
  std::vector<Quantity> before;
  for (const auto& charge : *request.charges) {
    before.push_back(0);
    for (const auto& bucket : policy::buckets_of(*charge.rule->limit, request.hold.day))
      before.back() += account.usage.bucket(bucket);
  }
  answer = policy::hold_against(*request.charges, before, request.hold.quantity, request.partial);
  if (answer.kind == HoldAnswer::Kind::over_limit) {
    answer.usage = account.usage;
    return result;
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
    return result;
  }
  // From here on everything passes: take.
  for (const auto& [id, arrival] : arrivals) account.arrivals[id] = arrival;
  auto hold = request.hold;
  hold.quantity = answer.quantity;
  raise(account.usage, hold, hold.quantity);
  account.usage.holds.push_back(hold);
  if (!hold.key.empty()) account.kept[hold.key] = {request.content, hold.id, "in_flight", {}};
  account.floors[gateway] = std::max(account.floors[gateway], request.floor);
  return result;
}

SettleAnswer MemoryLedger::do_settle(const SettleRequest& request) {
  if (request.only_in_epoch && (store_.epoch != request.footing.epoch || store_.run != process))
    return SettleAnswer::unavailable;
  auto& account = store_.accounts[request.operator_id];
  const auto& settlement = request.settlement;
  const auto place = place_of(request.hold);
  auto& told = account.floors[place.first];
  if (request.floor > told && stands(request.footing.epoch)) told = request.floor;

  auto hold = find(account.usage.holds, request.hold.id);
  bool restored = false;
  if (hold != account.usage.holds.end() && request.only_if_unknown) return SettleAnswer::done;
  if (hold == account.usage.holds.end()) {
    if (place.second < told || account.resolved.contains(place)) return SettleAnswer::resolved_before;
    restored = true;
    raise(account.usage, request.hold, request.hold.quantity);
    account.usage.holds.push_back(request.hold);
    hold = account.usage.holds.end() - 1;
    if (!request.content.empty() && !request.hold.key.empty())
      account.kept.try_emplace(request.hold.key,
                               MemoryStore::KeptAnswer{request.content, request.hold.id, "in_flight", {}});
  }
  const bool resolves = settlement.kind == Kind::granted || settlement.kind == Kind::released;
  if (settlement.kind == Kind::granted) {
    const auto& order = settlement.order_id.empty() ? hold->order_id : settlement.order_id;
    for (const auto& number : settlement.numbers) {
      const GrantedNumber grant{number, hold->number_type, request.now, hold->id, order};
      const auto before = account.numbers.find(number);
      bool mine = before == account.numbers.end();
      std::optional<policy::Instant> until;
      if (const auto gone = account.gone.find(number);
          gone != account.gone.end() && request.now <= gone->second) {
        mine = false;
        until = gone->second;
        held_once_less(account.usage, grant.number_type);
      } else if (!mine) {
        const auto& other = before->second;
        mine = std::tie(grant.granted_at, grant.decision) > std::tie(other.granted_at, other.decision);
        held_once_less(account.usage, mine ? other.number_type : grant.number_type);
      }
      if (mine) account.numbers[number] = grant;
      auto& tenures = store_.tenures[number];
      const bool begun = std::any_of(tenures.begin(), tenures.end(),
                                     [&](const Tenure& tenure) { return tenure.decision == grant.decision; });
      if (!begun) tenures.push_back({request.operator_id.text(), grant.decision, order, request.now, until});
    }
  }
  const auto kept = account.kept.find(hold->key);
  if (!hold->key.empty() && kept != account.kept.end() && kept->second.hold_id == hold->id) {
    if (settlement.kind == Kind::suspense) {
      kept->second.state = "unknown";
    } else if (request.answer) {
      kept->second.state = "finished";
      kept->second.answer = request.answer;
    } else if (resolves) {
      account.kept.erase(kept);
    }
  }
  if (resolves) {
    raise(account.usage, *hold, settlement.granted - hold->quantity);
    account.usage.holds.erase(hold);
    if (account.usage.holds.empty()) account.gone.clear();
    if (place.second >= told) account.resolved.insert(place);
  } else {
    if (!settlement.order_id.empty()) hold->order_id = settlement.order_id;
    hold->state = settlement.kind == Kind::pending ? policy::HoldState::held : policy::HoldState::suspense;
  }
  return restored ? SettleAnswer::restored : SettleAnswer::done;
}

ReleaseResult MemoryLedger::do_release(const policy::OperatorId& id,
                                       const std::vector<ReturnedNumber>& numbers, policy::Instant now,
                                       Footing footing) {
  if (!stands(footing.epoch)) return {.kind = ReleaseResult::Kind::lost};
  auto& account = store_.accounts[id];
  ReleaseResult result{.kind = ReleaseResult::Kind::done};
  for (const auto& [number, decision] : numbers) {
    if (!account.usage.holds.empty()) {
      auto& gone = account.gone.try_emplace(number, now).first->second;
      gone = std::max(gone, now);
    }
    const auto held = account.numbers.find(number);
    if (held == account.numbers.end()) continue;
    if (held->second.decision != decision && held->second.granted_at > now) continue;
    held_once_less(account.usage, held->second.number_type);
    for (auto& tenure : store_.tenures[number])
      if (tenure.decision == held->second.decision) tenure.until = now;
    result.released.push_back({number, held->second.decision});
    account.numbers.erase(held);
  }
  return result;
}

Task<HoldResult> MemoryLedger::hold(const HoldRequest& request) { co_return do_hold(request); }
Task<SettleAnswer> MemoryLedger::settle(const SettleRequest& request) { co_return do_settle(request); }
Task<ReleaseResult> MemoryLedger::release(const policy::OperatorId& id,
                                          const std::vector<ReturnedNumber>& numbers, policy::Instant now,
                                          Footing footing) {
  co_return do_release(id, numbers, now, footing);
}

Task<std::optional<policy::Hold>> MemoryLedger::hold_of_order(const policy::OperatorId& id,
                                                              const std::string& carrier,
                                                              const std::string& order_id) {
  for (const auto& hold : store_.accounts[id].usage.holds)
    if (hold.carrier == carrier && hold.order_id == order_id && !order_id.empty()) co_return hold;
  co_return std::nullopt;
}

Task<std::optional<std::vector<Tenure>>> MemoryLedger::trace(const std::string& number) {
  auto tenures = store_.tenures[number];
  std::sort(tenures.begin(), tenures.end(), [](const Tenure& a, const Tenure& b) { return a.from > b.from; });
  co_return tenures;
}

Task<bool> MemoryLedger::fence(const policy::OperatorId& id, std::uint64_t serial) {
  store_.accounts[id].fence = serial;
  co_return true;
}

Task<std::optional<policy::Usage>> MemoryLedger::usage(const policy::OperatorId& id) {
  co_return store_.accounts[id].usage;
}

Task<std::optional<std::vector<GrantedNumber>>> MemoryLedger::numbers(const policy::OperatorId& id) {
  std::vector<GrantedNumber> out;
  for (const auto& [number, entry] : store_.accounts[id].numbers) out.push_back(entry);
  co_return out;
}

Task<std::optional<std::vector<OpenHold>>> MemoryLedger::open_holds() {
  std::vector<OpenHold> out;
  for (const auto& [id, account] : store_.accounts)
    for (const auto& hold : account.usage.holds) out.push_back({id, hold});
  co_return out;
}

}  // namespace sekisho::cache
