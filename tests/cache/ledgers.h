// Both ledgers behind one face, called like plain functions.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cache/group_ledger.h"
#include "cache/memory_ledger.h"
#include "cache/redis_epochs.h"
#include "cache/redis_ledger.h"
#include "tests/cache/real_redis.h"
#include "tests/policy/builders.h"

namespace sekisho::cache {

struct Idempotency {
  std::string key, content;
};

inline constexpr const char* one_gateway = "gw-0123456789abcdef";

// What is asked of the ledger, as values that live as long as the call.
struct Ask {
  std::string id;
  policy::Quantity quantity = 1;
  std::vector<const policy::Rule*> limits = {};
  std::vector<const policy::Rule*> throttles = {};
  std::optional<Idempotency> idempotency = {};
  bool partial = false;
  policy::NumberType type = policy::NumberType::fixed;
  policy::OperatorId who = policy::corporate(1);
  policy::Instant now = policy::at("2026-11-24T10:00:00+09:00");
  std::string carrier = "demo";
  std::uint64_t registry_serial = 0;
  std::string confirms = {}, group = {};

  policy::Hold hold() const {
    return {.id = id,
            .quantity = quantity,
            .number_type = type,
            .day = policy::JstDate::of(now),
            .since = now,
            .carrier = carrier,
            .gateway = std::string(one_gateway) + "/1",
            .key = idempotency ? idempotency->key : std::string(),
            .group = group};
  }
};

// How a hold ends, or goes on.
struct End {
  std::string id;
  policy::Settlement settlement;
  std::optional<StoredAnswer> answer = {};
  policy::OperatorId who = policy::corporate(1);
  policy::Instant now = policy::at("2026-11-24T10:00:01+09:00");
};

enum class Which { memory, redis };

// One of the ledgers, and one gateway that stands on it.
class AnyLedger {
 public:
  AnyLedger(Which which, LedgerSettings settings = {}) {
    if (which == Which::memory) {
      accounts_ = std::make_unique<MemoryLedger>(store_);
      epochs_ = std::make_unique<MemoryEpochs>(store_);
    } else {
      linked_ = std::make_unique<Linked>(RealRedis::shared().settings());
      linked_->call({"FLUSHALL"});
      settings.clock = [this] { return now; };
      accounts_ = std::make_unique<RedisLedger>(linked_->link, settings);
      epochs_ = std::make_unique<RedisEpochs>(linked_->link);
    }
    ledger_ = std::make_unique<GroupLedger>(*accounts_);
    footing = {open_epoch({.gateway = one_gateway}), 0};
  }

  // Begins an epoch where it must, and tells nothing: what is missing stays missing.
  std::uint64_t open_epoch(const Beat& beat) {
    const auto view = wait(context(), epochs_->beat(beat)).value();
    wait(context(), epochs_->told(beat.gateway, view.epoch));
    return view.epoch;
  }

  HoldResult hold(const Ask& ask) {
    std::vector<policy::Charge> charges;
    now = ask.now;
    auto hold = ask.hold();
    hold.ordinal = ordinal_of(ask.who, ask.id);
    for (const auto* rule : ask.limits)
      if (const auto* step = rule->limit->on(hold.day)) charges.push_back({rule, step->value});
    HoldRequest request{.operator_id = ask.who,
                        .hold = hold,
                        .footing = footing,
                        .floor = floor,
                        .registry_serial = ask.registry_serial,
                        .keep_days = keep_days,
                        .partial = ask.partial};
    request.charges = &charges;
    request.throttles = &ask.throttles;
    if (ask.idempotency) request.content = ask.idempotency->content;
    request.confirms = ask.confirms;
    auto result = wait(context(), ledger_->hold(request));
    if (result.answer.kind == policy::HoldAnswer::Kind::taken) {
      hold.quantity = result.answer.quantity;
      taken_[{ask.who, ask.id}] = {hold, request.content};
    }
    return result;
  }
  SettleAnswer settle(const End& end) {
    const auto& [hold, content] = taken_.at({end.who, end.id});
    now = std::max(now, end.now);
    SettleRequest request{.operator_id = end.who,
                          .hold = hold,
                          .settlement = end.settlement,
                          .now = end.now,
                          .footing = footing,
                          .floor = floor,
                          .content = content};
    request.answer = end.answer;
    auto result = wait(context(), ledger_->settle(request));
    displaced = std::move(result.displaced);
    return result.answer;
  }
  // A hold that may or may not have come is given up.
  SettleAnswer give_up(const Ask& ask) {
    SettleRequest request{.operator_id = ask.who,
                          .hold = ask.hold(),
                          .settlement = {.kind = policy::Settlement::Kind::released},
                          .now = ask.now,
                          .footing = footing};
    request.hold.ordinal = ordinal_of(ask.who, ask.id);
    return wait(context(), ledger_->settle(request));
  }
  std::uint64_t ordinal_of(const policy::OperatorId& who, const std::string& id) {
    return ordinals_.try_emplace({who, id}, ordinals_.size() + 1).first->second;
  }
  std::optional<policy::Hold> hold_of_order(const policy::OperatorId& who, const std::string& order,
                                            const std::string& carrier = "demo") {
    return wait(context(), ledger_->hold_of_order(who, carrier, order));
  }
  ReleaseResult release(const policy::OperatorId& who, const std::vector<ReturnedNumber>& numbers,
                        policy::Instant now = policy::at("2026-11-24T11:00:00+09:00")) {
    return wait(context(), ledger_->release(who, numbers, now, footing));
  }
  policy::Quantity release(const policy::OperatorId& who, const std::vector<std::string>& numbers,
                           policy::Instant now = policy::at("2026-11-24T11:00:00+09:00")) {
    std::vector<ReturnedNumber> any;
    for (const auto& number : numbers) any.push_back({number, ""});
    const auto result = release(who, any, now);
    return result.kind == ReleaseResult::Kind::done ? policy::Quantity(result.released.size()) : -1;
  }
  std::vector<Tenure> trace(const std::string& number) {
    return wait(context(), ledger_->trace(number)).value_or(std::vector<Tenure>{});
  }
  policy::Usage usage(const policy::OperatorId& who) {
    return wait(context(), ledger_->usage(who)).value_or(policy::Usage{});
  }
  std::vector<GrantedNumber> numbers(const policy::OperatorId& who,
                                     std::optional<policy::Instant> at = std::nullopt) {
    return wait(context(), ledger_->numbers(who, at)).value_or(std::vector<GrantedNumber>{});
  }

  Ledger& port() { return *ledger_; }
  Epochs& epochs() { return *epochs_; }
  // Everything is gone, as after FLUSHALL.
  void forget() {
    if (linked_)
      linked_->call({"FLUSHALL"});
    else
      store_ = {};
  }

  Footing footing;                      // of the gateway
  std::vector<Displaced> displaced;     // by what was settled last
  std::uint64_t floor = 0;              // told with every request
  int keep_days = least_keep_days;      // the same
  policy::Instant now{};                // by the clock of the ledger: the latest moment that was told
  Linked& redis() { return *linked_; }  // only where it is one

  asio::io_context& context() { return linked_ ? linked_->context : context_; }

 private:
  asio::io_context context_{1};
  MemoryStore store_;
  std::unique_ptr<Linked> linked_;
  std::unique_ptr<Ledger> accounts_, ledger_;
  std::unique_ptr<Epochs> epochs_;
  using Name = std::pair<policy::OperatorId, std::string>;
  std::map<Name, std::uint64_t> ordinals_;
  std::map<Name, std::pair<policy::Hold, std::string>> taken_;  // and the content of its key
};

// What is counted, as text: "D20261124=5 L=5 ... | id held 5 fixed order". Zero is as good as absent.
inline std::string told(const policy::Usage& usage) {
  std::string out;
  std::map<std::string, policy::Quantity> counts;
  for (const auto& [bucket, count] : usage.buckets)
    if (count != 0) counts[text_of(bucket)] = count;
  for (const auto& [bucket, count] : counts) out += bucket + "=" + std::to_string(count) + " ";
  std::map<std::string, std::string> holds;
  for (const auto& hold : usage.holds)
    holds[hold.id] = "| " + hold.id + " " + std::string(name(hold.state)) + " " +
                     std::to_string(hold.quantity) + " " + std::string(name(hold.number_type)) + " " +
                     hold.day.text() + " " + hold.carrier + "/" + hold.order_id + " " + hold.gateway + " " +
                     policy::iso_jst(hold.since) + " ";
  for (const auto& [id, text] : holds) out += text;
  return out;
}

// What the ledger said to a hold, as text: "taken 10 left 90 5" and the like.
inline std::string told(const HoldResult& result) {
  using Kind = policy::HoldAnswer::Kind;
  static const std::map<Kind, std::string> words = {
      {Kind::taken, "taken"},         {Kind::over_limit, "over"},
      {Kind::throttled, "throttled"}, {Kind::unavailable, "unavailable"},
      {Kind::fenced, "fenced"},       {Kind::in_flight, "in_flight"},
      {Kind::mismatch, "mismatch"},   {Kind::outcome_unknown, "outcome_unknown"},
      {Kind::replay, "replay"}};
  const auto& answer = result.answer;
  std::string out = words.at(answer.kind);
  if (answer.kind == Kind::taken) {
    out += " " + std::to_string(answer.quantity) + " left";
    for (const auto left : answer.left) out += " " + std::to_string(left);
  }
  for (const auto index : answer.bound) out += " " + std::to_string(index);
  if (answer.kind == Kind::throttled) out += " " + std::to_string(answer.retry_ms);
  if (result.replay) out += " " + std::to_string(result.replay->status) + " " + result.replay->body;
  if (result.in_doubt) out += " in doubt";
  if (result.lost) out += " lost";
  return out;
}

inline std::string told(const std::vector<Tenure>& tenures) {
  std::string out;
  for (const auto& one : tenures)
    out += one.operator_id + " " + one.decision + " " + one.order_id + " " + policy::iso_jst(one.from) +
           ".." + (one.until ? policy::iso_jst(*one.until) : "now") + "; ";
  return out;
}

inline std::string told(const std::vector<GrantedNumber>& numbers) {
  std::string out;
  for (const auto& one : numbers)
    out += one.number + " " + std::string(name(one.number_type)) + " " + policy::iso_jst(one.granted_at) +
           " " + one.decision + " " + one.order_id +
           (one.until ? " until " + policy::iso_jst(*one.until) : "") + "; ";
  return out;
}

}  // namespace sekisho::cache
