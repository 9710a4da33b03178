// The facts about one order: what a policy may ask, each a plain value. One table (facts.def).
//
// Deciding, proving, comparing, explaining and replaying all work on these values and know nothing else of an
// order or an operator.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "policy/calendar.h"
#include "policy/reason.h"
#include "policy/types.h"
#include "policy/words.h"

namespace sekisho::policy {

enum class YesNo : std::uint8_t { no, yes };
inline constexpr std::string_view yes_no_words[] = {"no", "yes"};
constexpr auto& words_of(YesNo) { return yes_no_words; }

enum class Weekday : std::uint8_t { monday, tuesday, wednesday, thursday, friday, saturday, sunday };
inline constexpr std::string_view weekday_words[] = {"monday", "tuesday",  "wednesday", "thursday",
                                                     "friday", "saturday", "sunday"};
constexpr auto& words_of(Weekday) { return weekday_words; }

enum class Fact : std::uint8_t {
#define FACT(id, ...) id,
#include "policy/facts.def"
#undef FACT
};
inline constexpr std::string_view fact_words[] = {
#define FACT(id, word, ...) word,
#include "policy/facts.def"
#undef FACT
};
constexpr auto& words_of(Fact) { return fact_words; }
inline constexpr std::size_t fact_count = count_of<Fact>();

enum class FactKind : std::uint8_t { words, set, number, date, name };

struct FactRow {
  Fact fact;
  FactKind kind;
  std::span<const std::string_view> words;  // words, set
  std::int64_t least = 0;                   // number
  std::string_view title[2];                // by Language
};
const FactRow& row(Fact fact);
std::span<const FactRow> all_facts();

// words: the word's position; -1: none (an order without a number type). set: a bit for each word. number:
// itself. date: days since 1970-01-01. name: the text; empty: none.
class Facts {
 public:
  std::int64_t operator[](Fact fact) const { return values_[at(fact)]; }
  std::string_view name(Fact fact) const { return names_[at(fact)]; }
  void set(Fact fact, std::int64_t value) { values_[at(fact)] = value; }
  void set(Fact fact, std::string_view name) { names_[at(fact)] = name; }  // the text must outlive this

  template <class E>
  E word(Fact fact) const {
    return static_cast<E>((*this)[fact]);
  }
  JstDate today() const { return day_of((*this)[Fact::date]); }
  Quantity quantity() const { return (*this)[Fact::quantity]; }
  bool operator==(const Facts&) const = default;

  static JstDate day_of(std::int64_t days) { return {std::chrono::sys_days(std::chrono::days(days))}; }
  static std::int64_t days_of(JstDate day) { return day.day.time_since_epoch().count(); }

 private:
  static constexpr std::size_t at(Fact fact) { return static_cast<std::size_t>(fact); }
  std::array<std::int64_t, fact_count> values_{};
  std::array<std::string_view, fact_count> names_{};
};

Weekday weekday_of(JstDate day);

// "certified", "fixed ip_050", "12", "2026-04-01", "demo"; "none" for an empty set, "" for no name or no
// word.
std::string text_of(Fact fact, const Facts& facts);

// Reads what `text_of` prints. False: it is not a value of this fact. A name points into `text`.
bool read_value(Fact fact, std::string_view text, Facts& facts);

}  // namespace sekisho::policy
