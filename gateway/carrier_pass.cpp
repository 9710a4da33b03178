// Calls that pass: both bodies go through piece by piece.
#include "gateway/carrier_connection.h"
#include "gateway/http/writer.h"

namespace sekisho::gateway {
using boost::system::error_code;
using http::Progress;

// The body of an answer, and the connection that it comes over: that goes back to the pool with the last
// piece, and is closed when it was not read to its end.
class CarrierPool::PassingBody final : public BodyStream {
 public:
  PassingBody(std::shared_ptr<CarrierPool> pool, std::unique_ptr<Connection> connection, bool keep_alive)
      : pool_(std::move(pool)), connection_(std::move(connection)), keep_alive_(keep_alive) {
    length_ = connection_->reader.body_length();
  }
  ~PassingBody() override {
    if (!over_) pool_->give_back(nullptr);
  }

  std::optional<std::uint64_t> length() const override { return length_; }

  Task<bool> next(std::string& piece) override {
    piece.clear();
    if (over_) co_return true;
    auto& reader = connection_->reader;
    connection_->arm(pool_->carrier_->response_timeout);
    error_code failed;
    auto progress = reader.advance();
    reader.take_piece(piece);
    while (progress == Progress::need_more && piece.empty() && !failed) {
      const auto space = reader.space();
      const auto bytes = co_await connection_->stream.read_some(space, failed);
      if (failed == asio::error::eof) reader.end_of_stream();
      reader.commit(bytes);
      if (!failed || failed == asio::error::eof) progress = reader.advance();
      reader.take_piece(piece);
    }
    connection_->disarm();
    if (progress == Progress::message_done) {
      end(!failed);
      co_return true;
    }
    co_return progress == Progress::need_more && !failed;
  }

 private:
  void end(bool good) {
    over_ = true;
    const bool closes = !connection_->reader.take().keep_alive;  // where only the stream's end ended it
    if (!good || closes || !connection_->reusable(keep_alive_)) connection_.reset();
    pool_->give_back(std::move(connection_));
  }

  const std::shared_ptr<CarrierPool> pool_;
  std::unique_ptr<Connection> connection_;
  std::optional<std::uint64_t> length_;
  const bool keep_alive_;
  bool over_ = false;
};

// Sends the head and then each piece as it comes. False: the caller's part broke off, so that the carrier's
// must too. A carrier that takes no more may have answered already: that is read all the same.
Task<bool> CarrierPool::send_on(Connection& connection, const http::Request& head, BodyStream* body) {
  auto& out = connection.out;
  const bool chunked = body && !body->length();
  if (body)
    http::write_head(out, head, connection.endpoint.authority(), body->length());
  else
    http::write(out, head, connection.endpoint.authority());
  std::string piece;
  error_code failed;
  while (body && !failed) {
    const bool good = co_await body->next(piece);
    if (!good) co_return false;
    if (chunked)
      http::write_chunk(out, piece);
    else
      out += piece;
    if (piece.empty()) break;
    connection.arm(carrier_->response_timeout);  // for each piece: it may be long
    co_await connection.stream.write(out, failed);
    out.clear();
  }
  if (!failed && !out.empty()) co_await connection.stream.write(out, failed);
  co_return true;
}

Task<CarrierAnswer> CarrierPool::pass(const Permit&, http::Request head, BodyStream* body) {
  CarrierAnswer answer;
  const auto self = shared_from_this();
  auto connection = co_await connect_for(head, answer);
  if (!connection) co_return answer;
  connection->reader.hand_on();
  const bool sent = co_await send_on(*connection, head, body);
  connection->arm(carrier_->response_timeout);
  error_code failed;
  auto progress = Progress::need_more;
  if (sent) progress = co_await connection->read_on(failed);
  connection->disarm();
  if (progress != Progress::head_done || connection->expired) {
    connection->explain(progress, answer);
    if (!sent) answer.detail = "the request broke off";
    connection.reset();
    give_back(nullptr);
    co_return answer;
  }
  answer.kind = CarrierAnswer::Kind::answered;
  answer.response = connection->reader.take_head();
  const bool keep_alive = answer.response.keep_alive;
  auto passing = std::make_shared<PassingBody>(self, std::move(connection), keep_alive);
  if (passing->length() != 0) {
    answer.body = std::move(passing);
    co_return answer;
  }
  // Nothing follows (to HEAD, with 204 and 304 too): the connection is free at once.
  std::string nothing;
  co_await passing->next(nothing);
  co_return answer;
}

}  // namespace sekisho::gateway
