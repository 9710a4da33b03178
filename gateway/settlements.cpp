#include "gateway/settlements.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <limits>

#include "cache/clock.h"
#include "gateway/records.h"

namespace sekisho::gateway {
namespace asio = boost::asio;
using namespace std::chrono_literals;

void OpenOrders::begin(std::uint64_t floor) {
  const std::lock_guard lock(mutex_);
  floors_.insert(floor);
}

void OpenOrders::end(std::uint64_t floor) {
  const std::lock_guard lock(mutex_);
  if (const auto found = floors_.find(floor); found != floors_.end()) floors_.erase(found);
}

std::uint64_t OpenOrders::lowest() const {
  const std::lock_guard lock(mutex_);
  return floors_.empty() ? std::numeric_limits<std::uint64_t>::max() : *floors_.begin();
}

Settlements::Settlements(asio::any_io_executor executor, cache::Ledger& ledger, cache::Journal& journal,
                         OpenOrders& open)
    : executor_(std::move(executor)), ledger_(ledger), journal_(journal), open_(open) {}

void Settlements::start() { asio::co_spawn(executor_, work_off(), asio::detached); }

Task<> Settlements::settle(Unsettled item) {
  const bool done = queue_.empty() && co_await apply(item);
  if (!done) queue_.push_back(std::move(item));
}

Task<bool> Settlements::apply(Unsettled& item) {
  if (auto* request = std::get_if<cache::SettleRequest>(&item.what)) {
    const auto answer = co_await ledger_.settle(*request);
    if (answer == cache::SettleAnswer::unavailable) co_return false;
    journal_.append(cache::RecordKind::settled, cache::wall_clock(), settled_record(*request, answer));
  } else if (auto* given_up = std::get_if<VoidHold>(&item.what)) {
    if (!co_await ledger_.void_hold(given_up->operator_id, given_up->hold)) co_return false;
  } else if (auto* release = std::get_if<ReleaseNumbers>(&item.what)) {
    const auto released = co_await ledger_.release(release->operator_id, release->numbers, release->now);
    if (!released) co_return false;
    journal_.append(cache::RecordKind::settled, cache::wall_clock(), released_record(*release, *released));
  }
  if (item.floor) open_.end(*item.floor);
  co_return true;
}

Task<> Settlements::work_off() {
  asio::steady_timer pause(executor_);
  while (!stopped_) {
    while (!queue_.empty() && !stopped_) {
      auto item = std::move(queue_.front());
      queue_.pop_front();
      if (co_await apply(item)) continue;
      queue_.push_front(std::move(item));
      break;
    }
    pause.expires_after(20ms);
    boost::system::error_code ignored;
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

}  // namespace sekisho::gateway
