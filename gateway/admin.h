// The admin listener: health, metrics, the admin API, and checks for gateways that stand elsewhere.
//
// Health is anybody's. All else is for whoever shows a token whose role allows it; where the settings name no
// tokens the listener is local (they refuse any other address), and whoever reaches it may do all. What is
// done is on record with the token's name.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>

#include "gateway/admin_api.h"
#include "gateway/door.h"
#include "gateway/session.h"

namespace sekisho::gateway {

class Admin {
 public:
  Admin(asio::io_context& context, Watchdog& dog, AdminDesk desk);
  config::Address listen(const config::Address& address);  // port 0 takes a free one
  void start();
  void stop();

 private:
  Task<> serve(net::Stream stream);
  Task<http::Response> answer(http::Request request);
  Task<http::Response> act(const http::Request& request);

  asio::io_context& context_;
  const AdminDesk desk_;
  AdminApi api_;
  SessionHouse house_;
  std::unique_ptr<Door> door_;
};

}  // namespace sekisho::gateway
