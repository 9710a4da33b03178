#include "gateway/http/text.h"

#include <gtest/gtest.h>

#include <string>

namespace sekisho::http {
namespace {

TEST(TextPrefix, EndsAtTheFirstControlCharacterWhereverItStands) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool text = byte == '\t' || (byte >= 0x20 && byte != 0x7f);
    EXPECT_EQ(is_text(c), text) << byte;
    for (std::size_t size = 1; size <= 20; ++size) {
      for (std::size_t at = 0; at < size; ++at) {
        // Neighbours that a borrow or a carry between bytes would make mistakes of.
        for (const char neighbour : {'a', '\t', ' ', '\x80', '\xff', '\x7e'}) {
          std::string bytes(size, neighbour);
          bytes[at] = c;
          ASSERT_EQ(text_prefix(bytes), text ? size : at) << byte << " at " << at << " of " << size;
        }
      }
    }
  }
  EXPECT_EQ(text_prefix(""), 0u);
}

}  // namespace
}  // namespace sekisho::http
