// One connection to a carrier, plain or under TLS; lives in the pool between orders. For
// gateway/carrier*.cpp.
#pragma once

#include <string>

#include "cache/net/stream.h"
#include "gateway/carrier.h"

namespace sekisho::gateway {

class CarrierPool::Connection final : public Watched {
 public:
  Connection(asio::any_io_executor executor, Watchdog& dog, const policy::Endpoint& endpoint);

  void expire() override;

  // Connected, and under TLS where that is wanted: whom we speak to is certain before a byte of an order
  // leaves.
  Task<bool> connect(std::chrono::milliseconds timeout, const config::TlsContext& tls, std::string& why_not);

  // Reads until the answer's head is there, or it is over; `need_more`: the connection ended before.
  Task<http::Progress> read_on(boost::system::error_code& failed);

  // After a whole answer: whether the next order may use it.
  bool reusable(bool keep_alive) const { return keep_alive && !expired && !reader.surplus(); }

  // Why there is no whole answer: `progress` is how far it came.
  void explain(http::Progress progress, CarrierAnswer& answer) const;

  net::Stream stream;
  http::ResponseReader reader;
  const policy::Endpoint& endpoint;
  bool expired = false;
  std::string out;

 private:
  Watchdog::Guard guard_;
};

}  // namespace sekisho::gateway
