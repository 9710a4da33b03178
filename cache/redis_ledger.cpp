#include "cache/redis_ledger.h"

#include <algorithm>
#include <charconv>

#include "cache/hold_record.h"
#include "cache/keys.h"
#include "cache/redis_epochs.h"

namespace sekisho::cache {
using policy::HoldAnswer;

namespace {

std::string text(std::int64_t value) { return std::to_string(value); }

void append_list(std::vector<std::string>& args, const std::vector<std::string>& list) {
  args.push_back(text(std::int64_t(list.size())));
  args.insert(args.end(), list.begin(), list.end());
}

bool is_bucket(std::string_view field) {
  return !field.empty() && (field[0] == 'D' || field[0] == 'M' || field[0] == 'L' || field[0] == 'N');
}

policy::Usage usage_from(const std::vector<std::pair<std::string, std::string>>& buckets,
                         const std::vector<std::pair<std::string, std::string>>& holds) {
  policy::Usage usage;
  for (const auto& [name, value] : buckets) {
    if (!is_bucket(name)) continue;  // a throttle, the fence, the day of the last sweep
    policy::Quantity count = 0;
    const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), count);
    if (failed == std::errc() && end == value.data() + value.size()) usage.buckets[name] = count;
  }
  for (const auto& [id, record] : holds)
    if (auto hold = decode_hold(id, record)) usage.holds.push_back(std::move(*hold));
  return usage;
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto next = text.find(at);
    parts.push_back(text.substr(0, next));
    if (next == std::string_view::npos) return parts;
    text.remove_prefix(next + 1);
  }
}

std::int64_t number_of(std::string_view digits) {
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

// What a script needs to see whether the caller stands on this ledger: a key, the epoch and the run id of the
// server. In a cluster the epoch lies on another server than most accounts: there the caller has compared the
// masters, and the script only whether it is the server that the caller meant.
struct Stand {
  std::string key, epoch, run;
};

Stand stand_of(const RedisLink& link, const policy::OperatorId& id, const Footing& footing) {
  if (!link.clustered()) return {keys::epoch, std::to_string(footing.epoch), link.run_id()};
  const auto known = keys::known(id);
  return {known, "", link.run_id(known)};
}

// Nothing else than what it stood on, as far as can be seen from here.
bool same_servers(const RedisLink& link, const Footing& footing) {
  return !link.clustered() || fingerprint(link.servers()) == footing.servers;
}

std::vector<std::string> hold_arguments(const HoldRequest& request, const Stand& stand) {
  const auto& hold = request.hold;
  const auto [before, after] = encode_around_quantity(hold);
  std::vector<std::string> args{hold.id,
                                text(hold.quantity),
                                request.partial ? "1" : "0",
                                text(policy::to_ms(hold.since) * 1000),
                                before,
                                after,
                                hold.key.empty() ? std::string() : request.content,
                                hold.day.plus(-request.keep_days).compact(),
                                std::to_string(request.registry_serial),
                                std::string(gateway_of(hold)),
                                std::to_string(hold.ordinal),
                                std::to_string(request.floor),
                                stand.epoch,
                                std::to_string(request.footing.position),
                                stand.run};
  append_list(args, buckets_raised(hold));
  args.push_back(text(std::int64_t(request.charges->size())));
  for (const auto& charge : *request.charges) {
    args.push_back(text(charge.cap));
    args.push_back(charge.rule->limit->trim ? "1" : "0");
    append_list(args, policy::buckets_of(*charge.rule->limit, hold.day));
  }
  args.push_back(text(std::int64_t(request.throttles->size())));
  for (const auto* rule : *request.throttles) {
    const auto interval = rule->throttle->per_ms * 1000 / std::max<std::int64_t>(1, rule->throttle->requests);
    args.push_back("t:" + rule->id);
    args.push_back(text(interval));
    args.push_back(text(interval * std::max<std::int64_t>(0, rule->throttle->burst - 1)));
  }
  return args;
}

// The key must lie in the operator's slot also where there is none.
std::string idempotency_of(const policy::OperatorId& id, const policy::Hold& hold) {
  return keys::idempotency(id, hold.key.empty() ? "none" : hold.key);
}

}  // namespace

Task<HoldResult> RedisLedger::hold(const HoldRequest& request) {
  const auto& id = request.operator_id;
  if (!same_servers(link_, request.footing)) {
    HoldResult lost;
    lost.lost = true;
    co_return lost;
  }
  const auto stand = stand_of(link_, id, request.footing);
  std::vector<std::string> key_names{keys::usage(id), keys::holds(id), idempotency_of(id, request.hold),
                                     keys::known(id), stand.key};
  auto args = hold_arguments(request, stand);
  const auto answer = co_await link_.run(script("hold"), std::move(key_names), std::move(args));

  HoldResult result;
  result.in_doubt = answer.kind == RedisAnswer::Kind::in_doubt;
  if (!answer.ok()) co_return result;
  const auto word = answer.text(0).value_or("");
  auto& held = result.answer;
  if (word == "taken") {
    held.kind = HoldAnswer::Kind::taken;
    held.quantity = answer.integer(1).value_or(0);
    const auto* left = answer.element(2);
    for (std::size_t i = 0; i < elements(left); ++i) held.left.push_back(integer_at(left, i));
  } else if (word == "over") {
    held.kind = HoldAnswer::Kind::over_limit;
    const auto* bound = answer.element(1);
    for (std::size_t i = 0; i < elements(bound); ++i) held.bound.push_back(std::size_t(integer_at(bound, i)));
    held.usage = usage_from(answer.pairs(2), answer.pairs(3));
  } else if (word == "fenced") {
    held.kind = HoldAnswer::Kind::fenced;
    held.fence = std::uint64_t(answer.integer(1).value_or(0));
  } else if (word == "lost") {
    result.lost = true;
  } else if (word == "throttled") {
    held.kind = HoldAnswer::Kind::throttled;
    held.retry_ms = answer.integer(1).value_or(1000);
  } else if (word == "in_flight") {
    held.kind = HoldAnswer::Kind::in_flight;
  } else if (word == "unknown") {
    held.kind = HoldAnswer::Kind::outcome_unknown;
  } else if (word == "mismatch") {
    held.kind = HoldAnswer::Kind::mismatch;
  } else if (word == "replay") {
    // An answer that cannot be read back is no reason to order again.
    result.replay = decode_answer(answer.text(1).value_or(""));
    held.kind = result.replay ? HoldAnswer::Kind::replay : HoldAnswer::Kind::outcome_unknown;
  }
  co_return result;
}

Task<SettleAnswer> RedisLedger::settle(const SettleRequest& request) {
  const auto& id = request.operator_id;
  const auto& hold = request.hold;
  const auto& settlement = request.settlement;
  std::string kept;
  if (request.answer) {
    auto copy = *request.answer;
    if (copy.body.size() > settings_.answer_bytes) {
      copy.body.clear();
      copy.body_kept = false;
    }
    kept = encode(copy);
  }
  const bool stands = same_servers(link_, request.footing);
  if (request.only_in_epoch && !stands) co_return SettleAnswer::unavailable;
  const auto stand = stand_of(link_, id, request.footing);
  const auto order = escape_order_id(settlement.order_id);
  std::vector<std::string> key_names{
      keys::usage(id),          keys::holds(id), keys::numbers(id), keys::orders(id),
      idempotency_of(id, hold), keys::known(id), stand.key,         keys::gone(id)};
  std::vector<std::string> args{hold.id,
                                std::string(policy::name(settlement.kind)),
                                text(settlement.granted),
                                order.empty() ? "" : hold.carrier + "/" + order,
                                order,
                                text(policy::to_ms(request.now)),
                                hold.key.empty() ? "0" : "1",
                                std::move(kept),
                                text((settings_.keep_answers - request.answered_ago).count()),
                                hold.key.empty() ? std::string() : request.content,
                                encode(hold),
                                std::string(gateway_of(hold)),
                                std::to_string(hold.ordinal),
                                std::to_string(stands && request.footing.epoch != 0 ? request.floor : 0),
                                stand.epoch,
                                stand.run,
                                request.only_if_unknown ? "1"
                                : request.only_in_epoch ? "2"
                                                        : "0"};
  append_list(args, buckets_raised(hold));
  const auto order_id = order.empty() ? escape_order_id(hold.order_id) : order;
  args.push_back(std::string(policy::name(hold.number_type)) + "|" + text(policy::to_ms(request.now)) + "|" +
                 hold.id + "|");
  const bool granted = settlement.kind == policy::Settlement::Kind::granted;
  if (granted) args.insert(args.end(), settlement.numbers.begin(), settlement.numbers.end());
  const auto answer = co_await link_.run(script("settle"), std::move(key_names), std::move(args));
  if (!answer.ok()) co_return SettleAnswer::unavailable;
  const auto word = answer.text(0).value_or("");
  if (word == "lost") co_return SettleAnswer::unavailable;
  const auto result = word == "done"       ? SettleAnswer::done
                      : word == "restored" ? SettleAnswer::restored
                                           : SettleAnswer::resolved_before;
  // Who has which number lies elsewhere, and is written after: until it is, the settlement is not done. When
  // it comes again, the ledger says which numbers it was about.
  auto numbers = granted ? settlement.numbers : std::vector<std::string>();
  if (result == SettleAnswer::resolved_before) {
    numbers.clear();
    for (std::size_t i = 2; i < answer.size(); ++i) numbers.emplace_back(answer.text(i).value_or(""));
  }
  std::string known_order(answer.text(1).value_or(""));
  if (known_order.empty()) known_order = order_id;
  if (numbers.empty()) co_return result;
  const bool begun = co_await begin_tenures(request, numbers, known_order);
  if (!begun) co_return SettleAnswer::unavailable;
  if (result != SettleAnswer::resolved_before)
    for (std::size_t i = 2; i + 1 < answer.size(); i += 2)
      end_tenure(std::string(answer.text(i).value_or("")), hold.id,
                 {id, request.now, policy::from_ms(answer.integer(i + 1).value_or(0)), known_order});
  co_return result;
}

Task<bool> RedisLedger::begin_tenures(const SettleRequest& request, const std::vector<std::string>& numbers,
                                      const std::string& order_id) {
  std::vector<Command> sets;
  // Not over what is there: this may come again after the number was given back.
  for (const auto& number : numbers)
    sets.push_back({"HSETNX", keys::number(number), request.hold.id,
                    request.operator_id.text() + "|" + text(policy::to_ms(request.now)) + "||" + order_id});
  const auto answers = co_await link_.call_all(std::move(sets));
  co_return std::all_of(answers.begin(), answers.end(),
                        [](const RedisAnswer& answer) { return answer.ok(); });
}

void RedisLedger::end_tenure(const std::string& number, const std::string& decision, const Ended& ended) {
  Command end{"HSET", keys::number(number), decision,
              ended.operator_id.text() + "|" + text(policy::to_ms(ended.from)) + "|" +
                  text(policy::to_ms(ended.until)) + "|" + ended.order_id};
  link_.post(end);
}

Task<std::optional<policy::Hold>> RedisLedger::hold_of_order(const policy::OperatorId& id,
                                                             const std::string& carrier,
                                                             const std::string& order_id) {
  Command get{"HGET", keys::orders(id), carrier + "/" + escape_order_id(order_id)};
  const auto answer = co_await link_.call(std::move(get));
  if (!answer.text()) co_return std::nullopt;
  const std::string hold_id(*answer.text());
  Command get_hold{"HGET", keys::holds(id), hold_id};
  const auto record = co_await link_.call(std::move(get_hold));
  co_return decode_hold(hold_id, record.text().value_or(""));
}

Task<ReleaseResult> RedisLedger::release(const policy::OperatorId& id,
                                         const std::vector<ReturnedNumber>& numbers, policy::Instant now,
                                         Footing footing) {
  ReleaseResult result;
  if (!same_servers(link_, footing)) {
    result.kind = ReleaseResult::Kind::lost;
    co_return result;
  }
  const auto stand = stand_of(link_, id, footing);
  std::vector<std::string> key_names{keys::usage(id), keys::numbers(id), stand.key, keys::holds(id),
                                     keys::gone(id)};
  std::vector<std::string> args{stand.epoch, stand.run, text(policy::to_ms(now))};
  for (const auto& [number, decision] : numbers) {
    args.push_back(number);
    args.push_back(decision);
  }
  const auto answer = co_await link_.run(script("release"), std::move(key_names), std::move(args));
  if (!answer.ok()) co_return result;
  result.kind = answer.text(0) == "released" ? ReleaseResult::Kind::done : ReleaseResult::Kind::lost;
  for (std::size_t i = 1; i + 1 < answer.size(); i += 2) {
    const std::string number(answer.text(i).value_or(""));
    const auto parts = split(answer.text(i + 1).value_or(""), '|');
    if (parts.size() < 4) continue;
    result.released.push_back({number, std::string(parts[2])});
    end_tenure(number, std::string(parts[2]),
               {id, policy::from_ms(number_of(parts[1])), now, std::string(parts[3])});
  }
  co_return result;
}

Task<std::optional<std::vector<Tenure>>> RedisLedger::trace(const std::string& number) {
  Command get{"HGETALL", keys::number(number)};
  const auto answer = co_await link_.call(std::move(get));
  if (!answer.ok()) co_return std::nullopt;
  std::vector<Tenure> out;
  for (const auto& [decision, record] : answer.pairs()) {
    const auto parts = split(record, '|');
    if (parts.size() < 4) continue;
    Tenure tenure{.operator_id = std::string(parts[0]),
                  .decision = decision,
                  .order_id = unescape_order_id(parts[3]),
                  .from = policy::from_ms(number_of(parts[1]))};
    if (!parts[2].empty()) tenure.until = policy::from_ms(number_of(parts[2]));
    out.push_back(std::move(tenure));
  }
  std::sort(out.begin(), out.end(), [](const Tenure& a, const Tenure& b) { return a.from > b.from; });
  co_return out;
}

Task<bool> RedisLedger::fence(const policy::OperatorId& id, std::uint64_t serial) {
  Command command{"HDEL", keys::usage(id), "fence"};
  if (serial > 0) command = {"HSET", keys::usage(id), "fence", std::to_string(serial)};
  const auto answer = co_await link_.call(std::move(command));
  co_return answer.ok();
}

Task<std::optional<policy::Usage>> RedisLedger::usage(const policy::OperatorId& id) {
  Command buckets{"HGETALL", keys::usage(id)};
  Command holds{"HGETALL", keys::holds(id)};
  const auto first = co_await link_.call(std::move(buckets));
  const auto second = co_await link_.call(std::move(holds));
  if (!first.ok() || !second.ok()) co_return std::nullopt;
  co_return usage_from(first.pairs(), second.pairs());
}

Task<std::optional<std::vector<GrantedNumber>>> RedisLedger::numbers(const policy::OperatorId& id) {
  std::vector<GrantedNumber> out;
  std::string cursor = "0";
  do {
    Command scan{"HSCAN", keys::numbers(id), cursor, "COUNT", "1000"};
    const auto answer = co_await link_.call(std::move(scan));
    if (!answer.ok()) co_return std::nullopt;
    cursor = answer.text(0).value_or("0");
    for (const auto& [number, record] : answer.pairs(1)) {
      const auto parts = split(record, '|');
      if (parts.size() < 4) continue;
      out.push_back(
          {number, policy::parse_word<policy::NumberType>(parts[0]).value_or(policy::NumberType::fixed),
           policy::from_ms(number_of(parts[1])), std::string(parts[2]), unescape_order_id(parts[3])});
    }
  } while (cursor != "0");
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  co_return out;
}

Task<std::optional<std::vector<OpenHold>>> RedisLedger::open_holds() {
  std::string pattern = "sekisho:{*}:holds";
  const auto found = co_await link_.keys_matching(std::move(pattern));
  if (!found) co_return std::nullopt;
  std::vector<OpenHold> out;
  for (const auto& key : *found) {
    const auto open = key.find('{'), close = key.find('}');
    const auto id = policy::OperatorId::parse(key.substr(open + 1, close - open - 1));
    if (!id) continue;
    Command get{"HGETALL", key};
    const auto holds = co_await link_.call(std::move(get));
    if (!holds.ok()) co_return std::nullopt;
    for (const auto& [hold_id, record] : holds.pairs())
      if (auto hold = decode_hold(hold_id, record)) out.push_back({*id, std::move(*hold)});
  }
  co_return out;
}

}  // namespace sekisho::cache
