#include "cache/journal_fields.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace sekisho::cache {
namespace {

template <class T>
void append(std::string& out, T value) {
  char digits[20];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

constexpr auto needs_escape = [] {
  std::array<bool, 256> table{};
  for (int c = 0; c < 0x20; ++c) table[std::size_t(c)] = true;
  table['"'] = table['\\'] = true;
  return table;
}();

void escape(std::string& out, char c) {
  static constexpr char hex[] = "0123456789abcdef";
  switch (c) {
    case '"':
    case '\\':
      out += '\\';
      out += c;
      break;
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    default:
      out += "\\u00";
      out += hex[(c >> 4) & 1];
      out += hex[c & 15];
  }
}

}  // namespace

void append_json_text(std::string& out, std::string_view text) {
  const auto plain = [](char c) { return !needs_escape[static_cast<unsigned char>(c)]; };
  out += '"';
  while (true) {
    const auto end = std::find_if_not(text.begin(), text.end(), plain);
    out.append(text.begin(), end);
    if (end == text.end()) break;
    escape(out, *end);
    text = {end + 1, text.end()};
  }
  out += '"';
}

void Fields::number(long long value) { append(out_, value); }
void Fields::count(unsigned long long value) { append(out_, value); }

}  // namespace sekisho::cache
