// Asks the carrier by itself about orders that wait, where the adapter switches it on (`poll`). Of several
// gateways one asks. Lives on one worker's thread.
#pragma once

#include <boost/asio/steady_timer.hpp>

#include "gateway/earlier_orders.h"
#include "gateway/pipeline.h"

namespace sekisho::gateway {

class Poller {
 public:
  Poller(Desk& desk, const cache::Books& epochs) : desk_(desk), epochs_(epochs), pause_(desk.executor) {}
  void start();
  void stop();

 private:
  Task<> run();
  Task<> look_for_orders();  // that wait already: after a start, or when Redis has forgotten
  Task<> ask(policy::RouteMatch whom, std::shared_ptr<const config::Installation> site,
             cache::WaitingOrder order);

  Desk& desk_;
  const cache::Books& epochs_;
  asio::steady_timer pause_;
  std::uint64_t looked_in_ = 0;  // epoch
  bool stopped_ = false;
};

// "/v1/orders/o-7" for the order's id in its place; the id is written so that it is one segment or value.
std::string target_about(const policy::Route& route, std::string_view order_id);

}  // namespace sekisho::gateway
