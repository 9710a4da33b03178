#include "gateway/http/reader.h"

#include <algorithm>
#include <cassert>
#include <string>
#include <utility>

#include "gateway/http/body.h"
#include "gateway/http/buffer.h"
#include "gateway/http/head.h"

namespace sekisho::http {
namespace {

using policy::Reason;

constexpr std::size_t blank_lines_max = 4;
constexpr std::size_t interim_max = 8;
// A method, a version and the spaces between, around a target.
constexpr std::size_t request_line_extra = 64;

enum class Stage { head, body, done, failed };

// What both directions have in common.
struct Common {
  Common(const ReadLimits& limits, std::size_t start_line_bytes)
      : limits(limits), scanner(limits, std::min(start_line_bytes, limits.header_bytes)), body(limits) {}

  ReadLimits limits;
  Buffer buffer;
  Stage stage = Stage::head;
  bool handing_on = false;  // this body
  Framing framing;          // of this body
  HeadScanner scanner;
  BodyReader body;
  ReadFailure failure;

  Progress fail(ReadFailure why) {
    failure = std::move(why);
    stage = Stage::failed;
    return Progress::failed;
  }

  // Behind a head.
  Progress begin_body(const Framing& with) {
    framing = with;
    if (!handing_on && framing.kind == Framing::Kind::fixed && framing.length > limits.body_bytes)
      return fail({Reason::body_too_large,
                   "Content-Length is beyond the limit of " + std::to_string(limits.body_bytes) + " bytes"});
    body.begin(framing, handing_on);
    stage = Stage::body;
    return Progress::head_done;
  }

  std::optional<std::uint64_t> body_length() const {
    if (framing.kind == Framing::Kind::none) return 0;
    if (framing.kind == Framing::Kind::fixed) return framing.length;
    return std::nullopt;
  }

  Progress read_body(std::string& into) {
    std::string_view bytes = buffer.bytes();
    const std::size_t before = bytes.size();
    const BodyReader::Result result = body.read(bytes, into);
    buffer.consume(before - bytes.size());
    if (result == BodyReader::Result::need_more) return Progress::need_more;
    if (result == BodyReader::Result::failed) return fail(body.failure());
    stage = Stage::done;
    return Progress::message_done;
  }

  std::span<char> space() {
    const bool much = stage == Stage::body && body.expects_much();
    return buffer.space(!much ? 2 * 1024 : handing_on ? 64 * 1024 : 16 * 1024);
  }
};

}  // namespace

struct RequestReader::State : Common {
  explicit State(const ReadLimits& limits) : Common(limits, limits.target_bytes + request_line_extra) {}

  http::Request request;
  RequestHead head;
  std::size_t blank_lines = 0;
  std::function<bool(const http::Request&)> passes;

  // RFC 9112 2.2: empty lines before a request are skipped. False: more bytes are needed to tell.
  bool skip_blank_lines() {
    if (scanner.size() != 0) return true;
    while (!buffer.empty() && buffer.bytes().front() == '\r' && blank_lines < blank_lines_max) {
      if (buffer.bytes().size() < 2) return false;
      if (buffer.bytes()[1] != '\n') return true;  // the scanner says what is wrong
      buffer.consume(2);
      ++blank_lines;
    }
    return !buffer.empty();
  }

  Progress read_request_head() {
    if (!skip_blank_lines()) return Progress::need_more;
    switch (scanner.scan(buffer.bytes())) {
      case HeadScanner::Result::need_more:
        return Progress::need_more;
      case HeadScanner::Result::failed:
        return fail(scanner.failure());
      case HeadScanner::Result::found:
        break;
    }
    request.headers.reserve(scanner.headers(), scanner.size());
    auto refused = read_head(buffer.bytes().substr(0, scanner.size()), limits, request, head);
    buffer.consume(scanner.size());
    if (refused) return fail(std::move(*refused));
    handing_on = head.framing.kind != Framing::Kind::none && passes && passes(request);
    return begin_body(head.framing);
  }
};

RequestReader::RequestReader(ReadLimits limits) : state_(std::make_unique<State>(limits)) {}
RequestReader::~RequestReader() = default;
RequestReader::RequestReader(RequestReader&&) noexcept = default;

std::span<char> RequestReader::space() { return state_->space(); }
void RequestReader::commit(std::size_t bytes) { state_->buffer.commit(bytes); }

Progress RequestReader::advance() {
  switch (state_->stage) {
    case Stage::head:
      return state_->read_request_head();
    case Stage::body:
      return state_->read_body(state_->request.body);
    case Stage::done:
      return Progress::message_done;
    case Stage::failed:
      break;
  }
  return Progress::failed;
}

const http::Request& RequestReader::request() const { return state_->request; }

http::Request RequestReader::take() {
  assert(state_->stage == Stage::done);  // a half-read request is never handed out
  State& s = *state_;
  http::Request taken = std::move(s.request);
  s.request.clear();
  s.head = {};
  s.blank_lines = 0;
  s.handing_on = false;
  s.scanner.restart();
  s.stage = Stage::head;
  return taken;
}

void RequestReader::hand_on_when(std::function<bool(const http::Request&)> passes) {
  state_->passes = std::move(passes);
}
bool RequestReader::handing_on() const { return state_->handing_on; }
http::Request RequestReader::take_head() { return std::exchange(state_->request, {}); }
void RequestReader::take_piece(std::string& piece) {
  piece.clear();
  piece.swap(state_->request.body);
}
std::optional<std::uint64_t> RequestReader::body_length() const { return state_->body_length(); }

const ReadFailure& RequestReader::failure() const { return state_->failure; }

bool RequestReader::idle() const { return state_->stage == Stage::head && state_->buffer.empty(); }

bool RequestReader::expects_continue() const {
  const State& s = *state_;
  return s.stage == Stage::body && s.head.expects_continue && s.buffer.empty() && !s.body.begun();
}

void RequestReader::reuse(http::Request&& done) {
  if (!idle()) return;
  state_->request = std::move(done);
  state_->request.clear();
}

void RequestReader::trim() { state_->buffer.trim(); }

struct ResponseReader::State : Common {
  explicit State(const ReadLimits& limits) : Common(limits, limits.header_bytes) { stage = Stage::done; }

  Response response;
  bool head_request = false, early = false, ended = false;
  std::size_t interim = 0;

  Progress fail_as_carrier(std::string detail) {
    return fail({Reason::carrier_malformed, std::move(detail)});
  }

  Progress read_response_head() {
    for (;;) {
      switch (scanner.scan(buffer.bytes())) {
        case HeadScanner::Result::need_more:
          return Progress::need_more;
        case HeadScanner::Result::failed:
          return fail_as_carrier(scanner.failure().detail);
        case HeadScanner::Result::found:
          break;
      }
      ResponseHead head;
      response.clear();
      response.headers.reserve(scanner.headers(), scanner.size());
      auto refused =
          read_head(buffer.bytes().substr(0, scanner.size()), limits, head_request, response, head);
      buffer.consume(scanner.size());
      scanner.restart();
      if (refused) return fail(std::move(*refused));
      if (response.status / 100 != 1) {
        const auto progress = begin_body(head.framing);
        failure.reason = Reason::carrier_malformed;
        return progress;
      }
      if (++interim > interim_max) return fail_as_carrier("too many interim answers");
    }
  }

  Progress step() {
    if (stage == Stage::head) return read_response_head();
    const Progress progress = read_body(response.body);
    if (progress == Progress::failed) failure.reason = Reason::carrier_malformed;
    return progress;
  }

  // Nothing more will come.
  Progress finish() {
    if (stage == Stage::body && body.ends_with_stream()) {
      stage = Stage::done;
      return Progress::message_done;
    }
    const bool nothing = stage == Stage::head && buffer.empty() && interim == 0;
    return fail_as_carrier(nothing ? "the connection was closed before an answer"
                                   : "the connection was closed within the answer");
  }
};

ResponseReader::ResponseReader(ReadLimits limits) : state_(std::make_unique<State>(limits)) {}
ResponseReader::~ResponseReader() = default;
ResponseReader::ResponseReader(ResponseReader&&) noexcept = default;

void ResponseReader::expect(bool head_request) {
  State& s = *state_;
  s.response.clear();
  s.head_request = head_request;
  s.early = !s.buffer.empty();
  s.interim = 0;
  s.handing_on = false;
  s.scanner.restart();
  if (s.stage != Stage::failed) s.stage = Stage::head;
}

std::span<char> ResponseReader::space() { return state_->space(); }
void ResponseReader::commit(std::size_t bytes) { state_->buffer.commit(bytes); }
void ResponseReader::end_of_stream() { state_->ended = true; }

Progress ResponseReader::advance() {
  State& s = *state_;
  if (s.stage == Stage::done) return Progress::message_done;
  if (s.stage == Stage::failed) return Progress::failed;
  if (s.early) return s.fail_as_carrier("bytes before the request was sent");
  const Progress progress = s.step();
  return progress == Progress::need_more && s.ended ? s.finish() : progress;
}

Response ResponseReader::take() {
  assert(state_->stage == Stage::done);  // a half-read answer is never handed out
  Response taken = std::move(state_->response);
  if (state_->ended) taken.keep_alive = false;
  state_->response.clear();
  return taken;
}

const ReadFailure& ResponseReader::failure() const { return state_->failure; }

void ResponseReader::hand_on() { state_->handing_on = true; }
Response ResponseReader::take_head() { return std::exchange(state_->response, {}); }
void ResponseReader::take_piece(std::string& piece) {
  piece.clear();
  piece.swap(state_->response.body);
}
std::optional<std::uint64_t> ResponseReader::body_length() const { return state_->body_length(); }

bool ResponseReader::surplus() const { return state_->stage == Stage::done && !state_->buffer.empty(); }

void ResponseReader::reuse(Response&& done) {
  if (state_->stage != Stage::done) return;
  state_->response = std::move(done);
  state_->response.clear();
}

void ResponseReader::trim() { state_->buffer.trim(); }

}  // namespace sekisho::http
