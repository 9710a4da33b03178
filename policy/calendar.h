// Time as the field counts it: whole days in Japan (UTC+9, no daylight saving), months, fiscal years from 1
// April.
#pragma once

#include <chrono>
#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace sekisho::policy {

// A moment, UTC, to the millisecond.
using Instant = std::chrono::sys_time<std::chrono::milliseconds>;

// A calendar day in Japan.
struct JstDate {
  std::chrono::sys_days day{};

  static JstDate of(Instant now) {
    return {std::chrono::floor<std::chrono::days>(now + std::chrono::hours(9))};
  }
  static JstDate of(int year, unsigned month, unsigned day);
  static std::optional<JstDate> parse(std::string_view iso);  // exactly YYYY-MM-DD, an existing day

  std::string text() const;     // "2026-11-24"
  std::string compact() const;  // "20261124"
  Instant begins() const { return Instant(day.time_since_epoch() - std::chrono::hours(9)); }
  JstDate plus(int days) const { return {day + std::chrono::days(days)}; }
  JstDate plus_months(int months) const;  // clamped to the month's last day
  JstDate month_begin() const;
  JstDate fiscal_year_begin() const;
  std::chrono::year_month_day ymd() const { return {day}; }
  auto operator<=>(const JstDate&) const = default;
};

// "2026-11-24T10:00:00.000+09:00"
std::string iso_jst(Instant at);
// Accepts seconds or milliseconds and an offset ("+09:00", "Z"); nothing for anything else.
std::optional<Instant> parse_instant(std::string_view iso);

inline std::int64_t to_ms(Instant at) { return at.time_since_epoch().count(); }
inline Instant from_ms(std::int64_t ms) { return Instant(std::chrono::milliseconds(ms)); }

}  // namespace sekisho::policy
