#include "cache/recovery.h"

#include <fmt/format.h>

#include <algorithm>

#include "cache/bookkeeper.h"
#include "cache/clock.h"
#include "cache/together.h"

namespace sekisho::cache {
using policy::Settlement;

namespace {

// A million orders one after another, each waiting for its answer, are minutes; where Redis is far or slow,
// hours. So many are told in one breath: few enough that four gateways which tell at once keep none of them
// waiting until its deadline.
constexpr std::size_t at_once = 32;

// Does `one` for each of the list from `next` on, and moves `next` over what is done for certain: what was
// told twice counts once.
template <class Item, class One>
Task<bool> each_from(const std::vector<Item>& list, std::size_t& next, One one) {
  while (next < list.size()) {
    const auto end = std::min(next + at_once, list.size());
    std::vector<Task<bool>> tasks;
    for (auto i = next; i < end; ++i) tasks.push_back(one(list[i]));
    const bool all_done = co_await together(std::move(tasks));
    if (!all_done) co_return false;
    next = end;
  }
  co_return true;
}

}  // namespace

std::string Recovery::me() const {
  return ports_.journal.gateway_id() + "/" + std::to_string(ports_.journal.boot());
}

// What the records before it say is in the ledger. Read in this order: an order that begins in between lies
// behind the end that was read.
std::uint64_t Recovery::position() const {
  const auto end = ports_.journal.end();
  return std::min(end + 1, ports_.books.open_orders.lowest());
}

void Recovery::remember() {
  auto peers = memory_.peers;
  for (const auto& one : view_.gateways)
    if (std::find(peers.begin(), peers.end(), one) == peers.end()) peers.push_back(one);
  if (view_.epoch <= memory_.epoch && peers.size() == memory_.peers.size()) return;
  memory_.epoch = std::max(memory_.epoch, view_.epoch);
  memory_.peers = std::move(peers);
  if (ports_.keep) ports_.keep(memory_);
}

Task<> Recovery::beat() {
  if (busy_) co_return;
  busy_ = true;
  bool again = true;
  while (again) again = co_await turn();
  if (told_ != 0 && told_ == view_.epoch) settled_ = true;
  busy_ = false;
}

Task<bool> Recovery::turn() {
  const bool stands = ports_.books.admits();
  Beat beat{.gateway = ports_.journal.gateway_id(),
            .epoch = memory_.epoch,
            .confirmed = view_.position,
            .position = stands ? position() : 0,
            .has_past = ports_.journal.boot() > 1 || told_ != 0,
            .missed = ports_.books.missed_in(view_.epoch) && view_.epoch == memory_.epoch,
            .peers = memory_.peers};
  auto view = co_await ports_.epochs.beat(beat);
  if (!view) co_return false;  // whoever asks the ledger will hear it himself
  const bool changed = view->epoch != view_.epoch;
  view_ = std::move(*view);
  if (changed || view_.waited || told_ != view_.epoch) ports_.books.close();
  remember();
  if (told_ != view_.epoch || view_.waited) {
    if (!co_await tell_all()) co_return false;
    told_ = view_.epoch;
    co_return true;
  }
  if (view_.open && (released_ == view_.epoch || co_await tell_the_rest())) {
    released_ = view_.epoch;
    ports_.books.stand_on({view_.epoch, view_.position, view_.servers});
  }
  co_return false;
}

// Whatever was appended before is on disk with it, and is read below. What comes later is counted by whoever
// appends it, on the ledger as it is now.
Task<bool> Recovery::begin_telling() {
  auto record = epoch_record(view_);
  const bool on_disk =
      co_await append_durably(ports_.journal, RecordKind::epoch, wall_clock(), std::move(record));
  if (!on_disk) {
    trouble_ = "the journal cannot be written";
    co_return false;
  }
  JournaledOrders journaled;
  try {
    journaled = co_await ports_.read(view_.position);
  } catch (const std::exception& error) {
    trouble_ = error.what();
    co_return false;
  }
  trouble_.clear();
  const auto mine = me();
  tellings_.clear();
  contested_.clear();
  for (auto& telling : retell(journaled, mine))
    (telling.contested ? contested_ : tellings_).push_back(std::move(telling));
  releases_ = std::move(journaled.releases);
  next_ = next_contested_ = next_release_ = 0;
  restored_before_ = restored_;
  forwarded_.clear();
  for (const auto& order : journaled.orders)
    if (!order.operator_id.is_group()) forwarded_.insert(order.hold.id);
  telling_ = view_.epoch;
  co_return true;
}

Task<bool> Recovery::tell_all() {
  if (telling_ != view_.epoch && !co_await begin_telling()) co_return false;
  if (!co_await settle_from(tellings_, next_)) co_return false;
  const bool no_orphans = co_await settle_orphans(view_.epoch);
  if (!no_orphans) co_return false;
  const auto gateway = ports_.journal.gateway_id();
  if (!co_await ports_.epochs.told(gateway, view_.epoch)) co_return false;
  if (ports_.tell)
    ports_.tell(
        fmt::format("epoch {} of the ledger: told it {} orders from record {} on, {} of which it had lost",
                    epoch_number(view_.epoch), tellings_.size() + contested_.size(), view_.position,
                    restored_ - restored_before_));
  telling_ = 0;
  tellings_.clear();
  co_return true;
}

Task<bool> Recovery::settle_from(const std::vector<Telling>& tellings, std::size_t& next) {
  return each_from(tellings, next, [this](const Telling& telling) { return settle(telling); });
}

Task<bool> Recovery::settle(const Telling& telling) {
  auto request = telling.request;
  request.answered_ago =
      wall_clock() - request.now;  // a key that a caller may use anew is none of this order
  const auto answer = co_await ports_.ledger.settle(request);
  for (const auto& [account, number, at] : answer.displaced)
    releases_.push_back({account, telling.request.hold.id, {number}, at});
  if (answer == SettleAnswer::unavailable) co_return false;
  if (answer == SettleAnswer::restored) ++restored_;
  if (!telling.on_record && answer != SettleAnswer::resolved_before)
    ports_.journal.append(RecordKind::settled, wall_clock(), settled_record(request, answer));
  co_return true;
}

Task<bool> Recovery::release(const ReleaseRequest& request) {
  const Footing here{view_.epoch, view_.position, view_.servers};
  const auto result = co_await ports_.ledger.release(request.operator_id, request.numbers, request.now, here);
  co_return result.kind == ReleaseResult::Kind::done;
}

// Only now: a number can be given back only where its grant is known, and what others may have resolved they
// have told by now. What was displaced meanwhile stands behind the other releases.
Task<bool> Recovery::tell_the_rest() {
  if (!co_await settle_from(contested_, next_contested_)) co_return false;
  const auto one = [this](const ReleaseRequest& request) { return release(request); };
  if (!co_await each_from(releases_, next_release_, one)) co_return false;
  contested_.clear();
  releases_.clear();
  next_contested_ = next_release_ = 0;
  co_return true;
}

// Holds of an earlier boot belong to nobody alive, and neither do those of this one that no order answers for
// any more: the ledger has lost that they were given up, which is in no journal. Those that were never on
// record as sent cannot have been: of a ledger that has all that lies before the position from which the
// journal was read, and of no other. Who is alive is asked before the ledger is: nothing begins while the
// books are closed, and what ends meanwhile is left to whoever ended it.
Task<bool> Recovery::settle_orphans(std::uint64_t told_into) {
  const bool nothing_begins = !ports_.books.admits();
  const auto live = ports_.books.live.all();
  const auto holds = co_await ports_.ledger.open_holds();
  if (!holds) co_return false;
  const auto gateway = ports_.journal.gateway_id();
  const auto mine = me();
  for (const auto& [id, hold] : *holds) {
    if (gateway_of(hold) != gateway) continue;
    if (hold.gateway == mine && (!nothing_begins || live.contains(hold.id))) continue;
    if (hold.state == policy::HoldState::suspense || !hold.order_id.empty()) continue;
    if (forwarded_.contains(hold.id)) continue;
    SettleRequest request{.operator_id = id,
                          .hold = hold,
                          .settlement = {.kind = Settlement::Kind::released},
                          .now = wall_clock(),
                          .footing = {told_into, 0, view_.servers},
                          .only_in_epoch = true};
    // In no journal, as the order was not: whoever loses this release too finds the hold again.
    const Telling telling{std::move(request), true};
    const bool settled = co_await settle(telling);
    if (!settled) co_return false;
  }
  co_return true;
}

Task<> Recovery::look_again() { co_await settle_orphans(told_); }

Task<> Recovery::leave() {
  if (told_ == 0 || told_ != view_.epoch) co_return;
  const auto gateway = ports_.journal.gateway_id();
  const auto epoch = view_.epoch;
  const auto at = position();
  co_await ports_.epochs.leave(gateway, epoch, at);
}

std::vector<std::string> Recovery::obstacles() const {
  std::vector<std::string> out;
  if (ports_.books.admits()) return out;
  if (view_.epoch == 0) {
    out.push_back("ledger: not yet reconciled with the journal");
  } else if (!trouble_.empty()) {
    out.push_back("ledger: its lost counts cannot be told again: " + trouble_);
  } else if (told_ != view_.epoch) {
    out.push_back("ledger: telling it again what the journal knows");
  } else {
    for (const auto& one : view_.waiting)
      out.push_back("ledger: waiting until " + one + " has told its journal");
    if (view_.waiting.empty())
      out.push_back("ledger: opening epoch " + std::to_string(epoch_number(view_.epoch)));
  }
  return out;
}

}  // namespace sekisho::cache
