#include "gateway/http/body.h"

#include <algorithm>
#include <limits>

#include "gateway/http/text.h"

namespace sekisho::http {
namespace {

using policy::Reason;

// Leading zeros mean nothing; 8 digits are 4 GB.
constexpr unsigned size_digits_max = 8;
// Over all chunks of a message: extensions are noise, and a stream of them must not keep a worker busy.
constexpr std::size_t extension_bytes_max = 4096;
// Memory is taken ahead for small bodies only: a promise of more costs the caller the bytes.
constexpr std::uint64_t reserve_max = 64 * 1024;

constexpr int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char low = static_cast<char>(c | 0x20);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

constexpr bool is_token_byte(char c) {
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

}  // namespace

void BodyReader::begin(const Framing& framing, bool any_size) {
  kind_ = framing.kind;
  most_ = any_size ? std::numeric_limits<std::uint64_t>::max() : limits_.body_bytes;
  place_ = Place::size;
  left_ = kind_ == Framing::Kind::fixed ? framing.length : 0;
  total_ = 0;
  digits_ = 0;
  done_ = begun_ = false;
  extension_bytes_ = trailer_bytes_ = trailers_ = 0;
}

BodyReader::Result BodyReader::read(std::string_view& bytes, std::string& body) {
  begun_ |= !bytes.empty();
  switch (kind_) {
    case Framing::Kind::none:
      return Result::done;
    case Framing::Kind::fixed:
      if (body.empty()) body.reserve(std::min(left_, reserve_max));
      take(bytes, body);
      return left_ == 0 ? Result::done : Result::need_more;
    case Framing::Kind::until_close:
      if (body.size() + bytes.size() > most_) {
        fail(Reason::body_too_large, "the body is beyond the limit");
        return Result::failed;
      }
      body.append(bytes);
      bytes = {};
      return Result::need_more;
    case Framing::Kind::chunked:
      return read_chunks(bytes, body);
  }
  return Result::failed;
}

BodyReader::Result BodyReader::read_chunks(std::string_view& bytes, std::string& body) {
  while (!done_ && !bytes.empty()) {
    if (place_ == Place::content) {
      take(bytes, body);
      if (left_ == 0) place_ = Place::content_cr;
      continue;
    }
    const char c = bytes.front();
    bytes.remove_prefix(1);
    if (!step(c)) return Result::failed;
  }
  return done_ ? Result::done : Result::need_more;
}

void BodyReader::take(std::string_view& bytes, std::string& body) {
  const std::size_t part = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
  body.append(bytes.substr(0, part));
  bytes.remove_prefix(part);
  left_ -= part;
}

bool BodyReader::step(char c) {
  switch (place_) {
    case Place::size:
      return step_size(c);
    case Place::extension:
      if (++extension_bytes_ > extension_bytes_max)
        return fail(Reason::malformed, "chunk extensions are too long");
      if (c == '\r')
        place_ = Place::size_lf;
      else if (!is_text(c))
        return fail(Reason::malformed, "a control character in a chunk extension");
      return true;
    case Place::size_lf:
      return c == '\n' ? size_read()
                       : fail(Reason::malformed, "a chunk size line that does not end in CR LF");
    case Place::content_cr:
      place_ = Place::content_lf;
      return c == '\r' || fail(Reason::malformed, "a chunk longer than its size");
    case Place::content_lf:
      place_ = Place::size;
      return c == '\n' || fail(Reason::malformed, "a chunk longer than its size");
    case Place::end_lf:
      done_ = true;
      return c == '\n' || fail(Reason::malformed, "a chunked body that does not end in CR LF");
    default:
      return step_trailer(c);
  }
}

bool BodyReader::step_size(char c) {
  const int value = hex_digit(c);
  if (value >= 0) {
    if (++digits_ > size_digits_max) return fail(Reason::malformed, "a chunk size of too many digits");
    left_ = left_ * 16 + static_cast<std::uint64_t>(value);
    return true;
  }
  if (digits_ == 0 || (c != ';' && c != '\r'))
    return fail(Reason::malformed, "a chunk size that is not hexadecimal");
  place_ = c == ';' ? Place::extension : Place::size_lf;
  return true;
}

bool BodyReader::size_read() {
  digits_ = 0;
  total_ += left_;
  if (total_ > most_) return fail(Reason::body_too_large, "the chunks are beyond the limit");
  place_ = left_ == 0 ? Place::trailer_begin : Place::content;
  return true;
}

bool BodyReader::step_trailer(char c) {
  if (++trailer_bytes_ > limits_.header_bytes)
    return fail(Reason::headers_too_large, "the trailers are too long");
  switch (place_) {
    case Place::trailer_begin:
      if (c == '\r') {
        place_ = Place::end_lf;
        return true;
      }
      if (++trailers_ > limits_.headers) return fail(Reason::headers_too_large, "too many trailers");
      place_ = Place::trailer_name;
      return is_token_byte(c) || fail(Reason::malformed, "a trailer name that is not a token");
    case Place::trailer_name:
      if (c == ':')
        place_ = Place::trailer_value;
      else if (!is_token_byte(c))
        return fail(Reason::malformed, "a trailer name that is not a token");
      return true;
    case Place::trailer_value:
      if (c == '\r')
        place_ = Place::trailer_lf;
      else if (!is_text(c))
        return fail(Reason::malformed, "a control character in a trailer");
      return true;
    default:
      place_ = Place::trailer_begin;
      return c == '\n' || fail(Reason::malformed, "a trailer that does not end in CR LF");
  }
}

bool BodyReader::fail(Reason reason, const char* detail) {
  failure_ = {reason, detail};
  return false;
}

}  // namespace sekisho::http
