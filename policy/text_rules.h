// Small questions about bytes that the readers of all formats ask.
#pragma once

#include <span>
#include <string_view>

namespace sekisho::policy {

bool same_letters(std::string_view a, std::string_view b);  // ASCII, of one length; in either case
// Asked of every name in a body, and nearly always answered by the lengths: so it stands where callers see
// it.
inline bool same_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && same_letters(a, b);
}
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
int hex_value(char c);                                   // -1: no hexadecimal digit
std::string_view without_spaces(std::string_view text);  // spaces and tabs at both ends

// No control characters (C0, DEL, C1): the text goes into headers, logs and terminals.
bool is_printable(std::string_view text, bool ascii_only);

// Whether two of them are equal. May reorder them.
bool have_twins(std::span<std::string_view> names);

}  // namespace sekisho::policy
