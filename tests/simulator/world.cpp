#include "tests/simulator/world.h"

#include <algorithm>

namespace sekisho::simulator {
using cache::SettleAnswer;
using policy::Outcome;

void trace(const std::string& line) {
  if (tracing) std::fprintf(stderr, "%s\n", line.c_str());
}

namespace {

std::string text(Quantity quantity) { return std::to_string(quantity); }

// Whether this ledger ever counted the order.
bool knows(const cache::MemoryStore& data, const OperatorId& who, const policy::Hold& hold) {
  const auto account = data.accounts.find(who);
  if (account == data.accounts.end()) return false;
  const std::string gateway(cache::gateway_of(hold));
  const auto floor = account->second.floors.find(gateway);
  if (floor != account->second.floors.end() && hold.ordinal < floor->second) return true;
  if (account->second.resolved.contains({gateway, hold.ordinal})) return true;
  const auto& holds = account->second.usage.holds;
  return std::any_of(holds.begin(), holds.end(), [&](const auto& one) { return one.id == hold.id; });
}

}  // namespace

cache::HoldResult Store::hold(const cache::HoldRequest& asked) {
  auto request = asked;
  auto on_process = process;
  if (mutation_ == Mutation::hold_in_any_epoch) {
    request.footing = {data.open != 0 ? data.open : 1, 0};
    on_process = data.run;
    if (data.open == 0) data.open = 1;
    data.gateways.try_emplace(std::string(cache::gateway_of(request.hold)));
  }
  if (mutation_ == Mutation::hold_on_any_process) on_process = data.run;
  if (mutation_ == Mutation::late_hold_counts) {
    auto& account = data.accounts[request.operator_id];
    account.resolved.erase({std::string(cache::gateway_of(request.hold)), request.hold.ordinal});
    account.floors.erase(std::string(cache::gateway_of(request.hold)));
  }
  auto result = on(on_process).do_hold(request);
  if (tracing)
    trace(request.operator_id.text() + ": hold " + request.hold.id + " #" +
          std::to_string(request.hold.ordinal) + " of " + request.hold.gateway + ", " +
          text(request.hold.quantity) + ": " +
          (result.lost                                             ? "lost"
           : result.answer.kind == policy::HoldAnswer::Kind::taken ? "taken"
                                                                   : "not taken"));
  return result;
}

cache::SettleResult Store::settle(const cache::SettleRequest& asked) {
  auto request = asked;
  const bool known = knows(data, request.operator_id, request.hold);
  if (mutation_ == Mutation::unknown_is_resolved && !known) return SettleAnswer::resolved_before;
  if (mutation_ == Mutation::floor_is_believed && request.floor != 0) {
    auto& told = data.accounts[request.operator_id].floors[std::string(cache::gateway_of(request.hold))];
    told = std::max(told, request.floor);
  }
  const auto account = data.accounts.find(request.operator_id);
  std::size_t repeated = 0;
  if (mutation_ == Mutation::number_held_twice && account != data.accounts.end() &&
      request.settlement.kind == policy::Settlement::Kind::granted)
    for (const auto& number : request.settlement.numbers)
      repeated += account->second.numbers.contains(number);
  const auto answer = on(process).do_settle(request);
  if (tracing)
    trace(request.operator_id.text() + ": settle " + request.hold.id + " " +
          std::string(policy::name(request.settlement.kind)) + " " + text(request.settlement.granted) +
          " at " + std::to_string(policy::to_ms(request.now)) + ": " +
          (answer == SettleAnswer::done       ? "done"
           : answer == SettleAnswer::restored ? "restored"
                                              : "resolved before"));
  if (mutation_ == Mutation::number_held_twice && answer != SettleAnswer::resolved_before && repeated > 0)
    data.accounts[request.operator_id].usage.buckets[policy::Bucket::of_held()] += Quantity(repeated);
  if (mutation_ == Mutation::resolved_is_forgotten) data.accounts[request.operator_id].resolved.clear();
  return answer;
}

cache::ReleaseResult Store::release(const OperatorId& id, const std::vector<cache::ReturnedNumber>& numbers,
                                    policy::Instant now, cache::Footing footing) {
  auto result = on(process).do_release(id, numbers, now, footing);
  if (tracing)
    for (const auto& [number, decision, later] : numbers) {
      const auto was = [&](const cache::ReturnedNumber& one) { return one.number == number; };
      const auto released = std::find_if(result.released.begin(), result.released.end(), was);
      trace(id.text() + ": release " + number + " of " + decision + " at " +
            std::to_string(policy::to_ms(now)) + ": " +
            (result.kind == cache::ReleaseResult::Kind::lost ? "lost"
             : released == result.released.end()             ? "not held"
                                                             : "was held by " + released->decision));
    }
  return result;
}

cache::EpochView Store::beat(const cache::Beat& asked) {
  auto beat = asked;
  if (mutation_ == Mutation::peers_are_forgotten) beat.peers.clear();
  auto view = cache::MemoryEpochs(data, process).do_beat(beat);
  if (tracing)
    trace("beat of " + beat.gateway + " at " + std::to_string(beat.position) + ": epoch " +
          std::to_string(cache::epoch_number(view.epoch)) +
          (view.open ? " open" : " waits for " + std::to_string(view.waiting.size())) + ", from " +
          std::to_string(view.position));
  return view;
}

bool Store::told(const std::string& gateway, std::uint64_t epoch) {
  const bool done = cache::MemoryEpochs(data, process).do_told(gateway, epoch);
  if (done && mutation_ == Mutation::one_opens_for_all) data.open = data.epoch;
  return done;
}

bool Store::leave(const std::string& gateway, std::uint64_t epoch, std::uint64_t position) {
  if (data.open != epoch) return false;
  auto& mine = data.gateways[gateway];
  mine.position = std::max(mine.position, position);
  return mine.ended = true;
}

void Store::lose(Dice& dice) {
  // What is lost was newer than the copy, and so are the copies behind it.
  trace("the store loses writes");
  if (copies_.empty() || dice.one_in(4)) {
    data = {};
    copies_.clear();
  } else {
    const auto at = dice.one_in(2) ? copies_.size() - 1 : dice.below(copies_.size());
    data = copies_[at];
    copies_.resize(at + 1);
  }
}

std::string Carrier::free_number() {
  if (!returned_.empty() && dice_.one_in(2)) {
    const auto at = dice_.below(returned_.size());
    auto number = returned_[at];
    returned_.erase(returned_.begin() + std::ptrdiff_t(at));
    return number;
  }
  return "03" + std::to_string(100000 + never_used_++);
}

Outcome Carrier::order(const Order& order) {
  Outcome outcome{.kind = Outcome::Kind::finished, .order_id = "o-" + order.id};
  const auto luck = dice_.below(10);
  Quantity gives = order.quantity;
  if (luck == 0) gives = 0;
  if (luck == 1) gives = Quantity(dice_.below(std::uint64_t(order.quantity) + 1));
  if (luck == 2 && dice_.one_in(3)) gives = order.quantity + 1;
  for (Quantity i = 0; i < gives; ++i) {
    const auto number = free_number();
    outcome.numbers.push_back(number);
    if (tracing) trace("carrier gives " + number + " to " + order.who.text() + " for " + order.id);
    held[order.who].insert(number);
  }
  outcome.granted = gives;
  if (tracing) trace("carrier gives " + text(gives) + " for " + order.id + " of " + text(order.quantity));
  given[order.who] += gives;
  excess[order.who] += std::max<Quantity>(0, gives - order.quantity);
  done_[order.id] = outcome;
  // Some it accepts for later: it gives the numbers, and says so only when it is asked.
  if (dice_.one_in(5)) return {.kind = Outcome::Kind::pending, .order_id = outcome.order_id};
  return outcome;
}

Outcome Carrier::status(const std::string& id) const {
  const auto found = done_.find(id);
  return found == done_.end() ? Outcome{.kind = Outcome::Kind::unknown} : found->second;
}

Quantity Carrier::take_back(const OperatorId& who, const std::vector<std::string>& numbers) {
  Quantity count = 0;
  for (const auto& number : numbers) {
    const bool had = held[who].erase(number) > 0;
    if (tracing)
      trace("carrier takes back " + number + " of " + who.text() + (had ? "" : ", who does not have it"));
    if (!had) continue;
    returned_.push_back(number);
    ++count;
  }
  return count;
}

}  // namespace sekisho::simulator
