#include "policy/byte_kinds.h"

namespace sekisho::policy {

// All are asked of each byte, and nothing is decided on the way: then the compiler may take many at once.
ByteKinds kinds_of_bytes(std::string_view body) {
  unsigned char control = 0, ampersand = 0, bracket = 0, lead_ef = 0;
  for (const char byte : body) {
    const auto c = static_cast<unsigned char>(byte);
    control |= (c < 0x20) & (c != '\t') & (c != '\n') & (c != '\r');
    ampersand |= c == '&';
    bracket |= c == ']';
    lead_ef |= c == 0xef;
  }
  return {control != 0, ampersand != 0, bracket != 0, lead_ef != 0};
}

}  // namespace sekisho::policy
