// The admin listener: health, metrics, status, reload. On loopback or a unix socket; nothing here needs a
// token yet, so settings refuse any other address.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/settings.h"
#include "gateway/session.h"

namespace sekisho::gateway {

// What the admin listener can ask and do.
struct AdminDesk {
  std::function<std::vector<std::string>()> why_not_ready;
  std::function<std::vector<std::string>()> degraded;
  std::function<std::string()> metrics_text;
  std::function<std::string()> status_json;
  std::function<Task<config::Errors>()> reload;
};

class Admin {
 public:
  Admin(asio::io_context& context, Watchdog& dog, AdminDesk desk);
  config::Address listen(const config::Address& address);  // port 0 takes a free one
  void start();
  void stop();

 private:
  template <class Acceptor>
  Task<> accept(Acceptor& acceptor);
  Task<> serve(asio::generic::stream_protocol::socket socket);
  Task<http::Response> answer(const http::Request& request);

  asio::io_context& context_;
  const AdminDesk desk_;
  SessionHouse house_;
  std::unique_ptr<asio::ip::tcp::acceptor> tcp_;
  std::unique_ptr<asio::local::stream_protocol::acceptor> unix_;
  bool stopped_ = false;
};

}  // namespace sekisho::gateway
