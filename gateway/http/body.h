// The body behind a head: of a known length, in chunks, or until the stream ends.
//
// For the readers only; nothing outside gateway/http includes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/http/head.h"

namespace sekisho::http {

// Takes each byte once, whatever the pieces; nothing waits in a buffer. Chunk extensions are read over,
// trailers are checked and dropped: neither can become anything in the message.
class BodyReader {
 public:
  enum class Result { need_more, done, failed };

  explicit BodyReader(const ReadLimits& limits) : limits_(limits) {}

  // `any_size`: whoever takes the content away bit by bit needs no limit on all of it.
  void begin(const Framing& framing, bool any_size = false);
  // Uses up the front of `bytes` and cuts it off; appends what is content to `body`.
  Result read(std::string_view& bytes, std::string& body);
  bool begun() const { return begun_; }  // the first byte was read
  bool ends_with_stream() const { return kind_ == Framing::Kind::until_close; }
  bool expects_much() const { return left_ > 2048 || ends_with_stream(); }
  const ReadFailure& failure() const { return failure_; }  // after `failed`

 private:
  // Where in RFC 9112 7.1 the next byte stands.
  enum class Place : std::uint8_t {
    size,
    extension,
    size_lf,
    content,
    content_cr,
    content_lf,
    trailer_begin,
    trailer_name,
    trailer_value,
    trailer_lf,
    end_lf,
  };

  Result read_chunks(std::string_view& bytes, std::string& body);
  bool step(char c);  // one byte of chunk framing
  bool step_size(char c);
  bool step_trailer(char c);
  bool size_read();
  bool fail(policy::Reason reason, const char* detail);
  void take(std::string_view& bytes, std::string& body);

  ReadLimits limits_;
  std::uint64_t most_ = 0;  // content that is taken
  Framing::Kind kind_ = Framing::Kind::none;
  Place place_ = Place::size;
  std::uint64_t left_ = 0;   // of the body or of this chunk
  std::uint64_t total_ = 0;  // content so far, this chunk counted whole
  unsigned digits_ = 0;      // of the chunk's size
  bool done_ = false, begun_ = false;
  std::size_t extension_bytes_ = 0, trailer_bytes_ = 0, trailers_ = 0;  // over the whole message
  ReadFailure failure_;
};

}  // namespace sekisho::http
