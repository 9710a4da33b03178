// One client connection: requests in, answers out, in order.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <functional>
#include <memory>
#include <string>

#include "cache/task.h"
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
  std::function<Task<http::Response>(http::Request, const Peer&)> handle;  // the peer outlives the call
  std::function<http::Response(const http::ReadFailure&, const http::Headers& read_so_far)> unreadable;
  std::function<bool()> closing;  // answers carry Connection: close
};

class Session final : public Watched {
 public:
  Session(asio::generic::stream_protocol::socket socket, SessionHouse& house, Peer peer);
  Task<> run();
  void expire() override;
  void close_if_idle();  // at a drain: a connection between requests is done
  bool busy() const { return busy_; }

 private:
  enum class Phase { idle, reading, answering };
  Task<bool> next_request(http::Request& request);
  Task<bool> send(http::Response response, bool head_only);

  asio::generic::stream_protocol::socket socket_;
  SessionHouse& house_;
  const Peer peer_;
  http::RequestReader reader_;
  std::string out_;
  Phase phase_ = Phase::idle;
  bool expired_ = false;
  bool busy_ = false;
  Watchdog::Guard guard_;
};

}  // namespace sekisho::gateway
