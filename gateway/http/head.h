// The head of a message: found byte by byte as it comes, then read at once by Beast and judged by our rules.
//
// For the readers only; nothing outside gateway/http includes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "gateway/http/message.h"
#include "gateway/http/reader.h"

namespace sekisho::http {

// Looks for the end of a head and refuses what must not stand in one: bare CR or LF, control bytes, folded
// lines, too much of anything. No byte is looked at twice, and the verdict depends on the bytes alone, not on
// the pieces they come in.
class HeadScanner {
 public:
  enum class Result { need_more, found, failed };

  explicit HeadScanner(const ReadLimits& limits, std::size_t start_line_bytes)
      : limits_(limits), start_line_bytes_(start_line_bytes) {}

  // `bytes`: everything from the message's first byte on.
  Result scan(std::string_view bytes);
  std::size_t size() const { return at_; }                 // of the head, after `found`
  std::size_t headers() const { return lines_ - 1; }       // after `found`
  const ReadFailure& failure() const { return failure_; }  // after `failed`
  void restart();

 private:
  Result fail(policy::Reason reason, const char* detail);

  ReadLimits limits_;
  std::size_t start_line_bytes_;
  std::size_t at_ = 0, line_begin_ = 0, lines_ = 0;
  bool after_cr_ = false;
  ReadFailure failure_;
};

// How the body behind a head is delimited.
struct Framing {
  enum class Kind : std::uint8_t { none, fixed, chunked, until_close };
  Kind kind = Kind::none;
  std::uint64_t length = 0;  // fixed
};

struct RequestHead {
  Framing framing;
  bool expects_continue = false;
};

// Reads a whole head (start line to empty line) into the message. When it is refused, the message holds the
// headers that could be read before.
std::optional<ReadFailure> read_head(std::string_view head, const ReadLimits& limits, Request& request,
                                     RequestHead& result);

struct ResponseHead {
  Framing framing;
};

// `head_request`: the answer to HEAD, without a body. The response's headers are end-to-end ones only.
std::optional<ReadFailure> read_head(std::string_view head, const ReadLimits& limits, bool head_request,
                                     Response& response, ResponseHead& result);

}  // namespace sekisho::http
