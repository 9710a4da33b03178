#include "policy/form.h"

#include <algorithm>

#include "policy/text_rules.h"

namespace sekisho::policy {
namespace {

// Frameworks that keep lists and maps in names ("a[]", "a[b]", "[a]"), trim names, or spell "." and " " as
// "_" (PHP) see the same field under several names.
char folded(char c) {
  if (c >= 'A' && c <= 'Z') return char(c - 'A' + 'a');
  return c == '.' || c == ' ' ? '_' : c;
}

bool same_folded(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return folded(x) == folded(y); });
}

// What stands before a bracket, or in the first pair of them.
std::string_view without_brackets(std::string_view name) {
  while (!name.empty() && (name.front() == ' ' || name.front() == '[')) name.remove_prefix(1);
  return without_spaces(name.substr(0, name.find_first_of("[]")));
}

bool alike(std::string_view asked, std::string_view given) {
  const char first = given.front();
  if (first != ' ' && first != '[' && folded(first) != folded(asked.front())) return false;
  if (same_folded(asked, without_spaces(given))) return true;
  // "a[]", "a[b]", "[a]b" and "a]" beside "a"; "a" beside "a[b]".
  const auto plain = without_brackets(given);
  return same_folded(asked, plain) ||
         (asked.find('[') != asked.npos && same_folded(without_brackets(asked), plain) &&
          plain.size() == without_spaces(given).size());
}

}  // namespace

// The text with its escapes resolved; nothing when one is broken, or it is not UTF-8.
std::optional<std::string_view> Form::resolve(std::string_view raw) {
  if (std::none_of(raw.begin(), raw.end(), [](char c) { return c == '+' || c == '%'; })) return raw;
  const auto begin = resolved_.size();
  bool ascii = true;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '+') {
      resolved_ += ' ';
    } else if (raw[i] != '%') {
      resolved_ += raw[i];
    } else {
      if (raw.size() - i < 3) return std::nullopt;
      const int high = hex_value(raw[i + 1]), low = hex_value(raw[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      ascii = ascii && high < 8;
      resolved_ += char(high * 16 + low);
      i += 2;
    }
  }
  const auto found = std::string_view(resolved_).substr(begin);
  return ascii || simdjson::validate_utf8(found) ? std::optional(found) : std::nullopt;
}

std::string Form::read(std::string_view text) {
  fields_.clear();
  names_.clear();
  resolved_.clear();
  resolved_.reserve(text.size());  // views into it stay good
  bool semicolon = false, raw = false;
  for (const unsigned char c : text) {
    semicolon |= c == ';';
    raw |= c <= 0x20 || c > 0x7e;
  }
  if (semicolon) return "it holds ';', which some servers take for a separator";
  if (raw) return "it holds a character that must be escaped";
  for (std::size_t at = 0; at < text.size();) {
    const auto pair = text.substr(at, text.find('&', at) - at);
    if (auto error = read_pair(pair, at); !error.empty()) return error;
    at += pair.size() + 1;
  }
  if (have_twins(names_))
    std::sort(names_.begin(), names_.end());
  else
    names_.clear();
  return {};
}

std::string Form::read_pair(std::string_view pair, std::size_t at) {
  if (pair.empty()) return {};
  const auto equals = std::min(pair.find('='), pair.size());
  const auto value_at = std::min(equals + 1, pair.size());
  const auto raw_name = pair.substr(0, equals);
  const auto name = resolve(raw_name), value = resolve(pair.substr(value_at));
  if (!name || !value) return "it holds a broken escape, or text that is not UTF-8";
  if (name->empty()) return "a field has no name";
  if (name->data() != raw_name.data() && !is_printable(*name, false))
    return "a name holds a control character";
  if (*name == "_method" || *name == "_charset_")
    return "the field '" + std::string(*name) + "' makes some servers read the call differently";
  fields_.push_back({*name, *value, {at + value_at, pair.size() - value_at}});
  names_.push_back(*name);
  return {};
}

void Form::find(std::string_view name, Found& found) const {
  for (const auto& field : fields_)
    if (field.name == name) found.values.push_back({.text = std::string(field.value)});
  found.absent = found.values.empty();
  for (const auto& field : fields_)
    if (field.name != name && alike(name, field.name)) {
      found.error = "there is a field '" + std::string(field.name.substr(0, 40)) +
                    "', which some servers take for '" + std::string(name) + "'";
      return;
    }
}

std::string_view Form::namesake(std::string_view name) const {
  for (const auto& field : fields_)
    if (alike(name, field.name)) return field.name;
  return {};
}

std::optional<std::string_view> Form::repeated(std::optional<std::string_view> after) const {
  auto begin = after ? std::upper_bound(names_.begin(), names_.end(), *after) : names_.begin();
  const auto twin = std::adjacent_find(begin, names_.end());
  return twin == names_.end() ? std::nullopt : std::optional(*twin);
}

std::optional<BodySpan> Form::token(std::string_view name) const {
  const auto field =
      std::find_if(fields_.begin(), fields_.end(), [&](const Field& one) { return one.name == name; });
  return field == fields_.end() ? std::nullopt : std::optional(field->raw);
}

}  // namespace sekisho::policy
