#include "cache/bookkeeper.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "cache/clock.h"

namespace sekisho::cache {

Task<bool> append_durably(JournalPort& journal, RecordKind kind, policy::Instant at, std::string fields) {
  const auto executor = co_await asio::this_coro::executor;
  auto initiate = [&journal, &executor, kind, at, &fields](auto handler) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    // The journal's thread tells; the caller's thread goes on. Until then the caller's loop must not run out
    // of work.
    const auto work = asio::make_work_guard(executor);
    journal.append(kind, at, std::move(fields), [shared, work](bool durable) {
      asio::post(work.get_executor(), [shared, durable] { std::move (*shared)(durable); });
    });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(bool)>(std::move(initiate),
                                                                                     asio::use_awaitable);
}

Task<HoldResult> Bookkeeper::take(HoldRequest& request) {
  request.footing = books_.footing();
  if (request.footing.epoch == 0) co_return HoldResult{};
  auto& hold = request.hold;
  hold.gateway = journal_.gateway_id() + "/" + std::to_string(journal_.boot());
  hold.ordinal = books_.ordinals.begin();
  books_.live.begin(hold.id);
  request.floor = books_.ordinals.floor();
  auto result = co_await ledger_.hold(request);
  // Refused by the group after the operator's own account had taken it: it was given back there. Where the
  // epoch ended meanwhile, the ledger that gave it back may be another by now.
  const bool perhaps_there = !hold.group.empty() && result.answer.kind != policy::HoldAnswer::Kind::taken &&
                             books_.footing().epoch != request.footing.epoch;
  if (result.in_doubt || perhaps_there) {
    SettleRequest give_up{.operator_id = request.operator_id,
                          .hold = hold,
                          .settlement = {.kind = policy::Settlement::Kind::released},
                          .now = hold.since};
    Unsettled item{.what = std::move(give_up), .ordinal = hold.ordinal};
    waiting_.push_back(std::move(item));
    if (result.lost) books_.suspect();
    co_return result;
  }
  books_.ordinals.end(hold.ordinal);
  if (result.answer.kind != policy::HoldAnswer::Kind::taken) books_.live.end(hold.id);
  if (result.lost) books_.suspect();
  co_return result;
}

std::uint64_t Bookkeeper::open_order() {
  const auto floor = journal_.end() + 1;
  books_.open_orders.begin(floor);
  return floor;
}

Task<Commit> Bookkeeper::commit(const HoldRequest& taken, std::string forwarding, policy::Instant at) {
  const bool durable = co_await append_durably(journal_, RecordKind::forwarding, at, std::move(forwarding));
  if (!durable) co_return Commit::not_on_disk;
  // In another epoch the hold may be gone, and others may have been admitted in its place.
  co_return books_.footing().epoch == taken.footing.epoch ? Commit::go : Commit::ledger_lost;
}

Task<> Bookkeeper::settle(Unsettled item) {
  item.epoch = books_.footing().epoch;
  const bool done = waiting_.empty() && co_await apply(item);
  if (!done) waiting_.push_back(std::move(item));
}

Task<bool> Bookkeeper::apply(Unsettled& item) {
  if (auto* request = std::get_if<SettleRequest>(&item.what)) {
    request->footing = books_.footing();
    const bool own = gateway_of(request->hold) == journal_.gateway_id();
    request->floor = own ? books_.ordinals.floor() : 0;
    const bool tried = std::exchange(item.tried, true);
    if (tried) request->first_try = false;
    const auto settled = co_await ledger_.settle(*request);
    auto answer = settled.answer;
    // Resolved before, but as far as anybody can tell by ourselves: by an earlier try, or because the journal
    // was told to a ledger that had lost something.
    const bool in_one_epoch = item.epoch != 0 && books_.footing().epoch == item.epoch;
    const bool perhaps_by_us = tried || !in_one_epoch;
    if (answer == SettleAnswer::unavailable) co_return false;
    // What was given back may be in no journal. Where the epoch ended before the answer came, the ledger that
    // gave it may be another by now, and whoever told the new one took this hold for one that is answered
    // for: then it is said again.
    const bool stood = request->footing.epoch != 0 && books_.footing().epoch == request->footing.epoch;
    if (request->settlement.kind == policy::Settlement::Kind::released && !stood) co_return false;
    books_.live.end(request->hold.id);
    if (answer == SettleAnswer::resolved_before && perhaps_by_us) answer = SettleAnswer::done;
    if (item.ordinal) {
      books_.ordinals.end(*item.ordinal);
    } else {
      journal_.append(RecordKind::settled, wall_clock(), settled_record(*request, answer));
      if (answer == SettleAnswer::restored) books_.miss(request->footing.epoch);
    }
    take_from(settled, item);
  } else if (auto* release = std::get_if<ReleaseRequest>(&item.what)) {
    const auto footing = books_.footing();
    // While others may still have to tell which numbers were given out, none can be given back.
    if (footing.epoch == 0) co_return false;
    const auto result =
        co_await ledger_.release(release->operator_id, release->numbers, release->now, footing);
    if (result.kind == ReleaseResult::Kind::lost) books_.suspect();
    if (result.kind != ReleaseResult::Kind::done) co_return false;
    journal_.append(RecordKind::settled, wall_clock(), returned_record(*release, result.released));
  }
  if (item.floor) books_.open_orders.end(*item.floor);
  co_return true;
}

// A number that is granted leaves whoever had it: by a transfer, or because the carrier took it back without
// a word. The order stays open until it has.
void Bookkeeper::take_from(const SettleResult& settled, const Unsettled& by) {
  const auto& grant = std::get<SettleRequest>(by.what).hold.id;
  for (const auto& [account, number, at] : settled.displaced) {
    if (by.floor) books_.open_orders.begin(*by.floor);
    ReleaseRequest release{account, grant, {number}, at};
    Unsettled item{.what = std::move(release), .floor = by.floor};
    waiting_.push_back(std::move(item));
  }
}

Task<> Bookkeeper::work_off() {
  if (working_) co_return;
  working_ = true;
  while (!waiting_.empty()) {
    auto item = std::move(waiting_.front());
    waiting_.pop_front();
    if (co_await apply(item)) continue;
    waiting_.push_front(std::move(item));
    break;
  }
  working_ = false;
}

}  // namespace sekisho::cache
