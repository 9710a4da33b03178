#include "gateway/progress.h"

#include <gtest/gtest.h>

#include <vector>

namespace sekisho::gateway {
namespace {

using namespace std::chrono_literals;

struct Step {
  std::uint64_t done, total;
  Elapsed at;
};

TEST(Pace, SaysHowFarAndHowLongYet) {
  struct Case {
    Counted what;
    std::vector<Step> steps;
    std::string says;
  };
  const std::vector<Case> cases{
      // Not known: nothing done, no time gone by, no rate yet.
      {Counted::operators, {{0, 1'000'000, 0ms}}, "0 % of 1,000,000 operators, — left"},
      {Counted::operators, {{500, 1000, 0ms}}, "50 % of 1,000 operators, — left"},
      {Counted::operators, {{500, 1000, 900ms}}, "50 % of 1,000 operators, — left"},
      {Counted::operators, {{0, 1000, 60s}}, "0 % of 1,000 operators, — left"},
      // Known.
      {Counted::operators, {{500, 1000, 1s}}, "50 % of 1,000 operators, 1 s left"},
      {Counted::operators, {{380'000, 1'000'000, 70s}}, "38 % of 1,000,000 operators, 2 min left"},
      {Counted::operators, {{1, 12, 4s}}, "8 % of 12 operators, 45 s left"},
      {Counted::bytes, {{1, 100'000'000'000'000, 1s}}, "0 % of 100000.0 GB, — left"},
      // Never whole before it is, and never more than whole.
      {Counted::bytes, {{999'999, 1'000'000, 10s}}, "99 % of 1.0 MB, 1 s left"},
      {Counted::bytes, {{1'000'000, 1'000'000, 10s}}, "100 % of 1.0 MB"},
      {Counted::bytes, {{9, 8, 10s}}, "100 % of 1 kB"},
      {Counted::bytes, {{0, 0, 0ms}}, "100 % of 0 kB"},
      // Bytes are told as large as they are.
      {Counted::bytes, {{1, 999, 1ms}}, "0 % of 1 kB, — left"},
      {Counted::bytes, {{1, 12'345'678, 1ms}}, "0 % of 12.3 MB, — left"},
      {Counted::bytes, {{1, 1'250'000'000, 1ms}}, "0 % of 1.2 GB, — left"},
      // Of late it goes slower, or faster, than it did at first: that counts.
      {Counted::operators,
       {{5000, 10'000, 5s}, {5100, 10'000, 6s}, {6600, 10'000, 21s}},
       "66 % of 10,000 operators, 35 s left"},
      {Counted::operators,
       {{10, 10'000, 100s}, {1010, 10'000, 110s}, {1510, 10'000, 115s}},
       "15 % of 10,000 operators, 85 s left"},
      // Nothing has moved of late.
      {Counted::operators, {{10, 100, 5s}, {10, 100, 20s}, {10, 100, 36s}}, "10 % of 100 operators, — left"},
  };
  for (const auto& one : cases) {
    Pace pace(one.what, 0ms);
    for (const auto& step : one.steps) pace.note(step.done, step.total, step.at);
    EXPECT_EQ(pace.text(), one.says);
  }
}

TEST(Pace, CountsFromWhereItsStretchBegan) {
  Pace pace(Counted::operators, 100s);
  pace.note(50, 100, 110s);
  EXPECT_EQ(pace.text(), "50 % of 100 operators, 10 s left");
  pace.note(100, 100, 230s);
  EXPECT_EQ(pace.closing(), "100 % of 100 operators in 3 min");
}

TEST(Pace, IsNoCoarserThanAnEstimate) {
  const std::vector<std::pair<std::chrono::seconds, std::string>> cases{
      {1s, "1 s"},        {10s, "10 s"},     {11s, "15 s"},
      {90s, "90 s"},      {91s, "2 min"},    {120s, "2 min"},
      {121s, "3 min"},    {90min, "90 min"}, {90min + 1s, "1 h 31 min"},
      {25h, "25 h 0 min"}};
  for (const auto& [left, says] : cases) {
    Pace pace(Counted::operators, 0ms);
    pace.note(1000, 1000 + std::uint64_t(left.count()), 1000s);
    EXPECT_EQ(pace.text().substr(pace.text().find(", ") + 2), says + " left");
  }
}

// A screen of which the test holds the clock.
struct Watched {
  Elapsed now{};
  std::size_t wide = 80;
  std::vector<std::string> written;

  ProgressLine::Screen screen(bool terminal) {
    ProgressLine::Screen out{.write = [this](std::string_view text) { written.emplace_back(text); },
                             .clock = [this] { return now; }};
    if (terminal) out.columns = [this] { return wide; };
    return out;
  }
  std::vector<std::string> since_last() { return std::exchange(written, {}); }
};

using Lines = std::vector<std::string>;

TEST(ProgressLine, SaysNothingOfWhatIsOverInAMoment) {
  for (const bool terminal : {true, false}) {
    Watched watched;
    {
      ProgressLine line(watched.screen(terminal));
      const auto told = line.of("reading", Counted::operators);
      for (int i = 0; i <= 10; ++i, watched.now += 149ms) told(std::uint64_t(i), 10);
    }
    EXPECT_EQ(watched.written, Lines{});
  }
}

TEST(ProgressLine, RewritesOneLineOfATerminal) {
  Watched watched;
  ProgressLine line(watched.screen(true));
  const auto told = line.of("reading", Counted::operators);
  told(0, 100);
  watched.now = 2s;
  told(20, 100);
  EXPECT_EQ(watched.since_last(), Lines{"\rreading: 20 % of 100 operators, 8 s left\x1b[K"});
  watched.now += 199ms;
  told(21, 100);
  EXPECT_EQ(watched.since_last(), Lines{});
  watched.now += 1ms;
  told(22, 100);
  EXPECT_EQ(watched.since_last(), Lines{"\rreading: 22 % of 100 operators, 8 s left\x1b[K"});
  told(100, 100);
  EXPECT_EQ(watched.since_last(), Lines{"\r\x1b[K"});
  // Cleared once, and only what stands there.
  line.clear();
  EXPECT_EQ(watched.since_last(), Lines{});
}

TEST(ProgressLine, IsClearedBeforeSomethingElseIsSaid) {
  Watched watched;
  {
    ProgressLine line(watched.screen(true));
    const auto told = line.of("reading", Counted::operators);
    told(0, 100);
    watched.now = 2s;
    told(20, 100);
    watched.since_last();
    line.clear();
    EXPECT_EQ(watched.since_last(), Lines{"\r\x1b[K"});
    watched.now = 3s;
    told(30, 100);
    watched.since_last();
  }
  EXPECT_EQ(watched.since_last(), Lines{"\r\x1b[K"});  // also when its owner ends
}

TEST(ProgressLine, NeverBreaksATerminalsLine) {
  const std::vector<std::pair<std::size_t, std::string>> cases{
      {200, "\rreading: 20 % of 100 operators, 8 s left\x1b[K"},
      {41, "\rreading: 20 % of 100 operators, 8 s left\x1b[K"},
      {40, "\r20 % of 100 operators, 8 s left\x1b[K"},
      {32, "\r20 % of 100 operators, 8 s left\x1b[K"},
      {31, "\r20 %\x1b[K"},
      {5, "\r20 %\x1b[K"}};
  for (const auto& [wide, says] : cases) {
    Watched watched{.wide = wide};
    ProgressLine line(watched.screen(true));
    const auto told = line.of("reading", Counted::operators);
    told(0, 100);
    watched.now = 2s;
    told(20, 100);
    EXPECT_EQ(watched.since_last(), Lines{says}) << wide;
  }
  for (const std::size_t wide : {std::size_t(4), std::size_t(1), std::size_t(0)}) {
    Watched watched{.wide = wide};
    ProgressLine line(watched.screen(true));
    watched.now = 2s;
    line.of("reading", Counted::operators)(20, 100);
    EXPECT_EQ(watched.since_last(), Lines{}) << wide;
  }
}

TEST(ProgressLine, ALogGetsALineInTenSecondsAndOneWhenItIsDone) {
  Watched watched;
  ProgressLine line(watched.screen(false));
  const auto told = line.of("reading", Counted::operators);
  for (std::uint64_t i = 0; i <= 250; ++i, watched.now += 100ms) told(i, 250);
  EXPECT_EQ(
      watched.since_last(),
      (Lines{"reading: 6 % of 250 operators, 25 s left\n", "reading: 46 % of 250 operators, 15 s left\n",
             "reading: 86 % of 250 operators, 4 s left\n", "reading: 100 % of 250 operators in 25 s\n"}));
}

TEST(ProgressLine, StretchesShareItsRhythm) {
  Watched watched;
  ProgressLine line(watched.screen(false));
  const auto first = line.of("reading", Counted::bytes), second = line.of("sending", Counted::operators);
  first(0, 10'000);
  watched.now = 2s;
  first(5'000, 10'000);
  first(10'000, 10'000);
  second(0, 10);
  watched.now = 11s;
  second(5, 10);
  second(10, 10);  // of which no line told: nor does one of its end
  second(0, 10);   // begun anew
  watched.now = 13s;
  second(5, 10);
  EXPECT_EQ(watched.since_last(),
            (Lines{"reading: 50 % of 10 kB, 2 s left\n", "reading: 100 % of 10 kB in 2 s\n",
                   "sending: 50 % of 10 operators, 2 s left\n"}));
}

}  // namespace
}  // namespace sekisho::gateway
