#include "gateway/carrier_connection.h"

#include "cache/net/connect.h"

namespace sekisho::gateway {
using boost::system::error_code;

namespace {

http::ReadLimits answer_limits() {
  return {.header_bytes = 64 * 1024, .headers = 200, .body_bytes = 16 * 1024 * 1024};
}

}  // namespace

CarrierPool::Connection::Connection(asio::any_io_executor executor, Watchdog& dog,
                                    const policy::Endpoint& endpoint)
    : stream(executor), reader(answer_limits()), endpoint(endpoint), guard_(dog, *this) {}

void CarrierPool::Connection::expire() {
  expired = true;
  stream.close();
}

Task<bool> CarrierPool::Connection::connect(std::chrono::milliseconds timeout, const config::TlsContext& tls,
                                            std::string& why_not) {
  arm(timeout);
  bool good = co_await net::connect(stream.socket(), endpoint.host, endpoint.port, expired);
  if (!good) {
    why_not = "no connection to the carrier";
  } else if (tls) {
    good = co_await stream.connect_tls(tls, endpoint.host);
    if (!good) why_not = "no TLS connection to the carrier: " + stream.trouble();
  }
  disarm();
  co_return good;
}

void CarrierPool::Connection::explain(http::Progress progress, CarrierAnswer& answer) const {
  answer.kind = CarrierAnswer::Kind::unknown;
  answer.reason = expired ? policy::Reason::carrier_timeout : policy::Reason::carrier_malformed;
  answer.detail = expired ? "no whole answer within the time limit"
                  : progress == http::Progress::failed
                      ? reader.failure().detail
                      : "the carrier closed the connection before its answer was whole";
}

Task<http::Progress> CarrierPool::Connection::read_on(error_code& failed) {
  auto progress = reader.advance();
  while (progress == http::Progress::need_more && !failed) {
    const auto space = reader.space();
    const auto bytes = co_await stream.read_some(space, failed);
    if (failed == asio::error::eof)
      reader.end_of_stream();
    else if (failed)
      co_return progress;
    reader.commit(bytes);
    progress = reader.advance();
  }
  co_return progress;
}

}  // namespace sekisho::gateway
