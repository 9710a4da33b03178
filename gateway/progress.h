// How far a long command has come and how long it will take yet, told to whoever waits for it.
//
// A terminal has one line that is written anew, no wider than it is, and cleared when something else is said
// or all is done. Elsewhere (a log, a pipe) there is a plain line every ten seconds at most, and one when a
// stretch of which something was told is done. What is over in a moment is not worth a word.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "config/progress.h"
#include "policy/words.h"

namespace sekisho::gateway {

// What is counted where the number of records is known before they are read, and else the bytes that hold
// them.
enum class Counted : std::uint8_t { bytes, operators };
inline constexpr std::string_view counted_words[] = {"bytes", "operators"};
constexpr auto& words_of(Counted) { return counted_words; }

using Elapsed = std::chrono::milliseconds;  // since the command began

// One stretch of work: how much of it is done, and at what rate of late. Pure.
class Pace {
 public:
  Pace(Counted what, Elapsed began) : what_(what), began_(began), recent_{{began, 0}} {}
  void note(std::uint64_t done, std::uint64_t total, Elapsed now);

  bool finished() const { return done_ >= total_; }
  std::string percent() const;                       // "38 %"; 100 % only when all is done
  std::optional<std::chrono::seconds> left() const;  // by the rate of the last quarter of a minute
  std::string text() const;     // "38 % of 1,000,000 operators, 2 min left"; "— left": not known
  std::string closing() const;  // "100 % of 1,000,000 operators in 3 min"

 private:
  struct Point {
    Elapsed at;
    std::uint64_t done;
  };
  Counted what_;
  Elapsed began_;
  std::deque<Point> recent_;  // the first is what the rate is measured from, the last what is now
  std::uint64_t done_ = 0, total_ = 0;
  Elapsed now_{};
};

class ProgressLine {
 public:
  struct Screen {
    std::function<std::size_t()> columns;  // of a terminal; empty: it is none
    std::function<void(std::string_view)> write;
    std::function<Elapsed()> clock;
  };
  explicit ProgressLine(Screen screen) : screen_(std::move(screen)) {}
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;

  // What tells of one stretch ("reading the list"). Lives no longer than this.
  config::Progress of(std::string what, Counted unit);
  void clear();  // before anything else is written

 private:
  struct Stretch {
    std::string what;
    Pace pace;
    bool in_log = false;  // a line tells of it
  };
  void tell(Stretch& stretch, std::uint64_t done, std::uint64_t total);
  void rewrite(const Stretch& stretch);
  void add_line(const Stretch& stretch, const std::string& text);

  Screen screen_;
  std::optional<Elapsed> last_;  // when something was told
  bool shown_ = false;           // a terminal's line stands there
};

}  // namespace sekisho::gateway
