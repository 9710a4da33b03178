#include "gateway/carrier.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "cache/net/stream.h"
#include "gateway/http/writer.h"

namespace sekisho::gateway {
using asio::ip::tcp;
using boost::system::error_code;

namespace {

http::ReadLimits answer_limits() {
  return {.header_bytes = 64 * 1024, .headers = 200, .body_bytes = 16 * 1024 * 1024};
}

}  // namespace

// One connection; lives in the pool between orders.
class CarrierPool::Connection final : public Watched {
 public:
  Connection(asio::any_io_executor executor, Watchdog& dog, const policy::Endpoint& endpoint)
      : stream(executor), reader(answer_limits()), endpoint(endpoint), guard_(dog, *this) {}

  void expire() override {
    expired = true;
    stream.close();
  }

  // Connected, and under TLS where that is wanted: whom we speak to is certain before a byte of an order
  // leaves.
  Task<bool> connect(std::chrono::milliseconds timeout, const config::TlsContext& tls, std::string& why_not) {
    arm(timeout);
    bool good = co_await connect_socket();
    why_not = "no connection to the carrier";
    if (good && tls) {
      good = co_await stream.connect_tls(tls, endpoint.host);
      if (!good) why_not = "no TLS connection to the carrier: " + stream.trouble();
    }
    disarm();
    co_return good;
  }

  net::Stream stream;
  http::ResponseReader reader;
  const policy::Endpoint& endpoint;
  bool expired = false;
  std::string out;

 private:
  Task<bool> connect_socket() {
    auto& socket = stream.socket();
    error_code failed;
    std::vector<tcp::endpoint> candidates;
    const auto literal = asio::ip::make_address(endpoint.host, failed);
    if (!failed) {
      candidates.emplace_back(literal, endpoint.port);
    } else {
      tcp::resolver resolver(socket.get_executor());
      const auto found = co_await resolver.async_resolve(endpoint.host, std::to_string(endpoint.port),
                                                         asio::redirect_error(asio::use_awaitable, failed));
      if (!failed)
        for (const auto& entry : found) candidates.push_back(entry.endpoint());
    }
    for (const auto& address : candidates) {
      const asio::generic::stream_protocol::endpoint candidate(address);
      co_await socket.async_connect(candidate, asio::redirect_error(asio::use_awaitable, failed));
      if (!failed || expired) break;
      error_code ignored;
      socket.close(ignored);
    }
    if (failed || candidates.empty()) co_return false;
    socket.set_option(tcp::no_delay(true), failed);
    co_return true;
  }

  Watchdog::Guard guard_;
};

CarrierPool::CarrierPool(asio::any_io_executor executor, Watchdog& dog,
                         std::shared_ptr<const policy::Carrier> carrier, config::TlsContext tls)
    : executor_(std::move(executor)), dog_(dog), carrier_(std::move(carrier)), tls_(std::move(tls)) {}

CarrierPool::~CarrierPool() = default;

void CarrierPool::close_idle() { idle_.clear(); }

std::unique_ptr<CarrierPool::Connection> CarrierPool::take_idle() {
  while (!idle_.empty()) {
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    // The carrier closed it, or sent something unasked, while it lay idle: then it is not used.
    if (!connection->stream.spoiled()) return connection;
  }
  return nullptr;
}

// At most `connections` orders are with the carrier at once; the others wait, as long as one answer may take.
Task<bool> CarrierPool::wait_for_turn() {
  if (busy_ < carrier_->connections) {
    ++busy_;
    co_return true;
  }
  asio::steady_timer turn(executor_);
  turn.expires_after(carrier_->response_timeout);
  waiting_.push_back({&turn, Watched::Clock::now()});
  error_code woken;
  co_await turn.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  // Whoever wakes us took us off the queue and left us its turn; also when our time ran out at that very
  // moment.
  const auto still_waiting = std::erase_if(waiting_, [&](const Waiting& one) { return one.turn == &turn; });
  co_return still_waiting == 0;
}

Watched::Clock::duration CarrierPool::queue_delay() const {
  if (waiting_.empty()) return {};
  return Watched::Clock::now() - waiting_.front().since;
}

Task<std::unique_ptr<CarrierPool::Connection>> CarrierPool::take(std::string& why_not) {
  if (auto idle = take_idle()) co_return idle;
  for (std::size_t tried = 0; tried < carrier_->endpoints.size(); ++tried) {
    const auto& endpoint = carrier_->endpoints[next_endpoint_++ % carrier_->endpoints.size()];
    auto fresh = std::make_unique<Connection>(executor_, dog_, endpoint);
    const bool connected = co_await fresh->connect(carrier_->connect_timeout, tls_, why_not);
    if (on_handshake && fresh->stream.secure()) on_handshake(connected);
    if (connected) co_return fresh;
  }
  co_return nullptr;
}

void CarrierPool::give_back(std::unique_ptr<Connection> connection) {
  if (connection) idle_.push_back(std::move(connection));
  if (waiting_.empty()) {
    --busy_;
  } else {
    auto* next = waiting_.front().turn;
    waiting_.pop_front();
    next->cancel();
  }
}

Task<CarrierAnswer> CarrierPool::forward(const Permit&, http::Request request) {
  CarrierAnswer answer;
  if (!co_await wait_for_turn()) {
    answer.reason = policy::Reason::overloaded;
    answer.detail = "all connections to the carrier are busy";
    co_return answer;
  }
  auto connection = co_await take(answer.detail);
  if (!connection) {
    give_back(nullptr);
    co_return answer;
  }
  for (const auto& [name, value] : carrier_->headers) request.headers.set(name, value);
  request.target = connection->endpoint.base_path + request.target;

  auto& out = connection->out;
  out.clear();
  http::write(out, request, connection->endpoint.authority());
  connection->reader.expect(request.method == "HEAD");
  connection->arm(carrier_->response_timeout);
  error_code failed;
  const auto written = co_await connection->stream.write(out, failed);
  if (failed && written == 0) {
    // Not one byte left this machine.
    answer.detail = "the carrier closed the connection before anything was sent";
    give_back(nullptr);
    co_return answer;
  }

  // From here on the carrier may have acted, whatever we hear back.
  answer.kind = CarrierAnswer::Kind::unknown;
  auto progress = http::Progress::need_more;
  while (!failed && progress != http::Progress::message_done && progress != http::Progress::failed) {
    const auto space = connection->reader.space();
    const auto bytes = co_await connection->stream.read_some(space, failed);
    if (failed == asio::error::eof) {
      connection->reader.end_of_stream();
      progress = connection->reader.advance();
      break;
    }
    connection->reader.commit(bytes);
    do progress = connection->reader.advance();
    while (progress == http::Progress::head_done);
  }
  connection->disarm();
  if (connection->expired) {
    answer.reason = policy::Reason::carrier_timeout;
    answer.detail = "no whole answer within the time limit";
  } else if (progress == http::Progress::message_done) {
    answer.kind = CarrierAnswer::Kind::answered;
    answer.response = connection->reader.take();
  } else if (progress == http::Progress::failed) {
    answer.reason = policy::Reason::carrier_malformed;
    answer.detail = connection->reader.failure().detail;
  } else {
    answer.reason = policy::Reason::carrier_malformed;
    answer.detail = "the carrier closed the connection before its answer was whole";
  }
  const bool reusable = answer.kind == CarrierAnswer::Kind::answered && !failed &&
                        answer.response.keep_alive && !connection->reader.surplus();
  if (!reusable) connection.reset();
  give_back(std::move(connection));
  co_return answer;
}

}  // namespace sekisho::gateway
