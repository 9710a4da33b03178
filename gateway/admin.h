// The admin listener: health, metrics, status, reload.
//
// Health is anybody's. All else is for whoever shows a token whose role allows it; where the settings name no
// tokens the listener is local (they refuse any other address), and whoever reaches it may do all. What is
// done is on record with the token's name.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/installation.h"
#include "gateway/door.h"
#include "gateway/session.h"

namespace sekisho::gateway {

// What the admin listener can ask and do.
struct AdminDesk {
  std::function<std::vector<std::string>()> why_not_ready;
  std::function<std::vector<std::string>()> degraded;
  std::function<std::string()> metrics_text;
  std::function<std::string()> status_json;
  std::function<Task<config::Errors>(std::string by)> reload;
  std::function<std::shared_ptr<const config::Installation>()> site;  // the files in force
};

class Admin {
 public:
  Admin(asio::io_context& context, Watchdog& dog, AdminDesk desk);
  config::Address listen(const config::Address& address);  // port 0 takes a free one
  void start();
  void stop();

 private:
  Task<> serve(net::Stream stream);
  Task<http::Response> answer(const http::Request& request);
  Task<http::Response> act(const http::Request& request, const std::string& by);

  asio::io_context& context_;
  const AdminDesk desk_;
  SessionHouse house_;
  std::unique_ptr<Door> door_;
};

}  // namespace sekisho::gateway
