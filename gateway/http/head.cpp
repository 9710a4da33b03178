#include "gateway/http/head.h"

#include <algorithm>

#include "gateway/http/text.h"

namespace sekisho::http {

using policy::Reason;

HeadScanner::Result HeadScanner::scan(std::string_view bytes) {
  for (;;) {
    const std::size_t limit = lines_ == 0 ? start_line_bytes_ : limits_.header_bytes;
    const std::size_t stop = std::min(bytes.size(), limit);
    if (at_ == line_begin_ && at_ < stop && (bytes[at_] == ' ' || bytes[at_] == '\t'))
      return fail(Reason::malformed,
                  lines_ == 0 ? "white space before the start line" : "a folded header line");
    if (!after_cr_) {
      at_ += text_prefix(bytes.substr(at_, stop - at_));
      if (at_ < stop && bytes[at_] == '\r') {
        after_cr_ = true;
        ++at_;
      }
    }
    if (at_ == limit) {
      if (lines_ == 0) return fail(Reason::uri_too_long, "the start line is too long");
      return fail(Reason::headers_too_large, "the headers are too long");
    }
    if (at_ == stop) return Result::need_more;
    if (!after_cr_ && bytes[at_] == '\n') return fail(Reason::malformed, "a line that ends without CR");
    if (!after_cr_) return fail(Reason::malformed, "a control character in the head");
    if (bytes[at_] != '\n') return fail(Reason::malformed, "a CR without LF");

    after_cr_ = false;
    ++at_;
    if (at_ - line_begin_ == 2) {
      if (lines_ == 0) return fail(Reason::malformed, "an empty start line");
      return Result::found;
    }
    ++lines_;
    line_begin_ = at_;
    if (headers() > limits_.headers) return fail(Reason::headers_too_large, "too many headers");
  }
}

void HeadScanner::restart() {
  at_ = line_begin_ = lines_ = 0;
  after_cr_ = false;
}

HeadScanner::Result HeadScanner::fail(Reason reason, const char* detail) {
  failure_ = {reason, detail};
  return Result::failed;
}

}  // namespace sekisho::http
