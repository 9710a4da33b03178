#include "cache/registry_follower.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "cache/clock.h"
#include "cache/keys.h"

namespace sekisho::cache {
using namespace std::chrono_literals;

namespace {

constexpr auto block = 500ms;  // how long XREAD waits for news; also how old `in_step_at` gets in quiet times
constexpr std::int64_t note_every_ms = 60'000;

}  // namespace

RegistryFollower::RegistryFollower(boost::asio::any_io_executor executor,
                                   const config::RedisSettings& settings, Options options,
                                   std::atomic<std::int64_t>& in_step_at, Publish publish)
    : link_(executor, settings),
      store_(link_),
      options_(std::move(options)),
      publish_(std::move(publish)),
      executor_(executor),
      copy_(options_.copy),
      in_step_at_(in_step_at) {}

void RegistryFollower::start() {
  if (!options_.copy.empty()) {
    auto found = read_copy(options_.copy);
    if (found.whole && found.trouble.empty()) copy_.goes_on();
    if (found.whole) replica_.adopt(std::move(*found.whole));
    if (!replica_.empty() || !found.trouble.empty())
      publish_({.registry = replica_.registry(),
                .from = News::From::copy,
                .seen_at = found.seen_at,
                .trouble = std::move(found.trouble)});
  }
  link_.start();
  boost::asio::co_spawn(executor_, run(), boost::asio::detached);
}

void RegistryFollower::stop() {
  stopped_ = true;
  link_.stop();
}

Task<> RegistryFollower::run() {
  asio::steady_timer pause(executor_);
  while (!stopped_) {
    bool in_step = co_await link_.wait_up(1s);
    if (in_step && missed_) in_step = co_await load_whole();
    if (in_step) in_step = co_await follow_once();
    if (in_step || stopped_) continue;
    pause.expires_after(50ms);
    boost::system::error_code ignored;
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

// A Redis that has just started may have lost what other gateways know and are about to restore. Who knows
// nothing itself gives them a moment.
Task<bool> RegistryFollower::still_settling() {
  Command info{"INFO", "server"};
  const auto answer = co_await link_.call_beside(keys::registry_meta, std::move(info), 1s);
  if (!answer.text()) co_return true;
  co_return answer.text()->find("uptime_in_seconds:0\r") != std::string_view::npos;
}

Task<bool> RegistryFollower::load_whole() {
  const auto meta = co_await store_.meta();
  if (!meta || meta->epoch.empty()) co_return false;  // nobody has imported anything yet
  // What was on disk may be all there is, or the stream goes on from it.
  if (replica_.same_as(meta->epoch, meta->serial, meta->head)) {
    missed_ = false;
    co_return true;
  }
  if (replica_.behind(meta->epoch, meta->serial) && !replica_.whole().stream_id.empty()) {
    auto place = replica_.whole().stream_id;
    auto next = co_await store_.news(place, 0ms);
    if (next && !next->empty() && next->front().after == replica_.whole().head) {
      missed_ = false;
      co_return true;
    }
  }
  if (replica_.empty() && co_await still_settling()) co_return false;
  auto found = co_await store_.load();
  if (!found) co_return false;
  auto lost = replica_.adopt(std::move(*found));
  missed_ = false;
  publish_({.registry = replica_.registry(), .from = News::From::redis});
  copy_.keep(replica_.whole(), wall_clock());
  if (!lost.empty() || !replica_.lost_marks().empty()) co_await restore(std::move(lost));
  co_return true;
}

// Redis has lost what this gateway knows: it goes back in, for gateways that never heard of it.
Task<> RegistryFollower::restore(std::vector<policy::RecordPtr> lost) {
  const auto serial = replica_.registry()->serial();
  const RegistryChange change{.kind = RegistryChange::Kind::restore,
                              .at = wall_clock(),
                              .by = "gateway " + options_.gateway,
                              .reason = "Redis had lost changes that this gateway knew",
                              .meta = replica_.lost_marks()};
  Fences fences;
  for (const auto& record : lost)
    if (policy::etoc_on(*record, policy::JstDate::of(change.at)) == policy::EtocState::revoked)
      fences.raise.push_back(*policy::OperatorId::parse(record->id()));
  const auto done = co_await store_.commit(serial, change, lost, fences);
  // Somebody else was faster, or it failed: what is still lost shows when all is loaded again.
  if (!done || *done == 0) missed_ = true;
}

Task<bool> RegistryFollower::follow_once() {
  const auto asked_at = boot_ms();
  Command head{"HMGET", keys::registry_meta, "serial", "epoch", "head"};
  const auto now = co_await link_.call(std::move(head), 1s);
  if (!now.ok()) co_return false;
  const auto serial = std::uint64_t(now.integer(0).value_or(0));
  const auto epoch = now.text(1).value_or("");
  if (replica_.same_as(epoch, serial, now.text(2).value_or(""))) {
    in_step_at_.store(asked_at, std::memory_order_relaxed);
    note_seen();
  } else if (!replica_.behind(epoch, serial)) {
    missed_ = true;  // Redis lost something, or somebody began anew
    co_return false;
  }
  auto place = replica_.whole().stream_id;
  auto events = co_await store_.news(place, block);
  if (!events) {
    missed_ = link_.up();
    co_return false;
  }
  if (events->empty() && replica_.behind(epoch, serial)) missed_ = true;  // the stream was cut behind us
  replica_.at_stream(place);
  if (!events->empty()) apply(std::move(*events));
  co_return !missed_;
}

void RegistryFollower::apply(std::vector<RegistryEvent> events) {
  std::size_t applied = 0, first = 0;
  for (std::size_t i = 0; i < events.size() && !missed_; ++i) {
    const auto taken = replica_.apply(events[i]);
    if (taken == RegistryReplica::Taken::missed) missed_ = true;
    if (taken != RegistryReplica::Taken::applied) continue;
    if (applied++ == 0) first = i;
    copy_.add(events[i], replica_.whole(), wall_clock());
  }
  if (applied == 0) return;
  publish_({.registry = replica_.registry(), .changes = std::span(events).subspan(first, applied)});
}

void RegistryFollower::note_seen() {
  const auto now = boot_ms();
  if (now - noted_at_ < note_every_ms) return;
  noted_at_ = now;
  copy_.seen(wall_clock());
}

}  // namespace sekisho::cache
