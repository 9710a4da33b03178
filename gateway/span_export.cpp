#include "gateway/span_export.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "gateway/log.h"

namespace sekisho::gateway {
using std::chrono::milliseconds;
using Kind = CollectorAnswer::Kind;

namespace {

constexpr std::string_view causes[] = {"queue", "refused", "unreachable", "drain"};

}  // namespace

SpanExport::SpanExport(asio::any_io_executor executor, Watchdog& dog, const config::TraceSettings& settings,
                       SpanSource source, SpanPace pace)
    : executor_(executor),
      settings_(settings),
      source_(std::move(source)),
      pace_(pace),
      collector_(executor, dog, settings),
      pause_(executor),
      over_(executor) {}

void SpanExport::take(std::vector<Span> of_one_call) {
  const auto spans = of_one_call.size();
  if (waiting_.fetch_add(spans) + spans > settings_.queue) {
    waiting_ -= spans;
    overflowed_ += spans;
    return;
  }
  asio::post(executor_, [this, call = std::move(of_one_call)]() mutable {
    queued_ += call.size();
    queue_.push_back(std::move(call));
    if (resting_ && queued_ >= pace_.at_once) pause_.cancel();
  });
}

void SpanExport::start() { asio::co_spawn(executor_, run(), asio::detached); }

Task<> SpanExport::run() {
  while (!finishing_) {
    resting_ = true;
    co_await rest(pace_.every);
    resting_ = false;
    if (!queue_.empty()) co_await send_batch();
    while (queued_ >= pace_.at_once) co_await send_batch();
    tell_of_overflow();
  }
  while (!queue_.empty()) co_await send_batch();
  ended_ = true;
  over_.cancel();
}

Task<> SpanExport::finish() {
  finishing_ = true;
  pause_.cancel();
  over_.expires_after(pace_.last_words);
  boost::system::error_code cancelled;
  if (!ended_) co_await over_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  collector_.give_up();
}

Task<> SpanExport::rest(milliseconds time) {
  if (finishing_) co_return;
  pause_.expires_after(time);
  boost::system::error_code ignored;
  co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

// Whole calls, so that a trace does not come in pieces where it need not.
std::vector<Span> SpanExport::next_batch() {
  std::vector<Span> batch;
  while (!queue_.empty() && batch.size() < pace_.at_once) {
    auto& call = queue_.front();
    queued_ -= call.size();
    std::move(call.begin(), call.end(), std::back_inserter(batch));
    queue_.pop_front();
  }
  return batch;
}

Task<> SpanExport::send_batch() {
  const auto batch = next_batch();
  const auto body = export_request(source_, batch);
  auto pause = pace_.first_pause;
  CollectorAnswer answer;
  for (int attempt = 1;; ++attempt) {
    answer = co_await collector_.send(body);
    if (answer.kind == Kind::taken) break;
    if (!std::exchange(troubled_, true))
      log::warn("the collector of traces takes no spans",
                {{"collector", settings_.collector->authority()}, {"why", answer.why}});
    tell_of_overflow();
    if (answer.kind == Kind::refused || attempt == pace_.attempts || finishing_) break;
    // Gateways that were told to wait together do not come back together.
    const double share = std::uniform_real_distribution(0.75, 1.25)(random_);
    const milliseconds own(std::int64_t(double(pause.count()) * share));
    co_await rest(std::min(std::max(own, answer.wait), pace_.longest_pause));
    pause *= 2;
  }
  waiting_ -= batch.size();
  if (answer.kind != Kind::taken) {
    const auto cause = answer.kind == Kind::refused ? Cause::refused
                       : finishing_                 ? Cause::drain
                                                    : Cause::unreachable;
    drop(cause, batch.size(), answer.why);
    co_return;
  }
  if (std::exchange(troubled_, false))
    log::info("the collector of traces takes spans again", {{"collector", settings_.collector->authority()}});
  const auto rejected = std::min<std::uint64_t>(answer.rejected, batch.size());
  exported_ += batch.size() - rejected;
  if (rejected > 0) drop(Cause::refused, rejected, answer.why);
}

void SpanExport::drop(Cause cause, std::uint64_t spans, const std::string& why) {
  dropped_[int(cause)] += spans;
  log::warn("spans were dropped",
            {{"cause", std::string(causes[int(cause)])}, {"spans", std::to_string(spans)}, {"why", why}});
}

// Those were counted elsewhere, by whoever had no time to say so.
void SpanExport::tell_of_overflow() {
  const auto all = overflowed_.load();
  const auto fresh = all - std::exchange(overflow_told_, all);
  if (fresh > 0)
    log::warn("spans were dropped", {{"cause", std::string(causes[int(Cause::queue)])},
                                     {"spans", std::to_string(fresh)},
                                     {"why", "as many as traces.queue lets wait were waiting"}});
}

void SpanExport::count(Metrics& metrics) const {
  metrics.set(Metric::spans_exported, {}, double(exported_));
  for (std::size_t i = 0; i < std::size(causes); ++i)
    metrics.set(Metric::spans_dropped, {causes[i]},
                double(i == std::size_t(Cause::queue) ? overflowed_.load() : dropped_[i]));
}

}  // namespace sekisho::gateway
