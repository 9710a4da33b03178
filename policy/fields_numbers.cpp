// The fields that are made of telephone numbers: their types, and ranges of them.
#include <algorithm>

#include "policy/fields.h"
#include "policy/text_rules.h"

namespace sekisho::policy {
namespace {

constexpr std::size_t span_max = 100'000;  // numbers that one order names by a range

// Of digits alone.
std::uint64_t value_of(std::string_view digits) {
  std::uint64_t value = 0;
  for (const char c : digits) value = value * 10 + std::uint64_t(c - '0');
  return value;
}

bool is_plain_integer(std::string_view text) {
  return !text.empty() && text.size() <= 18 && std::all_of(text.begin(), text.end(), is_digit) &&
         (text.size() == 1 || text[0] != '0');
}

// The digits that are counted: a plain integer's, or a telephone number's in its national form.
struct End {
  std::string digits;
  bool telephone = false;
};
std::optional<End> end_of(const std::string& text, NumberSpelling spelling) {
  if (is_plain_integer(text)) return End{.digits = text};
  auto number = national_number(text, spelling);
  if (!number) return std::nullopt;
  return End{.digits = std::move(*number), .telephone = true};
}

}  // namespace

// The first and the last, as written; nothing: both are absent and may be.
std::optional<std::pair<std::string, std::string>> MessageFields::ends_of(const Locator& where,
                                                                          std::string_view field) {
  const auto first = one(where, field);
  const auto last = one(*where.last, field);
  if (!error_.empty() || (!first && !last)) return std::nullopt;
  if (!first || !last) {
    fail(where, field, "has only one of its two ends");
    return std::nullopt;
  }
  auto from = plain_text(*first), to = plain_text(*last);
  if (from && to) return std::pair(std::move(*from), std::move(*to));
  fail(where, field, "has an end that is no number");
  return std::nullopt;
}

std::optional<Quantity> MessageFields::size_of_span(const Locator& where, std::string_view field) {
  const auto ends = ends_of(where, field);
  if (!ends) return std::nullopt;
  const auto spelling = match_.carrier->spelling;
  const auto first = end_of(ends->first, spelling), last = end_of(ends->second, spelling);
  std::string_view trouble;
  if (!first || !last)
    trouble = "has an end that is neither a plain integer nor a telephone number";
  else if (first->telephone != last->telephone)
    trouble = "has an integer at one end and a telephone number at the other";
  else if (first->telephone && first->digits.size() != last->digits.size())
    trouble = "has ends of different lengths";
  else if (value_of(first->digits) > value_of(last->digits))
    trouble = "ends before it begins";
  else
    return Quantity(value_of(last->digits) - value_of(first->digits)) + 1;
  fail(where, field, trouble);
  return std::nullopt;
}

std::vector<std::string> MessageFields::numbers_of_span(const Locator& where, std::string_view field) {
  const auto ends = ends_of(where, field);
  if (!ends) return {};
  const auto first = national(ends->first), last = national(ends->second);
  std::string trouble;
  if (!first || !last)
    trouble = "has an end that is not a telephone number";
  else if (first->size() != last->size())
    trouble = "has ends of different lengths";
  else if (value_of(*first) > value_of(*last))
    trouble = "ends before it begins";
  else if (value_of(*last) - value_of(*first) >= span_max)
    trouble = "names more than " + std::to_string(span_max) + " numbers";
  if (!trouble.empty()) {
    fail(where, field, trouble);
    return {};
  }
  std::vector<std::string> all;
  const auto until = value_of(*last);
  all.reserve(until - value_of(*first) + 1);
  for (auto value = value_of(*first); value <= until; ++value) {
    auto digits = std::to_string(value);
    digits.insert(0, first->size() - digits.size(), '0');
    all.push_back(std::move(digits));
  }
  return all;
}

// The one type of all numbers at the place. An order is of one type: limits are counted by it, so numbers of
// two types in one order would charge one of them to the wrong account.
std::optional<NumberType> MessageFields::type_of_numbers(const Where& where, std::string_view field,
                                                         const NumberingPlan& plan, JstDate today) {
  const auto all = numbers(where, field);
  if (all.empty() && !where->optional) fail(*where, field, "is missing");
  std::optional<NumberType> type;
  for (const auto& number : all) {
    const auto own = type_of(plan, number, today);
    if (!own) {
      fail(*where, field,
           "holds " + number + ", which is of no number type: it " + why_no_type(plan, number, today));
      return std::nullopt;
    }
    if (type && *type != *own) {
      fail(*where, field,
           "holds numbers of several types (" + std::string(name(*type)) + ", " + std::string(name(*own)) +
               "), and an order is of one");
      return std::nullopt;
    }
    type = own;
  }
  return type;
}

}  // namespace sekisho::policy
