// The carrier behind the gate: a pool of connections, and what is certain about a message that was given to
// them.
//
// A message is sent at most once. Whatever goes wrong before its first byte was written is `unsent`: nothing
// can have happened at the carrier. Whatever goes wrong after that is `unknown`: it may have. Only a whole,
// well-formed answer is `answered`.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cache/task.h"
#include "config/tls_context.h"
#include "gateway/body_stream.h"
#include "gateway/http/message.h"
#include "gateway/http/reader.h"
#include "gateway/watchdog.h"
#include "policy/adapter.h"

namespace sekisho::gateway {

using cache::Task;
namespace asio = boost::asio;

class Pipeline;
class Poller;

// Proof that a call may go to the carrier: decided, held (where it hands out) and on record. Only the
// pipeline, which sees to all three, can make one (and the poller, whose questions change nothing), and a
// carrier takes nothing without it.
class Permit {
 public:
  const std::string& decision() const { return decision_; }

 private:
  friend class Pipeline;
  friend class Poller;           // whose questions hand nothing out
  friend struct PermitForTests;  // the carrier alone, without a pipeline
  explicit Permit(std::string decision) : decision_(std::move(decision)) {}
  std::string decision_;
};

struct CarrierAnswer {
  enum class Kind { answered, unsent, unknown };
  Kind kind = Kind::unsent;
  policy::Reason reason = policy::Reason::carrier_unreachable;  // unless answered
  std::string detail;
  const policy::Endpoint* endpoint = nullptr;  // that it was sent to; the carrier's. Null: to none
  http::Response response;                     // when answered
  std::shared_ptr<BodyStream> body;            // of a call that passed: it is yet to come
};

// One worker's connections to one carrier.
class CarrierPool : public std::enable_shared_from_this<CarrierPool> {
 public:
  // `tls`: what every connection is secured by; null: nothing.
  CarrierPool(asio::any_io_executor executor, Watchdog& dog, std::shared_ptr<const policy::Carrier> carrier,
              config::TlsContext tls = nullptr);
  ~CarrierPool();

  Task<CarrierAnswer> forward(const Permit& permit, http::Request request);
  // For calls that pass: `body` follows the head (null: it has none), and the answer's body is handed on as
  // it comes. A pool that does this is owned by a shared_ptr.
  Task<CarrierAnswer> pass(const Permit& permit, http::Request head, BodyStream* body);
  // How long whoever came first waits by now for one of them.
  Watched::Clock::duration queue_delay() const;

  std::function<void(bool good)> on_handshake;  // told of each, under TLS

 private:
  class Connection;
  class PassingBody;
  Task<std::unique_ptr<Connection>> connect_for(http::Request& request, CarrierAnswer& answer);
  Task<bool> send_on(Connection& connection, const http::Request& head, BodyStream* body);
  Task<std::unique_ptr<Connection>> take(std::string& why_not);
  std::unique_ptr<Connection> take_idle();
  void give_back(std::unique_ptr<Connection> connection);
  Task<bool> wait_for_turn();

  asio::any_io_executor executor_;
  Watchdog& dog_;
  const std::shared_ptr<const policy::Carrier> carrier_;
  const config::TlsContext tls_;
  std::vector<std::unique_ptr<Connection>> idle_;
  struct Waiting {
    asio::steady_timer* turn;
    Watched::Clock::time_point since;
  };
  std::deque<Waiting> waiting_;
  std::size_t busy_ = 0;
  std::size_t next_endpoint_ = 0;
};

}  // namespace sekisho::gateway
