#include "policy/media_type.h"

#include <algorithm>

#include "policy/text_rules.h"

namespace sekisho::policy {
namespace {

using Kind = Locator::Kind;

bool ends_with(std::string_view text, std::string_view suffix) {
  return text.size() > suffix.size() && same_ignoring_case(text.substr(text.size() - suffix.size()), suffix);
}

// "vnd.api+json" (RFC 6838).
bool is_subtype(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("!#$&-^_.+").find(c) != std::string_view::npos;
  });
}

std::optional<Kind> format_of_type(std::string_view type) {
  if (same_ignoring_case(type, "application/json")) return Kind::json;
  if (same_ignoring_case(type, "application/x-www-form-urlencoded")) return Kind::form;
  if (same_ignoring_case(type, "application/xml") || same_ignoring_case(type, "text/xml")) return Kind::xml;
  constexpr std::string_view application = "application/";
  if (!same_ignoring_case(type.substr(0, application.size()), application)) return std::nullopt;
  const auto subtype = type.substr(application.size());
  if (!is_subtype(subtype)) return std::nullopt;
  if (ends_with(subtype, "+json")) return Kind::json;
  if (ends_with(subtype, "+xml")) return Kind::xml;
  return std::nullopt;
}

}  // namespace

std::optional<Kind> format_of(std::string_view content_type) {
  auto rest = content_type;
  const auto format = format_of_type(without_spaces(rest.substr(0, rest.find(';'))));
  rest.remove_prefix(std::min(rest.size(), rest.find(';')));
  bool charset = false;
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const auto parameter = without_spaces(rest.substr(0, rest.find(';')));
    rest.remove_prefix(std::min(rest.size(), rest.find(';')));
    if (parameter.empty()) continue;
    const bool utf8 =
        same_ignoring_case(parameter, "charset=utf-8") || same_ignoring_case(parameter, "charset=\"utf-8\"");
    if (charset || !utf8) return std::nullopt;
    charset = true;
  }
  return format;
}

std::string_view media_type_of(Kind format) {
  switch (format) {
    case Kind::form:
      return "application/x-www-form-urlencoded";
    case Kind::xml:
      return "application/xml";
    default:
      return "application/json";
  }
}

}  // namespace sekisho::policy
