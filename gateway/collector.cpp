#include "gateway/collector.h"

#include "cache/net/connect.h"
#include "cache/net/stream.h"
#include "gateway/http/reader.h"
#include "gateway/http/writer.h"

namespace sekisho::gateway {
using boost::system::error_code;
using http::Progress;

namespace {

http::ReadLimits answer_limits() { return {.body_bytes = 256 * 1024}; }

}  // namespace

class Collector::Connection final : public Watched {
 public:
  Connection(asio::any_io_executor executor, Watchdog& dog)
      : stream(executor), reader(answer_limits()), guard_(dog, *this) {}

  void expire() override {
    expired = true;
    stream.close();
  }

  net::Stream stream;
  http::ResponseReader reader;
  std::string out;
  bool expired = false;

 private:
  Watchdog::Guard guard_;
};

Collector::Collector(asio::any_io_executor executor, Watchdog& dog, const config::TraceSettings& settings)
    : executor_(std::move(executor)), dog_(dog), settings_(settings) {}

Collector::~Collector() = default;

void Collector::give_up() {
  given_up_ = true;
  if (connection_) connection_->expire();
}

// The files are small, and read seldom: with each connection, so that a new certificate needs no word to us.
Task<bool> Collector::connect(std::string& why_not) {
  const auto& to = *settings_.collector;
  config::TlsContext tls;
  try {
    if (to.tls) tls = config::client_context(settings_.tls);
  } catch (const config::TlsError& wrong) {
    why_not = wrong.file.string() + ": " + wrong.what();
    co_return false;
  }
  auto& connection = *connection_;
  const bool connected =
      co_await net::connect(connection.stream.socket(), to.host, to.port, connection.expired);
  if (!connected) why_not = "no connection";
  if (!connected || !tls) co_return connected;
  const bool secure = co_await connection.stream.connect_tls(tls, to.host);
  if (!secure) why_not = "no TLS connection: " + connection.stream.trouble();
  co_return secure;
}

Task<CollectorAnswer> Collector::send(std::string body) {
  CollectorAnswer answer;
  if (given_up_) {
    answer.why = "it was given up";
    co_return answer;
  }
  if (connection_ && (connection_->expired || connection_->stream.spoiled())) connection_.reset();
  const bool fresh = !connection_;
  if (fresh) connection_ = std::make_unique<Connection>(executor_, dog_);
  auto& connection = *connection_;
  connection.arm(settings_.timeout);
  bool good = true;
  if (fresh) good = co_await connect(answer.why);
  error_code failed;
  auto progress = Progress::need_more;
  if (good) {
    const auto& to = *settings_.collector;
    http::Request request;
    request.method = "POST";
    request.target = to.base_path + "/v1/traces";
    for (const auto& [name, value] : settings_.headers) request.headers.set(name, value);
    request.headers.set("Content-Type", "application/json");
    request.body = std::move(body);
    connection.out.clear();
    http::write(connection.out, request, to.authority());
    connection.reader.expect(false);
    co_await connection.stream.write(connection.out, failed);
  }
  while (good && !failed && progress != Progress::message_done && progress != Progress::failed) {
    progress = connection.reader.advance();
    if (progress != Progress::need_more) continue;
    const auto space = connection.reader.space();
    const auto bytes = co_await connection.stream.read_some(space, failed);
    if (failed == asio::error::eof) {
      connection.reader.end_of_stream();
      progress = connection.reader.advance();
    }
    if (!failed) connection.reader.commit(bytes);
  }
  connection.disarm();
  if (progress != Progress::message_done) {
    if (connection.expired)
      answer.why = "no answer in time";
    else if (good)
      answer.why =
          progress == Progress::failed ? connection.reader.failure().detail : "it closed the connection";
    connection_.reset();
    co_return answer;
  }
  const auto response = connection.reader.take();
  if (!response.keep_alive || failed || connection.reader.surplus()) connection_.reset();
  co_return understood(response, std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()));
}

}  // namespace sekisho::gateway
