// Bytes that may stand in a line of a head: everything but control characters; the tab is one of them.
//
// For gateway/http only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace sekisho::http {

constexpr bool is_text(char c) { return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f); }

// How many bytes at the front are text. Obs-text (0x80 and up) is; it is left to those who read the values.
inline std::size_t text_prefix(std::string_view bytes) {
  constexpr std::uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
  std::size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t eight;
    std::memcpy(&eight, bytes.data() + at, 8);
    const std::uint64_t low = (eight - ones * 0x20) & ~eight;  // top bit of a byte below 0x20
    const std::uint64_t flipped = eight ^ (ones * 0x7f);
    const std::uint64_t del = (flipped - ones) & ~flipped;  // top bit of a byte that is 0x7f
    if (((low | del) & tops) != 0) break;  // or of one that only looks so: the loop below decides
  }
  while (at < bytes.size() && is_text(bytes[at])) ++at;
  return at;
}

}  // namespace sekisho::http
