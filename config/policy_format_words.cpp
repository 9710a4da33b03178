#include "config/policy_format_words.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <cctype>

namespace sekisho::config {
namespace {

bool holds(std::string_view characters, char c) { return characters.find(c) != std::string_view::npos; }
bool control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

std::string in_double_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (control(c)) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + "\"";
}

std::string in_single_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "''" : std::string(1, c);
  return out + "'";
}

}  // namespace

bool more_than_text(std::string_view text) {
  if (text.empty() || holds("0123456789+-.$", text.front())) return true;
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const auto word : {"yes", "no", "true", "false", "on", "off", "y", "n", "null", "~", "<<", "="})
    if (lower == word) return true;
  return false;
}

bool is_plain(std::string_view text, bool in_brackets) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ' || text.back() == ':') return false;
  if (std::any_of(text.begin(), text.end(), control)) return false;
  if (holds(",[]{}#&*!|>'\"%@`", text.front())) return false;
  if (holds("-?:", text.front()) && (text.size() == 1 || text[1] == ' ')) return false;
  if (text.starts_with("---") || text.starts_with("...")) return false;
  if (text == "~" || text == "null" || text == "Null" || text == "NULL") return false;
  if (text.find(": ") != text.npos || text.find(" #") != text.npos) return false;
  if (!in_brackets) return true;
  // yaml-cpp ends a word at a '?' there, where Document does not hide it (config/yaml.cpp).
  return text.front() != '?' && text.find(" ?") == text.npos && text.find_first_of(",[]{}") == text.npos;
}

std::string written(const Node& scalar) {
  const auto& text = scalar.text;
  if (is_plain(text, false) && !(scalar.quoted && more_than_text(text))) return text;
  // What " " would have to escape is easier to read within ' '.
  const bool single =
      text.find_first_of("\"\\") != text.npos && std::none_of(text.begin(), text.end(), control);
  return single ? in_single_quotes(text) : in_double_quotes(text);
}

std::size_t width(std::string_view utf8) {
  std::size_t columns = 0;
  const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(utf8.data());
  auto left = static_cast<utf8proc_ssize_t>(utf8.size());
  while (left > 0) {
    utf8proc_int32_t code = 0;
    const auto length = utf8proc_iterate(at, left, &code);
    columns += length > 0 ? static_cast<std::size_t>(std::max(0, utf8proc_charwidth(code))) : 1;
    at += std::max<utf8proc_ssize_t>(length, 1);
    left -= std::max<utf8proc_ssize_t>(length, 1);
  }
  return columns;
}

}  // namespace sekisho::config
