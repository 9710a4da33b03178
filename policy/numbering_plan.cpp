#include "policy/numbering_plan.h"

#include <algorithm>
#include <bit>

namespace sekisho::policy {
namespace {

constexpr std::uint16_t any_digit = 0x3ff;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr std::uint16_t bit(char digit) { return std::uint16_t(1u << (digit - '0')); }
std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

std::string lengths_said() {
  return "a number has " + std::to_string(shortest_number) + " to " + std::to_string(longest_number) +
         " digits";
}

// What stands between brackets: "1-35-9" is 1, 2, 3, 5 to 9. The answer is the error, empty when there is
// none.
std::string read_class(std::string_view inner, std::uint16_t& out) {
  if (inner.empty()) return "has empty brackets: no digit could stand there";
  while (!inner.empty()) {
    const bool range = inner.size() >= 3 && inner[1] == '-';
    const char first = inner[0], last = range ? inner[2] : first;
    if (!is_digit(first) || !is_digit(last))
      return "has brackets that are not digits and ranges of them, as in '[1-35-9]'";
    if (first > last) return "has a range that runs backwards: " + quoted(inner.substr(0, 3));
    for (char digit = first; digit <= last; ++digit) {
      if (out & bit(digit)) return "names " + quoted(std::string(1, digit)) + " twice between its brackets";
      out |= bit(digit);
    }
    inner.remove_prefix(range ? 3 : 1);
  }
  return {};
}

std::string read_digits(std::string_view text, NumberTemplate& out) {
  while (!text.empty()) {
    const char c = text[0];
    std::size_t taken = 1;
    std::uint16_t digits = 0;
    if (c == '-') {
      text.remove_prefix(1);
      continue;
    }
    if (is_digit(c)) {
      digits = bit(c);
    } else if (c == 'X') {
      digits = any_digit;
    } else if (c == '[') {
      const auto close = text.find(']');
      if (close == text.npos) return "lacks its closing ']'";
      if (auto trouble = read_class(text.substr(1, close - 1), digits); !trouble.empty()) return trouble;
      taken = close + 1;
    } else {
      return c == 'x' ? "has an 'x'; any digit is written 'X'"
                      : "is made of digits, 'X' for any digit, classes such as '[1-35-9]', and hyphens";
    }
    if (out.length == longest_number) return "is too long; " + lengths_said();
    out.classes[out.length++] = digits;
    text.remove_prefix(taken);
  }
  if (out.length < shortest_number) return "has " + std::to_string(out.length) + " digits; " + lengths_said();
  // What normal_form refuses could never fit.
  if (out.classes[0] != bit('0')) return "does not begin with 0; templates are written as in Japan, '03-...'";
  if (out.classes[1] & bit('0')) return "may begin with 00, which no number does";
  return {};
}

// Whether the number begins as the template's numbers do: what a person takes a number's type from.
bool begins_alike(const NumberTemplate& digits, std::string_view number) {
  for (std::size_t i = 0; i < 4; ++i)
    if (i >= number.size() || !is_digit(number[i]) || !(digits.classes[i] & bit(number[i]))) return false;
  return true;
}

std::string without_separators(std::string_view text, std::string& digits, bool& plus) {
  for (const char c : text) {
    if (is_digit(c)) {
      digits += c;
    } else if (c == '+') {
      if (plus || !digits.empty()) return "has a '+' that does not stand first";
      plus = true;
    } else if (c > ' ' && c < 0x7f && c != '-' && c != '(' && c != ')') {
      return "holds " + quoted(std::string(1, c)) + ", which is no part of a number";
    } else if (c != '-' && c != ' ' && c != '(' && c != ')') {
      return "holds a character that is no part of a number";
    }
    if (digits.size() > 32) return "has more than 32 digits; " + lengths_said();
  }
  return {};
}

// From E.164 behind the '+' (or instead of it) to the national form.
std::string without_country(std::string& digits) {
  if (!digits.starts_with("81")) return "is of another country: Japan's code is +81";
  if (digits.starts_with("810")) return "has both +81 and the national 0; one of them goes";
  digits.replace(0, 2, "0");
  return {};
}

std::string to_national(std::string& digits, bool plus, NumberSpelling spelling) {
  if (plus) return without_country(digits);
  const bool bare = digits.starts_with("81"), with_00 = digits.starts_with("0081");
  if ((bare || with_00) && spelling.bare_country_code) {
    if (with_00) digits.erase(0, 2);
    return without_country(digits);
  }
  if (digits.empty()) return "has no digits";
  if (with_00 || bare)
    return std::string("begins with ") + (bare ? "81" : "0081") + "; write +81, or the national 0";
  if (digits.starts_with("00")) return "begins with 00, which no number of Japan does";
  if (digits[0] != '0') return "begins with neither 0 nor +81";
  return {};
}

}  // namespace

bool NumberTemplate::fits(std::string_view digits) const {
  if (digits.size() != length) return false;
  for (std::size_t i = 0; i < length; ++i) {
    const auto digit = static_cast<unsigned char>(digits[i] - '0');
    if (digit > 9 || !(classes[i] >> digit & 1)) return false;
  }
  return true;
}

std::variant<NumberTemplate, std::string> parse_template(std::string_view text) {
  NumberTemplate digits;
  digits.text = text;
  const auto trouble = read_digits(text, digits);
  if (!trouble.empty()) return "the template " + quoted(text) + " " + trouble;
  return digits;
}

std::optional<Clash> clash(const NumberPattern& a, const NumberPattern& b) {
  if (a.digits.length != b.digits.length) return std::nullopt;
  Clash both;
  for (std::size_t i = 0; i < a.digits.length; ++i) {
    const unsigned common = a.digits.classes[i] & b.digits.classes[i];
    if (common == 0) return std::nullopt;
    both.number += char('0' + std::countr_zero(common));
  }
  both.day = std::max(a.from, b.from);  // nothing is before every day
  if (both.day && !(a.on(*both.day) && b.on(*both.day))) return std::nullopt;
  return both;
}

const NumberPattern* pattern_of(const NumberingPlan& plan, std::string_view digits, JstDate day) {
  const NumberPattern* otherwise = nullptr;
  for (const auto& pattern : plan.patterns) {
    if (!pattern.digits.fits(digits) || !pattern.on(day)) continue;
    if (!plan.last.has(pattern.type)) return &pattern;
    if (!otherwise) otherwise = &pattern;
  }
  return otherwise;
}

std::optional<NumberType> type_of(const NumberingPlan& plan, std::string_view digits, JstDate day) {
  const auto* pattern = pattern_of(plan, digits, day);
  return pattern ? std::optional(pattern->type) : std::nullopt;
}

std::string why_no_type(const NumberingPlan& plan, std::string_view digits, JstDate day) {
  for (const auto& pattern : plan.patterns) {
    if (!pattern.digits.fits(digits)) continue;
    const std::string type(name(pattern.type));
    if (pattern.from && day < *pattern.from)
      return "is " + type + " only from " + pattern.from->text() + " on";
    return "was " + type + " until " + pattern.until.value_or(day).text();
  }
  // A special form tells more than one that takes what is left.
  const NumberPattern* alike = nullptr;
  for (const auto& pattern : plan.patterns)
    if (pattern.on(day) && begins_alike(pattern.digits, digits) && (!alike || plan.last.has(alike->type)))
      alike = &pattern;
  if (!alike) return "fits no pattern of the numbering plan";
  std::string lengths;
  for (const auto& pattern : plan.patterns) {
    if (pattern.type != alike->type || !pattern.on(day) || !begins_alike(pattern.digits, digits)) continue;
    if (pattern.digits.length == digits.size()) return "fits no pattern of the numbering plan";
    lengths += (lengths.empty() ? "" : " or ") + std::to_string(pattern.digits.length);
  }
  return "begins like " + std::string(name(alike->type)) + ", which has " + lengths + " digits, not " +
         std::to_string(digits.size());
}

NormalForm normal_form(std::string_view text, NumberSpelling spelling) {
  NormalForm out;
  bool plus = false;
  out.trouble = without_separators(text, out.digits, plus);
  if (out.trouble.empty()) out.trouble = to_national(out.digits, plus, spelling);
  if (out.trouble.empty() && (out.digits.size() < shortest_number || out.digits.size() > longest_number))
    out.trouble = "has " + std::to_string(out.digits.size()) + " digits; " + lengths_said();
  if (out.trouble.empty() && out.digits[1] == '0')
    out.trouble = "begins with 00, which no number of Japan does";
  if (!out.trouble.empty()) out.digits.clear();
  return out;
}

}  // namespace sekisho::policy
