// Spans to the collector: in batches, by the control thread, on nobody's time.
//
// What waits is bounded; beyond that the newest are dropped. A batch that the collector does not take is
// tried again a few times, later each time, or when the collector asks for it; then it is dropped. Whatever
// is dropped is counted, with its cause.
#pragma once

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <random>

#include "gateway/collector.h"
#include "gateway/metrics.h"
#include "gateway/span.h"

namespace sekisho::gateway {

struct SpanPace {
  std::chrono::milliseconds every{1000};  // a batch leaves, or as soon as there are
  std::size_t at_once = 512;              // spans for one
  int attempts = 5;                       // for a batch, the pauses between them twice as long each time
  std::chrono::milliseconds first_pause{1000}, longest_pause{30000};
  std::chrono::milliseconds last_words{2000};  // for what is left when the gateway ends
};

class SpanExport final : public SpanSink {
 public:
  // All of it on the thread of `executor`, but for `take`. `settings` outlives it.
  SpanExport(asio::any_io_executor executor, Watchdog& dog, const config::TraceSettings& settings,
             SpanSource source, SpanPace pace = {});

  void take(std::vector<Span> of_one_call) override;  // any thread
  void start();
  Task<> finish();                     // sends what is left, for as long as that may take; then all is over
  void count(Metrics& metrics) const;  // into the metrics of one scrape

 private:
  enum class Cause { queue, refused, unreachable, drain };
  Task<> run();
  Task<> send_batch();
  std::vector<Span> next_batch();
  Task<> rest(std::chrono::milliseconds time);
  void drop(Cause cause, std::uint64_t spans, const std::string& why);
  void tell_of_overflow();

  const asio::any_io_executor executor_;
  const config::TraceSettings& settings_;
  const SpanSource source_;
  const SpanPace pace_;
  Collector collector_;
  asio::steady_timer pause_, over_;
  std::deque<std::vector<Span>> queue_;  // of a call each
  std::size_t queued_ = 0;               // spans in it
  std::uint64_t exported_ = 0, dropped_[4] = {}, overflow_told_ = 0;
  std::minstd_rand random_{std::random_device{}()};
  bool resting_ = false, troubled_ = false, finishing_ = false, ended_ = false;
  // Any thread.
  std::atomic<std::size_t> waiting_{0};       // spans that were taken and are neither sent nor dropped
  std::atomic<std::uint64_t> overflowed_{0};  // spans that there was no room for
};

}  // namespace sekisho::gateway
