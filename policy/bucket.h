// Where numbers are counted: a span of time, and one type or all. A value of eight bytes.
//
// An order raises the buckets of its day, its month, of the lifetime, and of what is held now, each for all
// types together and for its own. What a limit counts is a sum of buckets (policy/usage.h).
#pragma once

#include <compare>
#include <cstdint>

#include "policy/calendar.h"
#include "policy/types.h"

namespace sekisho::policy {

class Bucket {
 public:
  enum class Span : std::uint8_t { day, month, lifetime, held };

  // For all types.
  static Bucket of_day(JstDate day) { return {Span::day, day}; }
  static Bucket of_month(JstDate day) { return {Span::month, day.month_begin()}; }
  static constexpr Bucket of_lifetime() { return {Span::lifetime, {}}; }
  static constexpr Bucket of_held() { return {Span::held, {}}; }

  // The same for one type.
  constexpr Bucket of(NumberType type) const {
    Bucket typed = *this;
    typed.type_ = static_cast<std::uint8_t>(1 + static_cast<unsigned>(type));
    return typed;
  }

  // So many days or months before; what does not go by is the same.
  Bucket back(int many) const {
    Bucket earlier = *this;
    if (span_ == Span::day) earlier.day_ = day_.plus(-many);
    if (span_ == Span::month) earlier.day_ = day_.plus_months(-many);
    return earlier;
  }

  constexpr Span span() const { return span_; }
  constexpr JstDate day() const { return day_; }           // of a month its first; else the epoch
  constexpr unsigned type_place() const { return type_; }  // 0: all types, else counted from 1

  // Days of one type, or months, stand beside each other, the newest first.
  constexpr auto operator<=>(const Bucket& other) const {
    if (const auto order = span_ <=> other.span_; order != 0) return order;
    if (const auto order = type_ <=> other.type_; order != 0) return order;
    return other.day_ <=> day_;
  }
  constexpr bool operator==(const Bucket&) const = default;

 private:
  constexpr Bucket(Span span, JstDate day) : day_(day), span_(span) {}

  JstDate day_;
  Span span_;
  std::uint8_t type_ = 0;
};

}  // namespace sekisho::policy
