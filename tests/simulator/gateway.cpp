#include "tests/simulator/gateway.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace sekisho::simulator {
using cache::Commit;
using cache::RecordKind;
using policy::Outcome;
using policy::Settlement;

// ---- the link

template <class R>
Task<R> Link::ask(std::function<R(Store&)> what, R unsent, R in_doubt) {
  auto& dice = world_.scheduler.dice;
  if (process_ != world_.store.process) {
    // The connection is gone, or leads nowhere; the next try makes one.
    const bool noticed = process_.empty() || dice.one_in(2);
    process_ = world_.store.process;
    if (noticed) co_return unsent;
  }
  const auto& faults = world_.faults;
  const bool request_lost = dice.one_in(faults.request_lost), reply_lost = dice.one_in(faults.reply_lost);
  const bool repeated = dice.one_in(faults.repeated);
  const auto process = process_;
  auto* world = &world_;
  const auto life = life_;
  co_return co_await answer_to<R>([&](std::function<void(R)> reply) {
    if (request_lost) {
      world_.scheduler.later(life, [reply, in_doubt] { reply(in_doubt); });
      return;
    }
    // Nobody waits for ever: the answer may be given up before, and the request arrive all the same.
    if (reply_lost) world_.scheduler.later(life, [reply, in_doubt] { reply(in_doubt); });
    world_.scheduler.later(0, [world, what, process, reply, in_doubt, reply_lost, repeated, life] {
      R answer = in_doubt;
      if (world->store.process == process) answer = what(world->store);
      if (repeated)  // once more, later
        world->scheduler.later(0, [world, what, process] {
          if (world->store.process == process) what(world->store);
        });
      if (!reply_lost) world->scheduler.later(life, [reply, answer] { reply(answer); });
    });
  });
}

Task<cache::HoldResult> Link::hold(const cache::HoldRequest& request) {
  cache::HoldResult doubt;
  doubt.in_doubt = true;
  // A message has all it needs in itself: it may arrive long after whoever sent it is gone.
  const auto charges = std::make_shared<const std::vector<policy::Charge>>(*request.charges);
  auto* world = &world_;
  std::function<cache::HoldResult(Store&)> what = [request, charges, world](Store& store) {
    ++world->asked[{request.operator_id.text(), request.hold.id}];
    auto copy = request;
    copy.charges = charges.get();
    return store.hold(copy);
  };
  return ask<cache::HoldResult>(std::move(what), cache::HoldResult{}, std::move(doubt));
}

Task<cache::SettleResult> Link::settle(const cache::SettleRequest& request) {
  std::function<cache::SettleResult(Store&)> what = [request](Store& store) { return store.settle(request); };
  return ask<cache::SettleResult>(std::move(what), cache::SettleAnswer::unavailable,
                                  cache::SettleAnswer::unavailable);
}

Task<std::optional<std::vector<std::string>>> Link::groups_of(
    const OperatorId& id, const std::vector<cache::ReturnedNumber>& numbers) {
  using Groups = std::optional<std::vector<std::string>>;
  std::function<Groups(Store&)> what = [=](Store& store) -> Groups { return store.groups_of(id, numbers); };
  return ask<Groups>(std::move(what), std::nullopt, std::nullopt);
}

Task<cache::ReleaseResult> Link::release(const OperatorId& id,
                                         const std::vector<cache::ReturnedNumber>& numbers,
                                         policy::Instant now, cache::Footing footing) {
  std::function<cache::ReleaseResult(Store&)> what = [=](Store& store) {
    return store.release(id, numbers, now, footing);
  };
  return ask<cache::ReleaseResult>(std::move(what), {}, {});
}

Task<std::optional<policy::Hold>> Link::hold_of_order(const OperatorId& id, const std::string& carrier,
                                                      const std::string& order_id) {
  using Found = std::optional<policy::Hold>;
  std::function<Found(Store&)> what = [=](Store& store) -> Found {
    for (const auto& hold : store.data.accounts[id].usage.holds)
      if (hold.carrier == carrier && hold.order_id == order_id && !order_id.empty()) return hold;
    return std::nullopt;
  };
  return ask<Found>(std::move(what), std::nullopt, std::nullopt);
}

Task<std::optional<std::vector<cache::OpenHold>>> Link::open_holds() {
  using Holds = std::optional<std::vector<cache::OpenHold>>;
  std::function<Holds(Store&)> what = [](Store& store) -> Holds {
    std::vector<cache::OpenHold> all;
    for (const auto& [id, account] : store.data.accounts)
      for (const auto& hold : account.usage.holds) all.push_back({id, hold});
    return all;
  };
  return ask<Holds>(std::move(what), std::nullopt, std::nullopt);
}

Task<std::optional<cache::EpochView>> Link::beat(const cache::Beat& beat) {
  using View = std::optional<cache::EpochView>;
  std::function<View(Store&)> what = [beat](Store& store) -> View { return store.beat(beat); };
  return ask<View>(std::move(what), std::nullopt, std::nullopt);
}

Task<bool> Link::told(const std::string& gateway, std::uint64_t epoch) {
  std::function<bool(Store&)> what = [=](Store& store) { return store.told(gateway, epoch); };
  return ask<bool>(std::move(what), false, false);
}

Task<bool> Link::leave(const std::string& gateway, std::uint64_t epoch, std::uint64_t position) {
  std::function<bool(Store&)> what = [=](Store& store) { return store.leave(gateway, epoch, position); };
  return ask<bool>(std::move(what), false, false);
}

// ---- the journal

std::uint64_t SimJournal::end() const {
  return disk_.durable + (world_.mutation == Mutation::position_runs_ahead ? 8 : 0);
}

void SimJournal::append(RecordKind kind, policy::Instant, std::string fields, Done done) {
  if (done && kind != RecordKind::outcome && world_.scheduler.dice.one_in(world_.faults.disk_fails)) {
    world_.scheduler.later(life_, [done] { done(false); });
    return;
  }
  disk_.records.emplace_back(kind, std::move(fields));
  const bool hasty = world_.mutation == Mutation::sent_before_on_disk && kind == RecordKind::forwarding;
  if (done && hasty)
    world_.scheduler.later(life_, [done] { done(true); });
  else if (done)
    waiting_.emplace_back(disk_.records.size(), std::move(done));
  if (!std::exchange(flushing_, true)) world_.scheduler.later(life_, [this] { flush(); });
}

void SimJournal::flush() {
  flushing_ = false;
  disk_.durable = disk_.records.size();
  for (auto& [count, done] : std::exchange(waiting_, {})) done(true);
}

// ---- the gateway

void Gateway::start() {
  life_ = world_.scheduler.new_life();
  ++disk_.boots;
  link_ = std::make_unique<Link>(world_, life_);
  journal_ = std::make_unique<SimJournal>(world_, life_, name_, disk_);
  books_ = std::make_unique<cache::Books>(disk_.boots);
  ledger_ = std::make_unique<cache::GroupLedger>(*link_);
  keeper_ = std::make_unique<cache::Bookkeeper>(*ledger_, *journal_, *books_);
  recovery_ = std::make_unique<cache::Recovery>(
      cache::Recovery::Ports{.epochs = *link_,
                             .ledger = *ledger_,
                             .journal = *journal_,
                             .books = *books_,
                             .read = [this](std::uint64_t from) { return read(from); },
                             .keep = [this](const auto& memory) { disk_.memory = memory; },
                             .tell = {}},
      disk_.memory);
  beat();
}

void Gateway::kill() {
  if (life_ == 0) return;
  world_.scheduler.end_of(life_);
  // Some of what was not yet certain to be on disk may be there all the same.
  const auto lost = disk_.records.size() - disk_.durable;
  if (lost > 0) disk_.records.resize(disk_.durable + world_.scheduler.dice.below(lost + 1));
  disk_.durable = disk_.records.size();
  recovery_.reset();
  keeper_.reset();
  journal_.reset();
  books_.reset();
  ledger_.reset();
  link_.reset();
  life_ = 0;
  orders_ = 0;
  beating_ = working_ = false;
}

void Gateway::go(Task<> task) { asio::co_spawn(world_.scheduler.context, std::move(task), asio::detached); }

Task<cache::JournaledOrders> Gateway::read(std::uint64_t from) {
  cache::OrderReader reader;
  const bool skips = world_.mutation == Mutation::first_telling_skipped && !recovery_->has_told();
  for (std::size_t i = from > 0 ? from - 1 : 0; i < disk_.durable && !skips; ++i)
    reader.read(disk_.records[i].first, "{" + disk_.records[i].second + "}");
  co_return reader.take();
}

void Gateway::beat() {
  if (alive() && !std::exchange(beating_, true)) go(keep_epoch());
}

Task<> Gateway::keep_epoch() {
  co_await recovery_->beat();
  beating_ = false;
}

void Gateway::work_off() {
  if (alive() && !std::exchange(working_, true)) go(settle_what_waits());
}

Task<> Gateway::settle_what_waits() {
  co_await keeper_->work_off();
  working_ = false;
}

void Gateway::order(const OperatorId& who, Quantity quantity) {
  ++orders_;
  go(take_order({"d" + std::to_string(++world_.next_id), who, quantity}));
}

Task<Outcome> Gateway::ask_carrier(Order order) {
  auto& dice = world_.scheduler.dice;
  auto* world = &world_;
  const auto life = life_;
  const auto fate = dice.below(8);  // 0: it never arrives; 1: its answer is lost
  world_.under_way.insert(order.id);
  co_return co_await answer_to<Outcome>([&](std::function<void(Outcome)> reply) {
    const Outcome unknown{.kind = Outcome::Kind::unknown};
    if (fate <= 1) world_.scheduler.later(life, [reply, unknown] { reply(unknown); });
    world_.scheduler.later(0, [world, order, reply, fate, life] {
      world->under_way.erase(order.id);
      if (fate == 0) return;
      const auto outcome = world->carrier.order(order);
      if (fate > 1) world->scheduler.later(life, [reply, outcome] { reply(outcome); });
    });
  });
}

Task<> Gateway::pause() {
  co_await answer_to<bool>(
      [this](std::function<void(bool)> go_on) { world_.scheduler.later(life_, [go_on] { go_on(true); }); });
}

Task<> Gateway::take_order(Order order) {
  cache::HoldRequest asked{.operator_id = order.who,
                           .hold = {.id = order.id,
                                    .quantity = order.quantity,
                                    .day = policy::JstDate::of(world_.now()),
                                    .since = world_.now(),
                                    .carrier = "demo",
                                    .group = group}};
  asked.charges = &world_.charges;
  asked.throttles = &world_.throttles;
  const auto result = co_await keeper_->take(asked);
  if (result.answer.kind != policy::HoldAnswer::Kind::taken) {
    --orders_;
    co_return;
  }
  // Another thread may keep the epoch meanwhile.
  for (auto turns = world_.scheduler.dice.one_in(3) ? 30 : 1; turns > 0; --turns) co_await pause();
  const auto floor = keeper_->open_order();
  auto forwarding = cache::forwarding_record(
      {.decision = order.id, .operator_id = order.who, .carrier = "demo", .hold = &asked.hold});
  auto committed = co_await keeper_->commit(asked, std::move(forwarding), world_.now());
  if (world_.mutation == Mutation::sent_in_any_epoch && committed == Commit::ledger_lost)
    committed = Commit::go;
  Outcome outcome{.kind = Outcome::Kind::unsent};
  if (committed == Commit::go) outcome = co_await ask_carrier(order);
  const auto heard = world_.now();
  auto told = cache::outcome_record({.decision = order.id,
                                     .operator_id = order.who,
                                     .outcome = outcome,
                                     .heard = heard,
                                     .of = &asked.hold});
  put_on_record(outcome, std::move(told));
  cache::SettleRequest request{
      .operator_id = order.who, .hold = asked.hold, .settlement = policy::settle(outcome), .now = heard};
  cache::Unsettled item{.what = std::move(request), .floor = floor};
  co_await keeper_->settle(std::move(item));
  --orders_;
}

// Callers give back what they were told of; and what they were told of is on disk (here: a gateway that dies
// in the moment between leaves an order in suspense whose numbers may come back before anybody resolves it).
void Gateway::put_on_record(const Outcome& outcome, std::string record) {
  journal_->append(RecordKind::outcome, world_.now(), std::move(record), [this, outcome](bool) {
    if (outcome.kind == Outcome::Kind::finished) world_.ended.insert(outcome.order_id);
    const auto& numbers = outcome.numbers;
    for (const auto& number : numbers) trace("a caller hears of " + number);
    world_.heard.insert(numbers.begin(), numbers.end());
  });
}

void Gateway::give_back(const OperatorId& who, std::vector<cache::ReturnedNumber> numbers) {
  ++orders_;
  go(take_back(who, std::move(numbers)));
}

Task<> Gateway::take_back(OperatorId who, std::vector<cache::ReturnedNumber> numbers) {
  const auto id = "r" + std::to_string(++world_.next_id);
  const auto floor = keeper_->open_order();
  // Another caller may have given one back meanwhile, and the carrier may have given it again to an order
  // that nobody heard the end of: no caller could give that back.
  std::erase_if(numbers, [&](const auto& one) { return !world_.heard.contains(one.number); });
  std::vector<std::string> names;
  for (const auto& one : numbers) names.push_back(one.number);
  Outcome outcome{.kind = Outcome::Kind::finished, .released = Quantity(names.size())};
  const auto heard = world_.now();
  // That the carrier took numbers back, and that it is on record, is one step here: what a gateway does not
  // live to put on record stays counted, and nobody but the carrier could tell.
  auto told = cache::outcome_record({.decision = id,
                                     .operator_id = who,
                                     .operation = policy::Operation::release,
                                     .outcome = outcome,
                                     .heard = heard,
                                     .returned = &numbers});
  journal_->append(RecordKind::outcome, heard, std::move(told), {});
  journal_->flush();
  world_.carrier.take_back(who, names);
  for (const auto& number : names) world_.heard.erase(number);
  cache::ReleaseRequest release{who, id, std::move(numbers), heard};
  cache::Unsettled item{.what = std::move(release), .floor = floor};
  co_await keeper_->settle(std::move(item));
  --orders_;
}

void Gateway::ask_status(const OperatorId& who, const std::string& order_id) {
  ++orders_;
  go(take_status(who, order_id));
}

Task<> Gateway::take_status(OperatorId who, std::string order_id) {
  auto outcome = world_.carrier.status(order_id.substr(2));  // "o-d7"
  if (world_.ended.contains(order_id)) outcome.kind = Outcome::Kind::unknown;
  if (outcome.kind == Outcome::Kind::finished) {
    const auto hold = co_await link_->hold_of_order(who, "demo", order_id);
    if (hold && !world_.ended.contains(order_id)) {
      const auto floor = keeper_->open_order();
      const auto heard = world_.now();
      auto told = cache::outcome_record({.decision = "s" + std::to_string(++world_.next_id),
                                         .operator_id = who,
                                         .operation = policy::Operation::status,
                                         .outcome = outcome,
                                         .heard = heard,
                                         .of = &*hold});
      put_on_record(outcome, std::move(told));
      cache::SettleRequest request{
          .operator_id = who, .hold = *hold, .settlement = policy::settle(outcome), .now = heard};
      cache::Unsettled item{.what = std::move(request), .floor = floor};
      co_await keeper_->settle(std::move(item));
    }
  }
  --orders_;
}

}  // namespace sekisho::simulator
