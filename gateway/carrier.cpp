#include "gateway/carrier.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "gateway/carrier_connection.h"
#include "gateway/http/writer.h"

namespace sekisho::gateway {
using boost::system::error_code;

CarrierPool::CarrierPool(asio::any_io_executor executor, Watchdog& dog,
                         std::shared_ptr<const policy::Carrier> carrier, config::TlsContext tls)
    : executor_(std::move(executor)), dog_(dog), carrier_(std::move(carrier)), tls_(std::move(tls)) {}

CarrierPool::~CarrierPool() = default;

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

// A connection on which this request is the next message; or why there is none.
Task<std::unique_ptr<CarrierPool::Connection>> CarrierPool::connect_for(http::Request& request,
                                                                        CarrierAnswer& answer) {
  const bool our_turn = co_await wait_for_turn();
  if (!our_turn) {
    answer.reason = policy::Reason::overloaded;
    answer.detail = "all connections to the carrier are busy";
    co_return nullptr;
  }
  auto connection = co_await take(answer.detail);
  if (!connection) {
    give_back(nullptr);
    co_return nullptr;
  }
  answer.endpoint = &connection->endpoint;
  for (const auto& [name, value] : carrier_->headers) request.headers.set(name, value);
  request.target = connection->endpoint.base_path + request.target;
  connection->out.clear();
  connection->reader.expect(request.method == "HEAD");
  connection->arm(carrier_->response_timeout);
  co_return connection;
}

Task<CarrierAnswer> CarrierPool::forward(const Permit&, http::Request request) {
  CarrierAnswer answer;
  auto connection = co_await connect_for(request, answer);
  if (!connection) co_return answer;
  http::write(connection->out, request, connection->endpoint.authority());
  error_code failed;
  const auto written = co_await connection->stream.write(connection->out, failed);
  if (failed && written == 0) {
    // Not one byte left this machine.
    answer.detail = "the carrier closed the connection before anything was sent";
    give_back(nullptr);
    co_return answer;
  }

  // From here on the carrier may have acted, whatever we hear back.
  auto progress = http::Progress::need_more;
  if (!failed) progress = co_await connection->read_on(failed);
  while (progress == http::Progress::head_done) progress = co_await connection->read_on(failed);
  connection->disarm();
  if (progress == http::Progress::message_done && !connection->expired) {
    answer.kind = CarrierAnswer::Kind::answered;
    answer.response = connection->reader.take();
  } else {
    connection->explain(progress, answer);
  }
  const bool reusable = answer.kind == CarrierAnswer::Kind::answered && !failed &&
                        connection->reusable(answer.response.keep_alive);
  if (!reusable) connection.reset();
  give_back(std::move(connection));
  co_return answer;
}

}  // namespace sekisho::gateway
