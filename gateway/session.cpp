#include "gateway/session.h"

#include <ctime>

#include "gateway/http/writer.h"
#include "gateway/log.h"

namespace sekisho::gateway {
using boost::system::error_code;
using http::Progress;
using namespace std::chrono_literals;

namespace {
constexpr auto rest_after = 1s;                      // idle for so long, a connection keeps no memory ready
constexpr std::chrono::milliseconds last_call = 1s;  // for a first request, once the doors are closed
constexpr auto send_timeout = 30s;                   // a reader that takes nothing for this long is dropped
constexpr auto linger = 2s;                          // how long, and
constexpr std::size_t linger_bytes = 16 << 20;       // how much a caller is heard out after a refusal

// "Tue, 24 Nov 2026 02:10:00 GMT" (RFC 9110 5.6.7); made anew once a second.
const std::string& imf_date(std::chrono::system_clock::time_point now) {
  thread_local std::time_t made_at = 0;
  thread_local std::string text;
  const auto second = std::chrono::system_clock::to_time_t(now);
  if (second != made_at) {
    std::tm parts{};
    ::gmtime_r(&second, &parts);
    char buffer[40];
    text.assign(buffer, std::strftime(buffer, sizeof buffer, "%a, %d %b %Y %H:%M:%S GMT", &parts));
    made_at = second;
  }
  return text;
}

void add_date(http::Response& response) {
  if (!response.headers.find("Date"))
    response.headers.add("Date", imf_date(std::chrono::system_clock::now()));
}

}  // namespace

Session::Session(net::Stream stream, SessionHouse& house, config::TlsContext tls, Peer peer)
    : stream_(std::move(stream)),
      tls_(std::move(tls)),
      house_(house),
      peer_(std::move(peer)),
      reader_(house.limits),
      guard_(house.dog, *this) {
  if (house.passes) reader_.hand_on_when(house.passes);
}

void Session::expire() {
  expired_ = true;
  stream_.cancel();  // whatever waits on it ends, and run() sees why
}

void Session::close_if_idle() {
  if (phase_ != Phase::idle) return;
  error_code failed;
  const bool asked = stream_.socket().available(failed) > 0;  // and not yet read
  if (!fresh_ && !asked) return expire();
  idle_until_ = std::min(idle_until_, Clock::now() + last_call);
  deadline = std::min(deadline, idle_until_);
}

// For the next request.
std::chrono::milliseconds Session::patience() const {
  return house_.doors_closed ? last_call : house_.idle_timeout;
}

// The body of a request that passes, as whoever handles it sees it.
class Session::IncomingBody final : public BodyStream {
 public:
  explicit IncomingBody(Session& session) : session_(session) {}
  std::optional<std::uint64_t> length() const override { return session_.reader_.body_length(); }
  Task<bool> next(std::string& piece) override { return session_.next_piece(piece); }

 private:
  Session& session_;
};

Task<> Session::run() {
  bool open = !tls_;
  if (!open) open = co_await secure();
  idle_until_ = Clock::now() + patience();
  if (open) {
    error_code failed;
    co_await rest(failed);
    open = !failed && !expired_;
  }
  while (open) {
    http::Request request;
    const bool asked = co_await next_request(request);
    if (!asked) break;
    fresh_ = false;
    busy_ = true;
    phase_ = Phase::answering;
    const bool keep = request.keep_alive;
    const bool head_only = request.method == "HEAD";
    minor_version_ = request.minor_version;
    IncomingBody body(*this);
    BodyStream* const to_come = body_left_ ? &body : nullptr;
    auto answer = co_await house_.handle(std::move(request), peer_, to_come);
    const bool keep_alive = keep && !house_.closing() && !body_left_;
    answer.response.keep_alive = keep_alive;
    bool sent = false;
    if (answer.body && !head_only)
      sent = co_await send_on(std::move(answer.response), *answer.body);
    else
      sent = co_await send(std::move(answer.response), head_only);
    busy_ = false;
    open = sent && keep_alive && answer_ends_itself_;
  }
  if (body_left_ || refused_unread_) co_await hear_out();
  stream_.shutdown();
}

// As long as a head may take; who lets it take longer is a slow client like any other.
Task<bool> Session::secure() {
  phase_ = Phase::reading;
  arm(house_.header_timeout);
  const bool good = co_await stream_.accept_tls(tls_);
  disarm();
  if (house_.handshake) house_.handshake(good, stream_.trouble());
  if (const auto* shown = stream_.peer_certificate()) peer_.certificate = read_certificate(*shown);
  co_return good && !expired_;
}

Task<bool> Session::next_request(http::Request& request) {
  phase_ = Phase::idle;
  idle_until_ = Clock::now() + patience();
  deadline = std::min(idle_until_, Clock::now() + rest_after);
  at_rest_ = false;
  bool first_bytes = reader_.idle();  // nothing of the next request has come yet
  if (!first_bytes) arm(house_.header_timeout);
  error_code failed;
  while (true) {
    const auto progress = reader_.advance();
    if (progress == Progress::message_done) {
      disarm();
      request = reader_.take();
      co_return true;
    }
    if (progress == Progress::failed) {
      auto refusal = house_.unreadable(reader_.failure(), reader_.request().headers);
      refused_unread_ = co_await send(std::move(refusal), false);
      co_return false;
    }
    if (progress == Progress::head_done && reader_.handing_on()) {
      disarm();
      request = reader_.take_head();
      body_left_ = true;
      co_return true;
    }
    if (progress == Progress::head_done) {
      arm(house_.body_timeout);
      const bool heard = co_await go_on();
      if (!heard) co_return false;
      continue;
    }
    if (expired_) co_return false;  // a drain caught us between requests
    const auto space = reader_.space();
    const auto bytes = co_await stream_.read_some(space, failed);
    if (expired_ && phase_ == Phase::idle) {
      const bool over = at_rest_ || house_.closing() || house_.dog.stopped() || Clock::now() >= idle_until_;
      if (over) co_return false;
      co_await rest(failed);
      if (failed || expired_) co_return false;
      continue;
    }
    if (expired_ && phase_ == Phase::reading) {
      const http::ReadFailure slow{policy::Reason::request_timeout, "the request did not arrive in time"};
      auto refusal = house_.unreadable(slow, reader_.request().headers);
      co_await send(std::move(refusal), false);
      co_return false;
    }
    if (failed) co_return false;
    reader_.commit(bytes);
    phase_ = Phase::reading;
    if (first_bytes) arm(house_.header_timeout);
    first_bytes = false;
  }
}

// A connection that nothing comes by gives its memory back, and waits without. It is over when that failed,
// or when the connection expired. No coroutine: its frame would be kept too.
Task<> Session::rest(error_code& failed) {
  at_rest_ = true;
  expired_ = false;
  reader_.trim();
  out_ = {};
  deadline = idle_until_;
  return stream_.wait_readable(failed);
}

// Where the caller waits to be told before it sends the body.
Task<bool> Session::go_on() {
  static constexpr std::string_view words = "HTTP/1.1 100 Continue\r\n\r\n";
  error_code failed;
  if (reader_.expects_continue()) co_await stream_.write(words, failed);
  co_return !failed;
}

// Each piece in the time that a whole body of a governed order may take.
Task<bool> Session::next_piece(std::string& piece) {
  piece.clear();
  if (!body_left_) co_return true;
  arm(house_.body_timeout);
  bool good = co_await go_on();
  while (good && piece.empty() && body_left_) {
    const auto progress = reader_.advance();
    reader_.take_piece(piece);
    good = progress != Progress::failed;
    if (progress == Progress::message_done) {
      reader_.take();
      body_left_ = false;
    }
    if (!good || !piece.empty() || !body_left_) break;
    error_code failed;
    const auto space = reader_.space();
    const auto bytes = co_await stream_.read_some(space, failed);
    good = !failed && !expired_;
    if (good) reader_.commit(bytes);
  }
  disarm();
  co_return good;
}

Task<bool> Session::send(http::Response response, bool head_only) {
  add_date(response);
  out_.clear();
  http::write(out_, response, head_only);
  answer_ends_itself_ = true;
  co_return co_await write();
}

// The first piece leaves with the head. Where the rest does not come, the connection ends within the message,
// so that nobody takes it for whole.
Task<bool> Session::send_on(http::Response head, BodyStream& body) {
  add_date(head);
  const auto length = body.length();
  const bool chunked = !length && minor_version_ > 0;
  answer_ends_itself_ = length || chunked;
  if (!answer_ends_itself_) head.keep_alive = false;
  out_.clear();
  http::write_head(out_, head, length, !chunked);
  std::string piece;
  while (true) {
    const bool good = co_await body.next(piece);
    if (!good) co_return false;
    if (chunked)
      http::write_chunk(out_, piece);
    else
      out_ += piece;
    const bool over = piece.empty();
    if (!out_.empty()) {
      const bool written = co_await write();
      if (!written) co_return false;
    }
    if (over) co_return true;
    out_.clear();
  }
}

Task<bool> Session::write() {
  expired_ = false;
  arm(send_timeout);
  error_code failed;
  co_await stream_.write(out_, failed);
  disarm();
  co_return !failed;
}

// The caller is still sending what nobody wants. To close now would make its system throw our answer away
// unread; so it is heard out for a moment.
Task<> Session::hear_out() {
  error_code failed;
  stream_.end_sending();
  arm(linger);
  std::string unheard(16 * 1024, 0);
  for (std::size_t bytes = 0; !failed && !expired_ && bytes < linger_bytes;)
    bytes += co_await stream_.read_some(unheard, failed);
  disarm();
}

}  // namespace sekisho::gateway
