#include "policy/types.h"

#include <algorithm>

namespace sekisho::policy {
namespace {
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_id_char(char c) {
  return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z') || c == '-' || c == '.';
}
}  // namespace

bool is_corporate_number(std::string_view digits) {
  if (digits.size() != 13 || !std::all_of(digits.begin(), digits.end(), is_digit)) return false;
  int sum = 0;
  for (int n = 1; n <= 12; ++n) sum += (digits[13 - n] - '0') * (n % 2 == 1 ? 1 : 2);
  return digits[0] - '0' == 9 - sum % 9;
}

std::optional<OperatorId> OperatorId::parse(std::string_view text) {
  const auto colon = text.find(':');
  if (colon != 2 || !is_lower(text[0]) || !is_lower(text[1])) return std::nullopt;
  const auto identifier = text.substr(3);
  if (identifier.empty() || identifier.size() > 40) return std::nullopt;
  if (!std::all_of(identifier.begin(), identifier.end(), is_id_char)) return std::nullopt;
  if (text.starts_with("jp:") && !is_corporate_number(identifier)) return std::nullopt;
  return OperatorId(std::string(text));
}

OperatorId OperatorId::of_group(std::string_view name) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text = "group:";
  for (const unsigned char c : name) {
    if (is_id_char(char(c)))
      text += char(c);
    else
      text += {'%', digits[c >> 4], digits[c & 15]};
  }
  return OperatorId(std::move(text));
}

std::optional<OperatorId> OperatorId::parse_account(std::string_view text) {
  if (!text.starts_with("group:")) return parse(text);
  const auto name = text.substr(6);
  const bool good = !name.empty() &&
                    std::all_of(name.begin(), name.end(), [](char c) { return is_id_char(c) || c == '%'; });
  if (!good) return std::nullopt;
  return OperatorId(std::string(text));
}

}  // namespace sekisho::policy
