// Which kinds of bytes a body has at all, asked of sixteen bytes in a step. A file of its own for that: it is
// compiled with -O3 (CMakeLists.txt), for below it gcc 12 goes byte by byte.
//
// What is nowhere in the body need not be looked for in each of its pieces: the texts of an XML order have
// three bytes or so, and a search in each costs more than this one in all.
#pragma once

#include <string_view>

namespace sekisho::policy {

struct ByteKinds {
  bool control = false;    // below 0x20, but no tab and no line end
  bool ampersand = false;  // '&'
  bool bracket = false;    // ']'
  bool lead_ef = false;    // 0xef, which begins what XML forbids: U+FFFE, U+FFFF
};

ByteKinds kinds_of_bytes(std::string_view body);

}  // namespace sekisho::policy
