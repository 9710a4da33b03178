// What the fuzz targets of requests and of answers have in common: small limits, a message's headers as one
// text, and the pieces that a stream comes in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/target.h"
#include "tests/http/feed.h"

namespace sekisho::fuzz {

inline constexpr http::ReadLimits limits{
    .header_bytes = 512, .headers = 12, .target_bytes = 100, .body_bytes = 200};

inline std::string text(const http::Headers& headers) {
  std::string out;
  for (const auto& header : headers.all()) out.append(header.name).append(": ").append(header.value) += '\n';
  return out;
}

// Cut where the bytes themselves say, so that an input is always cut alike.
inline std::vector<std::string_view> pieces(std::string_view bytes) {
  Dice dice(bytes);
  std::vector<std::size_t> cuts;
  for (std::size_t at = 1 + dice.below(20); at < bytes.size(); at += 1 + dice.below(20)) cuts.push_back(at);
  return http::cut(bytes, cuts);
}

}  // namespace sekisho::fuzz
