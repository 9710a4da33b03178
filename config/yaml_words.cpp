#include "config/yaml_words.h"

#include <utf8proc.h>
#include <yaml-cpp/exceptions.h>

#include <algorithm>

namespace sekisho::config {
namespace {

constexpr std::size_t most_quoted = 60;  // bytes

// Calls `visit` with each character's code (-1: no text) and its bytes.
template <class F>
void each_character(std::string_view text, F&& visit) {
  while (!text.empty()) {
    utf8proc_int32_t code = 0;
    const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                         static_cast<utf8proc_ssize_t>(text.size()), &code);
    const auto bytes = length > 0 ? static_cast<std::size_t>(length) : 1;
    visit(length > 0 ? code : -1, text.substr(0, bytes));
    text.remove_prefix(bytes);
  }
}

// Letters, digits and signs of ASCII in double width, and the space between them.
bool is_full_width(std::string_view text) {
  bool any = false;
  each_character(text, [&](int code, auto) { any |= code == 0x3000 || (code >= 0xff01 && code <= 0xff5e); });
  return any;
}

}  // namespace

std::string shown(std::string_view text) {
  std::string out;
  each_character(text, [&](int code, std::string_view bytes) {
    const bool obeyed = code < 0x20 || (code >= 0x7f && code < 0xa0);
    out += code != '\t' && obeyed ? "\uFFFD" : bytes;
  });
  return out;
}

std::string in_quotes(std::string_view text) {
  std::string cut;
  bool whole = true;
  each_character(text, [&](int, std::string_view bytes) {
    whole &= text.size() <= most_quoted || cut.size() + bytes.size() <= most_quoted - 3;
    if (whole) cut += bytes;
  });
  std::replace_if(
      cut.begin(), cut.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  return "'" + shown(cut) + (whole ? "'" : "...'") +
         (is_full_width(cut) ? " (with full-width characters)" : "");
}

std::optional<std::pair<int, int>> open_quotation(std::string_view text) {
  int line = 1, opened_line = 0, opened_column = 0;
  std::size_t line_start = 0;
  char quote = 0;          // of the quotation that is open
  bool value_next = true;  // a quotation mark here opens one; within a word it is an apostrophe
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      ++line;
      line_start = i + 1;
      value_next = true;
    } else if (quote) {
      if (c == '\\' && quote == '"' && i + 1 < text.size() && text[i + 1] != '\n')
        ++i;
      else if (c == quote && quote == '\'' && i + 1 < text.size() && text[i + 1] == quote)
        ++i;
      else if (c == quote)
        quote = 0;
    } else if (c == '#' && (i == line_start || text[i - 1] == ' ')) {
      i = std::min(text.find('\n', i), text.size()) - 1;
    } else if (value_next && (c == '\'' || c == '"')) {
      quote = c;
      opened_line = line;
      opened_column = static_cast<int>(i - line_start) + 1;
      value_next = false;
    } else if (c != ' ') {
      value_next = std::string_view("[{,").find(c) != std::string_view::npos ||
                   (std::string_view(":-").find(c) != std::string_view::npos && i + 1 < text.size() &&
                    text[i + 1] == ' ');
    }
  }
  if (!quote) return std::nullopt;
  return std::pair(opened_line, opened_column);
}

std::string yaml_complaint(const std::string& complaint) {
  using namespace YAML::ErrorMsg;
  static const std::pair<std::string_view, std::string_view> sentences[] = {
      {FLOW_END, "this bracket does not fit; every [ is closed by ], and every { by }"},
      {END_OF_MAP_FLOW, "a { is not closed by }, or a comma is missing before this"},
      {END_OF_SEQ_FLOW, "a [ is not closed by ], or a comma is missing before this"},
      {END_OF_MAP,
       "expected 'key: value'; is a space missing behind the colon, or is the line indented wrongly?"},
      {END_OF_SEQ, "expected '- ' like the members of the list above; or is the line indented wrongly?"},
      {MAP_VALUE,
       "this colon belongs to no key; align the line with the keys around it, or put quotation marks around "
       "a text "
       "with a colon in it"},
      {BLOCK_ENTRY, "no '-' can stand here; look at how the line is indented"},
      {UNKNOWN_TOKEN, "no value begins like this; put quotation marks around the text"},
      {EOF_IN_SCALAR, "a quotation is open at the end of the file"},
  };
  for (const auto& [theirs, ours] : sentences)
    if (complaint == theirs) return std::string(ours);
  return complaint;
}

}  // namespace sekisho::config
