// One client connection: requests in, answers out, in order.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cache/net/stream.h"
#include "cache/task.h"
#include "gateway/body_stream.h"
#include "gateway/http/reader.h"
#include "gateway/peer.h"
#include "gateway/watchdog.h"

namespace sekisho::gateway {

using cache::Task;
namespace asio = boost::asio;

// What sessions need of their house. Outlives them.
struct SessionHouse {
  Watchdog& dog;
  http::ReadLimits limits;
  std::chrono::milliseconds header_timeout, body_timeout, idle_timeout;
  bool doors_closed = false;  // nobody comes any more, and who is here and silent is not waited for
  // The peer and the body outlive the call. `body`: where it is handed on as it comes.
  std::function<Task<Answer>(http::Request, const Peer&, BodyStream* body)> handle;
  std::function<bool(const http::Request& head)> passes;  // whether a request's body is; empty: none is
  std::function<http::Response(const http::ReadFailure&, const http::Headers& read_so_far)> unreadable;
  std::function<bool()> closing;                                         // answers carry Connection: close
  std::function<void(bool good, const std::string& trouble)> handshake;  // told of each, under TLS
};

class Session final : public Watched {
 public:
  // `tls`: what the connection is secured by before anything is said; null: nothing.
  Session(net::Stream stream, SessionHouse& house, config::TlsContext tls, Peer peer);
  Task<> run();
  void expire() override;
  // Once the doors are closed: a connection between requests is done. One that has just come may have its
  // first request on the way, and is given a moment for it.
  void close_if_idle();
  bool busy() const { return busy_; }

 private:
  enum class Phase { idle, reading, answering };
  class IncomingBody;
  std::chrono::milliseconds patience() const;
  Task<bool> secure();
  Task<bool> next_request(http::Request& request);
  Task<> rest(boost::system::error_code& failed);
  Task<bool> next_piece(std::string& piece);
  Task<bool> go_on();
  Task<bool> send(http::Response response, bool head_only);
  Task<bool> send_on(http::Response head, BodyStream& body);
  Task<bool> write();
  Task<> hear_out();

  net::Stream stream_;
  const config::TlsContext tls_;
  SessionHouse& house_;
  Peer peer_;
  http::RequestReader reader_;
  std::string out_;
  Phase phase_ = Phase::idle;
  int minor_version_ = 1;           // of the request
  bool body_left_ = false;          // of the request, unread
  bool refused_unread_ = false;     // the caller may still be sending what was refused
  bool answer_ends_itself_ = true;  // and not with the connection
  bool expired_ = false;
  bool busy_ = false;
  bool fresh_ = true;     // nothing was asked yet
  bool at_rest_ = false;  // it has given its memory back
  Clock::time_point idle_until_;
  Watchdog::Guard guard_;
};

}  // namespace sekisho::gateway
