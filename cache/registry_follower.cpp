#include "cache/registry_follower.h"

#include <time.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "cache/keys.h"

namespace sekisho::cache {
using namespace std::chrono_literals;
using policy::RecordPtr;

namespace {

constexpr auto block = 500ms;  // how long XREAD waits for news; also how old `in_step_at` gets in quiet times

// The act that counts is the newest one known, wherever it was known.
RecordPtr keeping_revocation(const policy::Registry* before, const RecordPtr& record) {
  const auto* old = before ? before->find(record->id) : nullptr;
  if (!old || !old->act || !old->act->revoked) return record;
  if (record->act && record->act->at >= old->act->at) return record;
  auto kept = std::make_shared<policy::OperatorRecord>(*record);
  kept->act = old->act;
  return kept;
}

}  // namespace

std::int64_t boot_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return std::int64_t(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

RegistryFollower::RegistryFollower(boost::asio::any_io_executor executor,
                                   const config::RedisSettings& settings,
                                   std::atomic<std::int64_t>& in_step_at, Publish publish)
    : link_(executor, settings),
      store_(link_),
      publish_(std::move(publish)),
      executor_(executor),
      in_step_at_(in_step_at) {}

void RegistryFollower::start() {
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
    if (in_step && (!current_ || missed_)) in_step = co_await load_whole();
    if (in_step) in_step = co_await follow_once();
    if (in_step || stopped_) continue;
    pause.expires_after(50ms);
    boost::system::error_code ignored;
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

Task<bool> RegistryFollower::load_whole() {
  // First the place in the stream, then the present: what changes in between is told again, and does no harm.
  Command newest{"XREVRANGE", keys::registry_events, "+", "-", "COUNT", "1"};
  const auto last = co_await link_.call(std::move(newest), 2s);
  if (!last.ok()) co_return false;
  const auto meta = co_await store_.meta();
  if (!meta || meta->epoch.empty()) co_return false;  // nobody has imported anything yet
  const auto loaded = co_await store_.load();
  if (!loaded) co_return false;

  // What we know and Redis does not (it lost writes, or was begun anew) is kept where forgetting would
  // permit.
  const bool same_registry = epoch_ == meta->epoch;
  std::vector<RecordPtr> kept;
  if (current_) {
    current_->each([&](const policy::OperatorRecord& old) {
      const auto* now = loaded->find(old.id);
      const bool lost = same_registry && old.serial > loaded->serial();
      const bool revocation_lost =
          old.act && old.act->revoked && !(now && now->act && now->act->at >= old.act->at);
      if (lost || (revocation_lost && !now)) {
        kept.push_back(std::make_shared<policy::OperatorRecord>(old));
      } else if (revocation_lost) {
        kept.push_back(keeping_revocation(current_.get(), std::make_shared<policy::OperatorRecord>(*now)));
      }
    });
  }
  current_ = kept.empty() ? loaded : loaded->with(kept, loaded->serial(), meta->sources());
  sources_ = meta->sources();
  epoch_ = meta->epoch;
  last_id_ = last.size() > 0 ? stream_entry(last.element(0)).id : "0-0";
  assembler_.clear();
  missed_ = false;
  publish_(current_, nullptr);
  co_return true;
}

Task<bool> RegistryFollower::follow_once() {
  const auto asked_at = boot_ms();
  Command head{"HMGET", keys::registry_meta, "serial", "epoch"};
  const auto now = co_await link_.call(std::move(head), 1s);
  if (!now.ok()) co_return false;
  const auto serial = std::uint64_t(now.integer(0).value_or(0));
  if (now.text(1) != epoch_ || serial < current_->serial()) {
    missed_ = true;  // Redis lost something, or somebody began anew
    co_return false;
  }
  if (serial == current_->serial()) in_step_at_.store(asked_at, std::memory_order_relaxed);

  Command read{
      "XREAD", "COUNT", "1000", "BLOCK", std::to_string(block.count()), "STREAMS", keys::registry_events,
      last_id_};
  const auto news = co_await link_.call(std::move(read), block + 1000ms);
  if (!news.ok()) co_return false;
  for (const auto& entry : stream_entries(news, keys::registry_events)) {
    last_id_ = entry.id;
    auto event = assembler_.add(entry.fields);
    if (event) apply(std::move(*event));
  }
  co_return !missed_;
}

void RegistryFollower::apply(RegistryEvent event) {
  if (event.serial <= current_->serial()) return;  // already in what we loaded
  if (event.serial != current_->serial() + 1) {
    missed_ = true;
    return;
  }
  RegistryMeta meta{.fields = event.change.meta};
  const auto changed = meta.sources();
  for (std::size_t i = 0; i < changed.size(); ++i)
    if (changed[i].verified_at) sources_[i] = changed[i];
  std::vector<RecordPtr> records;
  for (const auto& record : event.records) records.push_back(keeping_revocation(current_.get(), record));
  current_ = current_->with(records, event.serial, sources_);
  publish_(current_, &event);
}

}  // namespace sekisho::cache
