#include "policy/facts.h"

#include <charconv>

#include "policy/registry.h"

namespace sekisho::policy {
namespace {

// The vocabulary's words, where the table names one; nothing where it has a number.
#define VOCABULARY_words(of) words_of(of{})
#define VOCABULARY_set(of) words_of(of{})
#define VOCABULARY_number(least) std::span<const std::string_view>()
#define VOCABULARY_date(least) std::span<const std::string_view>()
#define VOCABULARY_name(least) std::span<const std::string_view>()
#define LEAST_words(of) 0
#define LEAST_set(of) 0
#define LEAST_number(least) least
#define LEAST_date(least) least
#define LEAST_name(least) least

constexpr FactRow rows[] = {
#define FACT(id, word, kind, of, en, ja) \
  {Fact::id, FactKind::kind, VOCABULARY_##kind(of), LEAST_##kind(of), {en, ja}},
#include "policy/facts.def"
#undef FACT
};

std::optional<std::int64_t> position(std::span<const std::string_view> words, std::string_view word) {
  for (std::size_t i = 0; i < words.size(); ++i)
    if (words[i] == word) return static_cast<std::int64_t>(i);
  return std::nullopt;
}

bool read_set(std::span<const std::string_view> words, std::string_view text, std::int64_t& out) {
  out = 0;
  if (text == "none" && !position(words, "none")) return true;
  while (!text.empty()) {
    const auto word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    const auto at = position(words, word);
    if (!at) return false;
    out |= std::int64_t{1} << *at;
  }
  return true;
}

}  // namespace

const FactRow& row(Fact fact) { return rows[static_cast<std::size_t>(fact)]; }
std::span<const FactRow> all_facts() { return rows; }

Weekday weekday_of(JstDate day) {
  return static_cast<Weekday>(std::chrono::weekday(day.day).iso_encoding() - 1);
}

std::string text_of(Fact fact, const Facts& facts) {
  const auto& about = row(fact);
  const auto value = facts[fact];
  switch (about.kind) {
    case FactKind::words:
      return value < 0 ? "" : std::string(about.words[static_cast<std::size_t>(value)]);
    case FactKind::set: {
      std::string out;
      for (std::size_t i = 0; i < about.words.size(); ++i)
        if (value >> i & 1) out += (out.empty() ? "" : " ") + std::string(about.words[i]);
      return out.empty() && !position(about.words, "none") ? "none" : out;
    }
    case FactKind::number:
      return std::to_string(value);
    case FactKind::date:
      return Facts::day_of(value).text();
    case FactKind::name:
      return std::string(facts.name(fact));
  }
  return "";
}

bool read_value(Fact fact, std::string_view text, Facts& facts) {
  const auto& about = row(fact);
  std::int64_t value = 0;
  switch (about.kind) {
    case FactKind::words: {
      const auto at = position(about.words, text);
      if (!at) return false;
      value = *at;
      break;
    }
    case FactKind::set:
      if (!read_set(about.words, text, value)) return false;
      break;
    case FactKind::number: {
      const auto* end = text.data() + text.size();
      const auto [stopped, failed] = std::from_chars(text.data(), end, value);
      if (failed != std::errc() || stopped != end || value < about.least) return false;
      break;
    }
    case FactKind::date: {
      const auto day = JstDate::parse(text);
      if (!day) return false;
      value = Facts::days_of(*day);
      facts.set(Fact::weekday, static_cast<std::int64_t>(weekday_of(*day)));
      break;
    }
    case FactKind::name:
      facts.set(fact, text);
      return true;
  }
  facts.set(fact, value);
  return true;
}

}  // namespace sekisho::policy
