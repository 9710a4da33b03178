// Bytes to messages, strictly, with no socket in sight.
//
// A reader owns the bytes it was fed, and yields one message after the other (pipelining keeps order). What
// is ambiguous is refused, never guessed: after a refusal the connection must be closed. Beast's
// `basic_parser` reads the grammar of heads; the gaps of the packaged version (see product.md, "The front
// line") are closed here, and bodies are ours. Every byte is looked at once, and the outcome does not depend
// on the pieces it came in.
//
// Decided here: absolute-form targets are taken when their authority equals Host, and told in origin form.
// OPTIONS * is refused (405). HTTP/1.0 may come without Host. Chunk extensions and trailers are checked and
// dropped. Up to four empty lines before a request are skipped. Upgrade is an ordinary header: no protocol
// but HTTP/1.1 is ever spoken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "gateway/http/message.h"
#include "policy/reason.h"

namespace sekisho::http {

struct ReadLimits {
  std::size_t header_bytes = 16 * 1024;  // start line and headers together; also all trailers together
  std::size_t headers = 100;             // count
  std::size_t target_bytes = 8 * 1024;
  std::size_t body_bytes = 1024 * 1024;
};

enum class Progress { need_more, head_done, message_done, failed };

struct ReadFailure {
  policy::Reason reason = policy::Reason::malformed;  // 400 405 411 413 414 417 431 of the table; for
                                                      // responses: carrier_malformed
  std::string detail;                                 // what exactly, for the problem body; no secrets
};

class RequestReader {
 public:
  explicit RequestReader(ReadLimits limits);
  ~RequestReader();
  RequestReader(RequestReader&&) noexcept;

  // Where the next bytes from the stream go: write up to size(), then call `commit(n)`.
  std::span<char> space();
  void commit(std::size_t bytes);

  // Goes on with the current message as far as the bytes reach. `head_done` is told once a message (the head
  // can be read through `request()`, e.g. to answer 100-continue), then call again. After `message_done` the
  // request is complete; `take()` it, then `advance` works on the next. After `failed`, `request()` has the
  // headers that were read before the refusal (Accept-Language).
  Progress advance();
  const http::Request& request() const;
  http::Request take();
  const ReadFailure& failure() const;

  // Bodies that are handed on piece by piece instead of being kept, and may be of any size. `passes` is asked
  // once the head of a request with a body was read; it says yes: `head_done` comes, then `take_head()`, and
  // `take_piece()` after each `advance()`, until `message_done` (its piece too) and `take()`, which gives
  // nothing more.
  void hand_on_when(std::function<bool(const http::Request&)> passes);
  bool handing_on() const;
  http::Request take_head();
  void take_piece(std::string& piece);               // what came of the body since; its memory is used again
  std::optional<std::uint64_t> body_length() const;  // as the head says it; nothing: in chunks

  bool idle() const;              // between messages, nothing buffered
  bool expects_continue() const;  // the head asked for 100-continue and its body has not begun to arrive

  // Memory. `reuse`: a request that is done with, whose memory the next one takes. `trim`: gives the buffer
  // back while nothing is in it; an idle connection then costs nothing here.
  void reuse(http::Request&& done);
  void trim();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The carrier's answers, read as strictly. `head_request`: the answer to HEAD has no body.
class ResponseReader {
 public:
  explicit ResponseReader(ReadLimits limits);
  ~ResponseReader();
  ResponseReader(ResponseReader&&) noexcept;

  void expect(bool head_request);  // before each answer; bytes that came before the question fail it
  std::span<char> space();
  void commit(std::size_t bytes);
  void end_of_stream();  // the peer closed: completes a body that runs until the close, fails any other
  Progress advance();    // a few interim 1xx answers are skipped; 101 fails
  Response
  take();  // end-to-end headers only; keep_alive is false where the connection must not be used again
  const ReadFailure& failure() const;

  // The same for the next answer, whatever it is: to be said after `expect`. Without a length it comes in
  // chunks or until the stream ends.
  void hand_on();
  Response take_head();
  void take_piece(std::string& piece);
  std::optional<std::uint64_t> body_length() const;

  bool surplus() const;  // bytes beyond the answer: the connection must not be used again

  void reuse(Response&& done);  // as above
  void trim();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sekisho::http
