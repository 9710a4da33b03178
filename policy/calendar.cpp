#include "policy/calendar.h"

#include <cstdio>

namespace sekisho::policy {
using namespace std::chrono;

namespace {

// Reads exactly `width` decimal digits at `at`; -1 when there are not that many.
int digits(std::string_view text, std::size_t at, std::size_t width) {
  if (at + width > text.size()) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + width; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

}  // namespace

JstDate JstDate::of(int y, unsigned m, unsigned d) {
  return {sys_days(year(y) / month(m) / std::chrono::day(d))};
}

std::optional<JstDate> JstDate::parse(std::string_view iso) {
  if (iso.size() != 10 || iso[4] != '-' || iso[7] != '-') return std::nullopt;
  const int y = digits(iso, 0, 4), m = digits(iso, 5, 2), d = digits(iso, 8, 2);
  if (y < 0 || m < 0 || d < 0) return std::nullopt;
  const year_month_day date = year(y) / month(unsigned(m)) / std::chrono::day(unsigned(d));
  if (!date.ok()) return std::nullopt;
  return JstDate{sys_days(date)};
}

// By hand, for an order writes its day a dozen times.
static void put_two(std::string& out, unsigned value) {
  out += static_cast<char>('0' + value / 10 % 10);
  out += static_cast<char>('0' + value % 10);
}

std::string JstDate::text() const {
  auto out = compact();
  out.insert(6, 1, '-');
  out.insert(4, 1, '-');
  return out;
}

std::string JstDate::compact() const {
  const auto date = ymd();
  const auto year = static_cast<unsigned>(int(date.year()));  // of four digits
  std::string out;
  put_two(out, year / 100);
  put_two(out, year % 100);
  put_two(out, unsigned(date.month()));
  put_two(out, unsigned(date.day()));
  return out;
}

JstDate JstDate::plus_months(int count) const {
  year_month_day date = ymd() + months(count);
  if (!date.ok()) date = date.year() / date.month() / last;
  return {sys_days(date)};
}

JstDate JstDate::month_begin() const {
  const auto date = ymd();
  return {sys_days(date.year() / date.month() / 1)};
}

JstDate JstDate::fiscal_year_begin() const {
  const auto date = ymd();
  const year begins = date.month() < April ? date.year() - years(1) : date.year();
  return {sys_days(begins / April / 1)};
}

std::string iso_jst(Instant at) {
  const auto date = JstDate::of(at);
  const auto ms = (at - date.begins()).count();
  char out[24];
  std::snprintf(out, sizeof out, "T%02d:%02d:%02d.%03d+09:00", int(ms / 3600000), int(ms / 60000 % 60),
                int(ms / 1000 % 60), int(ms % 1000));
  return date.text() + out;
}

std::optional<Instant> parse_instant(std::string_view iso) {
  if (iso.size() < 20 || iso[10] != 'T' || iso[13] != ':' || iso[16] != ':') return std::nullopt;
  const auto date = JstDate::parse(iso.substr(0, 10));
  const int h = digits(iso, 11, 2), m = digits(iso, 14, 2), s = digits(iso, 17, 2);
  if (!date || h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 59) return std::nullopt;
  std::size_t at = 19;
  int ms = 0;
  if (iso[at] == '.') {
    ms = digits(iso, at + 1, 3);
    if (ms < 0) return std::nullopt;
    at += 4;
  }
  const auto zone = iso.substr(at);
  minutes offset{0};
  if (zone != "Z") {
    if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':') return std::nullopt;
    const int oh = digits(zone, 1, 2), om = digits(zone, 4, 2);
    if (oh < 0 || oh > 14 || om < 0 || om > 59) return std::nullopt;
    offset = minutes((oh * 60 + om) * (zone[0] == '-' ? -1 : 1));
  }
  return Instant(date->day.time_since_epoch() + hours(h) + minutes(m) + seconds(s) + milliseconds(ms) -
                 offset);
}

}  // namespace sekisho::policy
