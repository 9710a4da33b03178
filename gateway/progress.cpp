#include "gateway/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sekisho::gateway {
using namespace std::chrono_literals;

namespace {

constexpr Elapsed worth_a_word = 1500ms;  // what takes less long is not told
constexpr Elapsed again_on_terminal = 200ms, again_in_log = 10s;
constexpr Elapsed of_late = 15s;  // what the rate is taken from
constexpr Elapsed at_least = 1s;  // of it, for a rate that means something
constexpr Elapsed between_points = 250ms;
constexpr Elapsed believable = 100h;
constexpr std::string_view back = "\r", rest_of_line = "\x1b[K";

std::string with_commas(std::uint64_t number) {
  auto out = std::to_string(number);
  for (auto at = std::ptrdiff_t(out.size()) - 3; at > 0; at -= 3) out.insert(std::size_t(at), ",");
  return out;
}

std::string amount(std::uint64_t number, Counted what) {
  if (what != Counted::bytes) return with_commas(number) + " " + std::string(policy::name(what));
  if (number < 1'000'000) return fmt::format("{} kB", (number + 999) / 1000);
  if (number < 1'000'000'000) return fmt::format("{:.1f} MB", double(number) / 1e6);
  return fmt::format("{:.1f} GB", double(number) / 1e9);
}

// As coarse as an estimate is.
std::string in_words(std::chrono::seconds time) {
  const auto seconds = std::max<std::int64_t>(time.count(), 1);
  if (seconds <= 10) return fmt::format("{} s", seconds);
  if (seconds <= 90) return fmt::format("{} s", (seconds + 4) / 5 * 5);
  const auto minutes = (seconds + 59) / 60;
  if (minutes <= 90) return fmt::format("{} min", minutes);
  return fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

// Columns of a line that has no character wider than one.
std::size_t columns_of(std::string_view text) {
  return std::size_t(
      std::count_if(text.begin(), text.end(), [](char c) { return (std::uint8_t(c) & 0xc0) != 0x80; }));
}

}  // namespace

void Pace::note(std::uint64_t done, std::uint64_t total, Elapsed now) {
  done_ = done;
  total_ = total;
  now_ = now;
  if (now - recent_.back().at >= between_points) recent_.push_back({now, done});
  while (recent_.size() > 2 && now - recent_[1].at >= of_late) recent_.pop_front();
}

std::string Pace::percent() const {
  if (finished()) return "100 %";
  return fmt::format("{} %", std::min(99, int(100.0 * double(done_) / double(total_))));
}

std::optional<std::chrono::seconds> Pace::left() const {
  if (finished()) return 0s;
  const auto& from = recent_.front();
  const auto took = now_ - from.at;
  if (took < at_least || done_ <= from.done) return std::nullopt;
  const auto left = double(took.count()) * (double(total_ - done_) / double(done_ - from.done));
  if (left > double(believable.count())) return std::nullopt;
  return std::chrono::ceil<std::chrono::seconds>(Elapsed(std::int64_t(left)));
}

std::string Pace::text() const {
  if (finished()) return fmt::format("{} of {}", percent(), amount(total_, what_));
  const auto time = left();
  return fmt::format("{} of {}, {} left", percent(), amount(total_, what_), time ? in_words(*time) : "—");
}

std::string Pace::closing() const {
  return fmt::format("{} in {}", text(), in_words(std::chrono::ceil<std::chrono::seconds>(now_ - began_)));
}

config::Progress ProgressLine::of(std::string what, Counted unit) {
  return [this, unit, stretch = Stretch{std::move(what), Pace(unit, {})}](auto done, auto total) mutable {
    if (done == 0) stretch = {std::move(stretch.what), Pace(unit, screen_.clock())};
    tell(stretch, done, total);
  };
}

void ProgressLine::tell(Stretch& stretch, std::uint64_t done, std::uint64_t total) {
  const auto now = screen_.clock();
  const auto rest = screen_.columns ? again_on_terminal : again_in_log;
  stretch.pace.note(done, total, now);
  if (stretch.pace.finished()) {
    clear();
    if (std::exchange(stretch.in_log, false)) add_line(stretch, stretch.pace.closing());
  } else if (now >= worth_a_word && (!last_ || now - *last_ >= rest)) {
    last_ = now;
    stretch.in_log = !screen_.columns;
    stretch.in_log ? add_line(stretch, stretch.pace.text()) : rewrite(stretch);
  }
}

// With what it is about where that has room; a line that breaks could not be written anew.
void ProgressLine::rewrite(const Stretch& stretch) {
  const auto room = std::max<std::size_t>(screen_.columns(), 1) - 1;
  auto text = stretch.what + ": " + stretch.pace.text();
  if (columns_of(text) > room) text = stretch.pace.text();
  if (columns_of(text) > room) text = stretch.pace.percent();
  if (columns_of(text) > room) return clear();
  screen_.write(fmt::format("{}{}{}", back, text, rest_of_line));
  shown_ = true;
}

void ProgressLine::add_line(const Stretch& stretch, const std::string& text) {
  screen_.write(stretch.what + ": " + text + "\n");
}

void ProgressLine::clear() {
  if (std::exchange(shown_, false)) screen_.write(fmt::format("{}{}", back, rest_of_line));
}

}  // namespace sekisho::gateway
