#include "cache/memory_ledger.h"

#include <algorithm>

#include "cache/bucket_field.h"
#include "cache/tenure_record.h"

namespace sekisho::cache {
using policy::Bucket;
using policy::HoldAnswer;
using policy::Quantity;
using Kind = policy::Settlement::Kind;

namespace {

void raise(policy::Usage& usage, const policy::Hold& hold, Quantity by) {
  for (const auto& bucket : buckets_raised(hold)) usage.buckets[bucket] += by;
}

// What is swept stays away.
void correct(policy::Usage& usage, const policy::Hold& hold, Quantity by) {
  for (const auto& bucket : buckets_raised(hold))
    if (const auto there = usage.buckets.find(bucket); there != usage.buckets.end()) there->second += by;
}

// Counts of days and months that no limit can ask for any more.
void sweep(policy::Usage& usage, policy::JstDate today, int keep_days) {
  const auto first = first_counted(today, keep_days);
  std::erase_if(usage.buckets, [&](const auto& entry) {
    const auto& bucket = entry.first;
    return bucket.span() == Bucket::Span::day     ? bucket.day() < first.day
           : bucket.span() == Bucket::Span::month ? bucket.day() < first.month
                                                  : false;
  });
}

void ended(MemoryStore::Account& account, GrantedNumber grant, policy::Instant until) {
  grant.until = std::max(until, grant.granted_at);  // clocks differ a little
  account.past[{grant.number, grant.decision}] = grant;
}

void held_once_less(policy::Usage& usage, policy::NumberType type) {
  usage.buckets[Bucket::of_held()] -= 1;
  usage.buckets[Bucket::of_held().of(type)] -= 1;
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
  const auto& open = account.usage.holds;
  const auto reserved = std::find_if(open.begin(), open.end(), [&](const policy::Hold& hold) {
    return !request.confirms.empty() && hold.state == policy::HoldState::reserved &&
           hold.carrier == request.hold.carrier && hold.order_id == request.confirms &&
           hold.number_type == request.hold.number_type;
  });
  if (reserved != open.end()) result.confirmed = *reserved;
  const auto counted_for_it = [&](const Bucket& bucket) {
    if (!result.confirmed) return Quantity(0);
    const auto raised = buckets_raised(*result.confirmed);
    const bool is = std::find(raised.begin(), raised.end(), bucket) != raised.end();
    return is ? result.confirmed->quantity : 0;
  };
  std::vector<Quantity> before;
  for (const auto& charge : *request.charges) {
    before.push_back(0);
    for (const auto& bucket : policy::buckets_of(*charge.rule->limit, request.hold.day))
      before.back() += account.usage.bucket(bucket) - counted_for_it(bucket);
  }
  answer = policy::hold_against(*request.charges, before, request.hold.quantity, request.partial);
  if (answer.kind == HoldAnswer::Kind::over_limit) {
    answer.usage = account.usage;
    result.confirmed.reset();
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
    result.confirmed.reset();
    return result;
  }
  // From here on everything passes: take.
  for (const auto& [id, arrival] : arrivals) account.arrivals[id] = arrival;
  if (const auto& earlier = result.confirmed) {
    correct(account.usage, *earlier, -earlier->quantity);
    const auto place = place_of(*earlier);
    if (place.second >= account.floors[place.first]) account.resolved.insert(place);
    account.usage.holds.erase(find(account.usage.holds, earlier->id));
  }
  auto hold = request.hold;
  hold.quantity = answer.quantity;
  if (account.usage.bucket(Bucket::of_day(hold.day)) == 0)  // the first of the day, or as good as that
    sweep(account.usage, hold.day, request.keep_days);
  raise(account.usage, hold, hold.quantity);
  account.usage.holds.push_back(hold);
  if (!hold.key.empty()) account.kept[hold.key] = {request.content, hold.id, "in_flight", {}};
  account.floors[gateway] = std::max(account.floors[gateway], request.floor);
  return result;
}

SettleResult MemoryLedger::do_settle(const SettleRequest& request) {
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
    if (place.second < told || account.resolved.contains(place)) {
      SettleResult before(SettleAnswer::resolved_before);
      for (const auto& number : settlement.numbers) {
        const auto held = account.numbers.find(number);
        const bool mine = held != account.numbers.end() && held->second.decision == request.hold.id;
        if (!request.operator_id.is_group() && (mine || account.past.contains({number, request.hold.id})))
          find_displaced(number, before.displaced);
      }
      return before;
    }
    restored = true;
    raise(account.usage, request.hold, request.hold.quantity);
    account.usage.holds.push_back(request.hold);
    hold = account.usage.holds.end() - 1;
    if (!request.content.empty() && !request.hold.key.empty())
      account.kept.try_emplace(request.hold.key,
                               MemoryStore::KeptAnswer{request.content, request.hold.id, "in_flight", {}});
  }
  SettleResult result(restored ? SettleAnswer::restored : SettleAnswer::done);
  const bool resolves = settlement.kind == Kind::granted || settlement.kind == Kind::released;
  if (settlement.kind == Kind::granted) {
    const auto& order = settlement.order_id.empty() ? hold->order_id : settlement.order_id;
    for (const auto& number : settlement.numbers) {
      const GrantedNumber grant{number, hold->number_type, request.now, hold->id, order, {}, hold->group};
      const auto before = account.numbers.find(number);
      bool mine = before == account.numbers.end();
      if (const auto gone = account.gone.find(number);
          gone != account.gone.end() && hold->id != gone->second.later && request.now <= gone->second.at) {
        mine = false;
        held_once_less(account.usage, grant.number_type);
        ended(account, grant, gone->second.at);
      } else if (!mine) {
        const auto& other = before->second;
        mine = std::tie(grant.granted_at, grant.decision) > std::tie(other.granted_at, other.decision);
        held_once_less(account.usage, mine ? other.number_type : grant.number_type);
        if (mine)
          ended(account, other, grant.granted_at);
        else if (other.decision != grant.decision)
          ended(account, grant, other.granted_at);
      }
      if (mine) account.numbers[number] = grant;
      if (!request.operator_id.is_group()) find_displaced(number, result.displaced);
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
    correct(account.usage, *hold, settlement.granted - hold->quantity);
    account.usage.holds.erase(hold);
    if (account.usage.holds.empty()) account.gone.clear();
    if (place.second >= told) account.resolved.insert(place);
  } else {
    if (!settlement.order_id.empty()) hold->order_id = settlement.order_id;
    hold->state = settlement.kind == Kind::pending    ? policy::HoldState::held
                  : settlement.kind == Kind::reserved ? policy::HoldState::reserved
                                                      : policy::HoldState::suspense;
  }
  return result;
}

ReleaseResult MemoryLedger::do_release(const policy::OperatorId& id,
                                       const std::vector<ReturnedNumber>& numbers, policy::Instant now,
                                       Footing footing) {
  if (!stands(footing.epoch)) return {.kind = ReleaseResult::Kind::lost};
  auto& account = store_.accounts[id];
  ReleaseResult result{.kind = ReleaseResult::Kind::done};
  for (const auto& [number, decision, later] : numbers) {
    if (!account.usage.holds.empty())
      if (auto& gone = account.gone[number]; now > gone.at) gone = {now, later};
    const auto held = account.numbers.find(number);
    const bool until_now =
        held != account.numbers.end() && (held->second.decision == decision ||
                                          (held->second.decision != later && held->second.granted_at <= now));
    if (!until_now) {
      const auto past = account.past.find({number, decision});
      if (past != account.past.end() && *past->second.until > now) ended(account, past->second, now);
      continue;
    }
    held_once_less(account.usage, held->second.number_type);
    ended(account, held->second, now);
    result.released.push_back({number, held->second.decision});
    account.numbers.erase(held);
  }
  return result;
}

Task<HoldResult> MemoryLedger::hold(const HoldRequest& request) { co_return do_hold(request); }
Task<SettleResult> MemoryLedger::settle(const SettleRequest& request) { co_return do_settle(request); }
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

// Whoever holds a number beside a later grant to somebody else.
void MemoryLedger::find_displaced(const std::string& number, std::vector<Displaced>& displaced) const {
  const GrantedNumber* last = nullptr;
  const auto held_by = [&](const MemoryStore::Account& account) -> const GrantedNumber* {
    const auto held = account.numbers.find(number);
    return held == account.numbers.end() ? nullptr : &held->second;
  };
  for (const auto& [id, account] : store_.accounts) {
    const auto* held = id.is_group() ? nullptr : held_by(account);
    if (held &&
        (!last || std::tie(held->granted_at, held->decision) > std::tie(last->granted_at, last->decision)))
      last = held;
  }
  for (const auto& [id, account] : store_.accounts) {
    const auto* held = id.is_group() ? nullptr : held_by(account);
    if (held && held != last)
      displaced.push_back(
          {id, {number, held->decision, last->decision}, last->granted_at - std::chrono::milliseconds(1)});
  }
}

Task<std::optional<std::vector<std::string>>> MemoryLedger::groups_of(
    const policy::OperatorId& id, const std::vector<ReturnedNumber>& numbers) {
  co_return do_groups_of(id, numbers);
}

std::vector<std::string> MemoryLedger::do_groups_of(const policy::OperatorId& id,
                                                    const std::vector<ReturnedNumber>& numbers) {
  auto& account = store_.accounts[id];
  std::vector<std::string> groups;
  for (const auto& [number, decision, later] : numbers)
    if (const auto held = account.numbers.find(number); held != account.numbers.end())
      groups.push_back(held->second.group);
  for (const auto& hold : account.usage.holds) groups.push_back(hold.group);
  return groups;
}

Task<std::optional<std::vector<Tenure>>> MemoryLedger::trace(const std::string& number) {
  std::vector<Tenure> out;
  for (const auto& [id, account] : store_.accounts) {
    if (id.is_group()) continue;
    if (const auto held = account.numbers.find(number); held != account.numbers.end())
      out.push_back(tenure_of(id, held->second));
    for (auto past = account.past.lower_bound({number, ""});
         past != account.past.end() && past->first.first == number; ++past)
      out.push_back(tenure_of(id, past->second));
  }
  newest_first(out);
  co_return out;
}

Task<bool> MemoryLedger::fence(const policy::OperatorId& id, std::uint64_t serial) {
  store_.accounts[id].fence = serial;
  co_return true;
}

Task<std::optional<policy::Usage>> MemoryLedger::usage(const policy::OperatorId& id) {
  co_return store_.accounts[id].usage;
}

Task<std::optional<std::vector<GrantedNumber>>> MemoryLedger::numbers(const policy::OperatorId& id,
                                                                      std::optional<policy::Instant> at) {
  std::vector<GrantedNumber> grants;
  for (const auto& [number, grant] : store_.accounts[id].numbers) grants.push_back(grant);
  for (const auto& [name, grant] : store_.accounts[id].past) grants.push_back(grant);
  co_return held_at(std::move(grants), at);
}

Task<std::optional<std::vector<OpenHold>>> MemoryLedger::open_holds() {
  std::vector<OpenHold> out;
  for (const auto& [id, account] : store_.accounts)
    for (const auto& hold : account.usage.holds) out.push_back({id, hold});
  co_return out;
}

}  // namespace sekisho::cache
