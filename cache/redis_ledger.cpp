#include "cache/redis_ledger.h"

#include <algorithm>
#include <charconv>

#include "cache/bucket_field.h"
#include "cache/hold_record.h"
#include "cache/keys.h"
#include "cache/ledger_calls.h"
#include "cache/redis_epochs.h"
#include "cache/tenure_record.h"

namespace sekisho::cache {
using policy::HoldAnswer;

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

void add_buckets(policy::Usage& usage, Counts in, const Pairs& fields) {
  for (const auto& [name, value] : fields) {
    const auto bucket = bucket_of(in, name);
    if (!bucket) continue;
    policy::Quantity count = 0;
    const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), count);
    if (failed == std::errc() && end == value.data() + value.size()) usage.buckets[*bucket] = count;
  }
}

policy::Usage usage_from(const Pairs& holds, const Pairs& usage_fields, const Pairs& days,
                         const Pairs& months) {
  policy::Usage usage;
  add_buckets(usage, Counts::usage, usage_fields);
  add_buckets(usage, Counts::days, days);
  add_buckets(usage, Counts::months, months);
  for (const auto& [id, record] : holds)
    if (auto hold = decode_hold(id, record)) usage.holds.push_back(std::move(*hold));
  return usage;
}

Stand stand_of(const RedisLink& link, const policy::OperatorId& id, const Footing& footing) {
  if (!link.clustered()) return {footing.epoch, link.run_id()};
  return {std::nullopt, link.run_id(keys::known(id).text())};
}

// Nothing else than what it stood on, as far as can be seen from here.
bool same_servers(const RedisLink& link, const Footing& footing) {
  return !link.clustered() || fingerprint(link.servers()) == footing.servers;
}

}  // namespace

Task<HoldResult> RedisLedger::hold(const HoldRequest& request) {
  const auto& id = request.operator_id;
  if (!same_servers(link_, request.footing)) {
    HoldResult lost;
    lost.lost = true;
    co_return lost;
  }
  auto call = hold_call(request, stand_of(link_, id, request.footing));
  const auto answer = co_await link_.run(script("hold"), std::move(call));

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
    result.confirmed = decode_hold(answer.text(3).value_or(""), answer.text(4).value_or(""));
  } else if (word == "over") {
    held.kind = HoldAnswer::Kind::over_limit;
    const auto* bound = answer.element(1);
    for (std::size_t i = 0; i < elements(bound); ++i) held.bound.push_back(std::size_t(integer_at(bound, i)));
    held.usage = usage_from(answer.pairs(2), answer.pairs(3), answer.pairs(4), answer.pairs(5));
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

Task<SettleResult> RedisLedger::settle(const SettleRequest& request) {
  const auto& id = request.operator_id;
  const auto& settlement = request.settlement;
  KeptAnswer kept{.time = settings_.keep_answers - request.answered_ago};
  if (request.answer && !request.hold.key.empty())
    kept.text = encode(*request.answer, settings_.answer_bytes);
  const bool stands = same_servers(link_, request.footing);
  if (request.only_in_epoch && !stands) co_return SettleAnswer::unavailable;
  const auto stand = stand_of(link_, id, request.footing);
  auto numbers = std::vector<std::string>();
  if (settlement.kind == policy::Settlement::Kind::granted && !id.is_group()) numbers = settlement.numbers;
  std::sort(numbers.begin(), numbers.end());
  // To whom a number was granted is noted elsewhere too: until it is, the settlement is not done. The first
  // time that goes right behind the settlement; later only for what the ledger says that the hold was about.
  const bool noted = request.first_try && !numbers.empty();
  std::vector<Command> commands{settle_call(request, stand, stands, kept, settings_.clock())};
  if (noted) add_notes(commands, request, numbers);
  auto answers = co_await link_.run_all(script("settle"), std::move(commands));
  const auto answer = std::move(answers.front());
  if (!answer.ok()) co_return SettleAnswer::unavailable;
  const auto word = answer.text(0).value_or("");
  if (word == "lost") co_return SettleAnswer::unavailable;
  const auto result = word == "done"       ? SettleAnswer::done
                      : word == "restored" ? SettleAnswer::restored
                                           : SettleAnswer::resolved_before;
  const bool again = result == SettleAnswer::resolved_before;
  if (noted) {
    answers.erase(answers.begin());
  } else {
    if (again) numbers.clear();
    for (std::size_t i = 2; again && i < answer.size(); ++i)
      numbers.emplace_back(answer.text(i).value_or(""));
    if (numbers.empty() || id.is_group()) co_return result;
    std::sort(numbers.begin(), numbers.end());
    std::vector<Command> notes;
    add_notes(notes, request, numbers);
    answers = co_await link_.call_all(std::move(notes));
  }
  auto displaced = co_await displaced_by(request, again, numbers, answers);
  if (!displaced) co_return SettleAnswer::unavailable;
  SettleResult told(result);
  told.displaced = std::move(*displaced);
  co_return told;
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

Task<std::optional<std::vector<std::string>>> RedisLedger::groups_of(
    const policy::OperatorId& id, const std::vector<ReturnedNumber>& numbers) {
  std::vector<std::string> groups;
  if (numbers.empty()) co_return groups;
  Command get{"HMGET", keys::numbers(id)}, open{"HVALS", keys::holds(id)};
  for (const auto& returned : numbers) get.add(returned.number);
  const auto held = co_await link_.call(std::move(get));
  const auto holds = co_await link_.call(std::move(open));
  if (!held.ok() || !holds.ok()) co_return std::nullopt;
  for (std::size_t i = 0; i < numbers.size(); ++i)
    if (auto grant = decode_present(numbers[i].number, held.text(i).value_or("")))
      groups.push_back(std::move(grant->group));
  for (std::size_t i = 0; i < holds.size(); ++i)
    if (auto hold = decode_hold("", holds.text(i).value_or(""))) groups.push_back(std::move(hold->group));
  co_return groups;
}

Task<ReleaseResult> RedisLedger::release(const policy::OperatorId& id,
                                         const std::vector<ReturnedNumber>& numbers, policy::Instant now,
                                         Footing footing) {
  ReleaseResult result;
  if (!same_servers(link_, footing)) {
    result.kind = ReleaseResult::Kind::lost;
    co_return result;
  }
  auto call = release_call(id, numbers, now, stand_of(link_, id, footing));
  const auto answer = co_await link_.run(script("release"), std::move(call));
  if (!answer.ok()) co_return result;
  result.kind = answer.text(0) == "released" ? ReleaseResult::Kind::done : ReleaseResult::Kind::lost;
  for (std::size_t i = 1; i + 1 < answer.size(); i += 2)
    result.released.push_back(
        {std::string(answer.text(i).value_or("")), std::string(answer.text(i + 1).value_or(""))});
  co_return result;
}

Task<bool> RedisLedger::fence(const policy::OperatorId& id, std::uint64_t serial) {
  Command command{"HDEL", keys::usage(id), "fence"};
  if (serial > 0) command = {"HSET", keys::usage(id), "fence", std::to_string(serial)};
  const auto answer = co_await link_.call(std::move(command));
  co_return answer.ok();
}

Task<std::optional<policy::Usage>> RedisLedger::usage(const policy::OperatorId& id) {
  std::vector<Command> gets;
  for (const auto& key : {keys::holds(id), keys::usage(id), keys::days(id), keys::months(id)})
    gets.push_back({"HGETALL", key});
  const auto found = co_await link_.call_all(std::move(gets));
  for (const auto& answer : found)
    if (!answer.ok()) co_return std::nullopt;
  co_return usage_from(found[0].pairs(), found[1].pairs(), found[2].pairs(), found[3].pairs());
}

Task<std::optional<std::vector<OpenHold>>> RedisLedger::open_holds() {
  std::string pattern = "sekisho:{*}:holds";
  const auto found = co_await link_.keys_matching(std::move(pattern));
  if (!found) co_return std::nullopt;
  std::vector<OpenHold> out;
  for (const auto& key : *found) {
    const auto open = key.find('{'), close = key.find('}');
    const auto id = policy::OperatorId::parse_account(key.substr(open + 1, close - open - 1));
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
