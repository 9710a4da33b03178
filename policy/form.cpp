#include "policy/form.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "policy/text_rules.h"

namespace sekisho::policy {
namespace {

// Frameworks that keep lists and maps in names ("a[]", "a[b]", "[a]"), trim names, or spell "." and " " as
// "_" (PHP) see the same field under several names.
constexpr std::array<char, 256> folds = [] {
  std::array<char, 256> table{};
  for (unsigned c = 0; c < table.size(); ++c) table[c] = char(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  table['.'] = table[' '] = '_';
  return table;
}();
char folded(char c) { return folds[static_cast<unsigned char>(c)]; }

bool same_folded(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return folded(x) == folded(y); });
}

// What stands before a bracket, or in the first pair of them.
std::string_view without_brackets(std::string_view name) {
  while (!name.empty() && (name.front() == ' ' || name.front() == '[')) name.remove_prefix(1);
  return without_spaces(name.substr(0, name.find_first_of("[]")));
}

// Asked of every name for every field, and nearly always answered by the first character.
bool begin_alike(std::string_view asked, std::string_view given) {
  const char first = given.front();
  return folded(first) == folded(asked.front()) || first == ' ' || first == '[';
}

bool alike(std::string_view asked, std::string_view given) {
  if (!begin_alike(asked, given)) return false;
  if (same_folded(asked, without_spaces(given))) return true;
  // "a[]", "a[b]", "[a]b" and "a]" beside "a"; "a" beside "a[b]".
  const auto plain = without_brackets(given);
  return same_folded(asked, plain) ||
         (asked.find('[') != asked.npos && same_folded(without_brackets(asked), plain) &&
          plain.size() == without_spaces(given).size());
}

// What a byte is to a form. One pass over the text asks each byte once; looking for each kind in a pass of
// its own took twice as long (tests/bench/reading_bench.cpp).
enum class Byte : std::uint8_t { plain, escape, equals, ampersand, semicolon, raw };

constexpr std::array<Byte, 256> bytes = [] {
  std::array<Byte, 256> table{};
  for (unsigned c = 0; c < table.size(); ++c) table[c] = c <= 0x20 || c > 0x7e ? Byte::raw : Byte::plain;
  table['+'] = table['%'] = Byte::escape;
  table['='] = Byte::equals;
  table['&'] = Byte::ampersand;
  table[';'] = Byte::semicolon;
  return table;
}();

}  // namespace

// A name or a value as it stands in the text.
struct Form::Piece {
  std::size_t at = 0;
  std::string_view raw = {};
  bool escaped = false;
};

// The piece with its escapes resolved; nothing when one is broken, or it is not UTF-8.
std::optional<std::string_view> Form::resolved(const Piece& piece) {
  const auto raw = piece.raw;
  if (!piece.escaped) return raw;
  const auto begin = resolved_.size();
  bool ascii = true;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    auto plain = i;
    while (plain < raw.size() && raw[plain] != '+' && raw[plain] != '%') ++plain;
    resolved_ += raw.substr(i, plain - i);
    i = plain;
    if (i == raw.size()) break;
    if (raw[i] == '+') {
      resolved_ += ' ';
      continue;
    }
    if (raw.size() - i < 3) return std::nullopt;
    const int high = hex_value(raw[i + 1]), low = hex_value(raw[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    ascii = ascii && high < 8;
    resolved_ += char(high * 16 + low);
    i += 2;
  }
  const auto found = std::string_view(resolved_).substr(begin);
  return ascii || simdjson::validate_utf8(found) ? std::optional(found) : std::nullopt;
}

std::string Form::read(std::string_view text) {
  fields_.clear();
  names_.clear();
  resolved_.clear();
  resolved_.reserve(text.size());  // views into it stay good
  for (std::size_t at = 0; at < text.size(); ++at) {
    Piece name{.at = at}, value;
    Piece* piece = &name;
    const auto ends = [&] { piece->raw = text.substr(piece->at, at - piece->at); };
    for (; at < text.size(); ++at) {
      const auto byte = bytes[static_cast<unsigned char>(text[at])];
      if (byte == Byte::plain) continue;
      if (byte == Byte::ampersand) break;
      if (byte == Byte::semicolon) return "it holds ';', which some servers take for a separator";
      if (byte == Byte::raw) return "it holds a character that must be escaped";
      if (byte == Byte::escape) piece->escaped = true;
      if (byte != Byte::equals || piece == &value) continue;
      ends();
      piece = &value;
      piece->at = at + 1;
    }
    ends();
    if (piece == &name && name.raw.empty()) continue;  // "&&"
    if (piece == &name) value.at = at;
    if (auto error = take(name, value); !error.empty()) return error;
  }
  if (have_twins(names_))
    std::sort(names_.begin(), names_.end());
  else
    names_.clear();
  return {};
}

std::string Form::take(Piece name, Piece value) {
  const auto key = resolved(name), content = resolved(value);
  if (!key || !content) return "it holds a broken escape, or text that is not UTF-8";
  if (key->empty()) return "a field has no name";
  if (name.escaped && !is_printable(*key, false)) return "a name holds a control character";
  if (*key == "_method" || *key == "_charset_")
    return "the field '" + std::string(*key) + "' makes some servers read the call differently";
  fields_.push_back({*key, *content, {value.at, value.raw.size()}});
  names_.push_back(*key);
  return {};
}

void Form::find(std::string_view name, Found& found) const {
  for (const auto& field : fields_) {
    if (field.name == name) {
      found.values.push_back({.text = field.value});
    } else if (alike(name, field.name)) {
      found.error = "there is a field '" + std::string(field.name.substr(0, 40)) +
                    "', which some servers take for '" + std::string(name) + "'";
      return;
    }
  }
  found.absent = found.values.empty();
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
