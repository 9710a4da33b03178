// Spans on their way to a collector that does as it is told: what comes, what comes again, what is dropped.
#include "gateway/span_export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cache/real_redis.h"
#include "tests/gateway/scripted_carrier.h"

namespace sekisho::gateway {
namespace {

using namespace std::chrono_literals;
using Act = ScriptedCarrier::Act;

struct SpanExportTest : testing::Test {
  SpanExportTest() {
    settings.collector = collector.endpoint();
    settings.timeout = 2s;
    dog.start();
  }
  ~SpanExportTest() override {
    finish();
    dog.stop();
    cache::run_for(context, 50ms);
  }
  void open() {
    spans.emplace(context.get_executor(), dog, settings, SpanSource{"1", "gw"}, pace);
    spans->start();
  }
  void finish() {
    if (!spans || std::exchange(finished, true)) return;
    asio::co_spawn(context, spans->finish(), [this](std::exception_ptr) { ended = true; });
    EXPECT_TRUE(cache::run_until(context, [&] { return ended; }));
  }
  void take(std::size_t count, const std::string& name = "a") { spans->take({count, Span{.name = name}}); }
  std::string metrics() {
    Metrics all;
    spans->count(all);
    return all.text();
  }
  // Waits for it.
  bool counted(const std::string& line) {
    return cache::run_until(context, [&] { return metrics().find(line + "\n") != std::string::npos; });
  }
  static std::string exported(int count) { return "sekisho_spans_exported_total " + std::to_string(count); }
  static std::string dropped(const std::string& cause, int count) {
    return "sekisho_spans_dropped_total{cause=\"" + cause + "\"} " + std::to_string(count);
  }
  std::vector<std::string> requests() const { return collector.requests(); }

  asio::io_context context{1};
  Watchdog dog{context.get_executor()};
  ScriptedCarrier collector;
  config::TraceSettings settings;
  SpanPace pace{.every = 20ms,
                .at_once = 10,
                .attempts = 3,
                .first_pause = 10ms,
                .longest_pause = 300ms,
                .last_words = 2s};
  std::optional<SpanExport> spans;
  bool finished = false, ended = false;
};

TEST_F(SpanExportTest, a_batch_is_one_request_over_a_connection_that_stays) {
  settings.collector->base_path = "/otlp";
  settings.headers = {{"Authorization", "Bearer b"}};
  open();
  take(2);
  take(1);
  EXPECT_TRUE(counted(exported(3)));
  take(1);
  EXPECT_TRUE(counted(exported(4)));
  ASSERT_EQ(requests().size(), 2u);
  EXPECT_EQ(collector.accepted(), 1);
  for (const auto* part : {"POST /otlp/v1/traces HTTP/1.1\r\n", "Content-Type: application/json\r\n",
                           "Authorization: Bearer b\r\n", "\"service.instance.id\""})
    EXPECT_THAT(requests()[0], testing::HasSubstr(part));
}

TEST_F(SpanExportTest, many_spans_do_not_wait_for_the_next_moment_and_come_in_pieces) {
  pace.every = 1h;
  open();
  cache::run_for(context, 20ms);
  for (int i = 0; i < 15; ++i) take(2);
  EXPECT_TRUE(counted(exported(30)));
  EXPECT_EQ(requests().size(), 3u);
}

// what the collector does with the batch | how often it comes | spans that are exported, dropped and why
TEST_F(SpanExportTest, every_answer_ends_counted) {
  const std::string later = answer_of(503, ""), busy = answer_of(429, "", "Retry-After: 0\r\n");
  const struct {
    std::vector<Act> acts;
    std::size_t times;
    int exported;
    const char* cause;
    int dropped;
  } table[] = {
      {{}, 1, 5, "", 0},
      {{{.bytes = later}}, 2, 5, "", 0},
      {{{.bytes = busy}, {.bytes = answer_of(504, "")}}, 3, 5, "", 0},
      {{{Act::close, answer_of(502, "")}}, 2, 5, "", 0},
      {{{Act::reset, ""}}, 2, 5, "", 0},
      {{{Act::close, ""}}, 2, 5, "", 0},
      {{{Act::silence, ""}}, 2, 5, "", 0},
      {{{Act::close, "HTTP/1.1 200 OK\r\n\r\n"}}, 1, 5, "", 0},
      {{{Act::keep, "garbage\r\n\r\n"}}, 2, 5, "", 0},
      {{{.bytes = later}, {.bytes = later}, {.bytes = later}}, 3, 0, "unreachable", 5},
      {{{.bytes = answer_of(400, "")}}, 1, 0, "refused", 5},
      {{{.bytes = answer_of(500, "")}}, 1, 0, "refused", 5},
      {{{.bytes = answer_of(301, "", "Location: /x\r\n")}}, 1, 0, "refused", 5},
      {{{.bytes = answer_of(200, R"({"partialSuccess":{"rejectedSpans":"2"}})")}}, 1, 3, "refused", 2},
      {{{.bytes = answer_of(200, R"({"partialSuccess":{"rejectedSpans":"99"}})")}}, 1, 0, "refused", 5},
  };
  open();
  int all_exported = 0;
  std::map<std::string, int> all_dropped;
  for (const auto& row : table) {
    const auto before = requests().size();
    collector.script(row.acts);
    take(5);
    all_exported += row.exported;
    if (row.dropped) all_dropped[row.cause] += row.dropped;
    EXPECT_TRUE(counted(exported(all_exported))) << &row - table;
    for (const auto& [cause, count] : all_dropped)
      EXPECT_TRUE(counted(dropped(cause, count))) << &row - table;
    EXPECT_EQ(requests().size() - before, row.times) << &row - table;
  }
}

TEST_F(SpanExportTest, it_comes_again_when_the_collector_says_but_not_later_than_it_likes) {
  open();
  for (const auto& [after, at_least] : {std::pair("1", 250ms), std::pair("3600", 250ms)}) {
    collector.script({{.bytes = answer_of(429, "", std::string("Retry-After: ") + after + "\r\n")}});
    const auto before = requests().size();
    const auto began = std::chrono::steady_clock::now();
    take(1);
    EXPECT_TRUE(cache::run_until(context, [&] { return requests().size() == before + 2; }));
    EXPECT_GE(std::chrono::steady_clock::now() - began, at_least);
  }
}

TEST_F(SpanExportTest, what_waits_is_bounded_and_the_newest_go) {
  settings.queue = 10;
  open();
  for (int i = 0; i < 3; ++i) take(4, "call-" + std::to_string(i));
  take(2, "call-3");  // fits
  EXPECT_TRUE(counted(dropped("queue", 4)));
  EXPECT_TRUE(counted(exported(10)));
  std::string all;
  for (const auto& request : requests()) all += request;
  for (const auto* name : {"call-0", "call-1", "call-3"}) EXPECT_THAT(all, testing::HasSubstr(name));
  EXPECT_THAT(all, testing::Not(testing::HasSubstr("call-2")));
  take(10);
  EXPECT_TRUE(counted(exported(20))) << "there is room again";
}

TEST_F(SpanExportTest, any_thread_hands_over) {
  settings.queue = 100'000;
  open();
  std::vector<std::thread> workers;
  for (int i = 0; i < 4; ++i)
    workers.emplace_back([this] {
      for (int n = 0; n < 500; ++n) take(2);
    });
  for (auto& worker : workers) worker.join();
  EXPECT_TRUE(counted(exported(4000)));
}

TEST_F(SpanExportTest, what_is_left_at_the_end_is_sent) {
  pace.every = 1h;
  open();
  take(3);
  finish();
  EXPECT_TRUE(counted(exported(3)));
}

TEST_F(SpanExportTest, the_end_does_not_wait_for_a_collector_that_hangs_or_is_gone) {
  pace.first_pause = pace.longest_pause = 1h;
  for (const bool gone : {false, true}) {
    finished = ended = false;
    if (gone) collector.stop();
    collector.script({{Act::silence, ""}, {Act::silence, ""}});
    settings.timeout = 1h;
    spans.reset();
    open();
    for (int i = 0; i < 6; ++i) take(5);
    cache::run_for(context, 100ms);
    const auto began = std::chrono::steady_clock::now();
    finish();
    EXPECT_LT(std::chrono::steady_clock::now() - began, 20s);
    EXPECT_TRUE(counted(dropped("drain", 30))) << metrics();
  }
}

TEST_F(SpanExportTest, a_collector_over_tls_without_a_good_file_is_as_good_as_gone) {
  settings.collector->tls = true;
  settings.tls.files.ca = "nowhere.pem";
  open();
  take(1);
  EXPECT_TRUE(counted(dropped("unreachable", 1)));
  EXPECT_EQ(collector.accepted(), 0);
}

}  // namespace
}  // namespace sekisho::gateway
