// Text as Japanese office files carry it: Shift-JIS or UTF-8, full-width digits, dates in several forms.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "policy/calendar.h"

namespace sekisho::config {

// UTF-8 from Shift-JIS as Windows writes it (CP932). When bytes are not Shift-JIS, `good` is false and `text`
// holds what stands before them.
struct Converted {
  std::string text;
  bool good = false;
};
Converted from_shift_jis(std::string_view bytes);

// How many bytes from the start are UTF-8 text.
std::size_t valid_utf8_bytes(std::string_view text);

// NFKC (full-width to half-width and the like) without spaces at either end. The text must be valid UTF-8.
std::string normalised(std::string_view utf8);

// 2026-02-01, 2026/2/1, 2026年2月1日, 令和8年2月1日 (also 元年, 平成), R8.2.1; the text is normalised
// already.
std::optional<policy::JstDate> parse_date(std::string_view text);

// Where a byte of a text stands; asked for offsets that never fall, it walks the text once.
class Walker {
 public:
  explicit Walker(std::string_view text) : text_(text) {}
  void walk_to(std::size_t offset);
  int line() const { return line_; }
  int column() const { return column_; }  // in characters, from 1

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1, column_ = 1;
};

}  // namespace sekisho::config
