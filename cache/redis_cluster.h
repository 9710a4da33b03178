// The masters of a cluster: each slot's commands go to the one that has it.
//
// The map of the slots is asked for once a second, from a node that says the cluster is well, and at once
// when a server sends a command elsewhere or a connection breaks. A node that neither the map nor a
// redirection names any more is let go when its last answer is there.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cache/redis_nodes.h"

namespace sekisho::cache {

class RedisCluster : public RedisNodes, public std::enable_shared_from_this<RedisCluster> {
 public:
  RedisCluster(boost::asio::any_io_executor executor, const config::RedisSettings& settings);

  void start() override;
  void stop() override;
  bool up() const override;
  ConnectionPtr of(std::string_view key) const override;
  std::vector<ConnectionPtr> masters() const override;
  std::vector<Share> shares() const override;
  Task<std::optional<bool>> some_slot_moves() override;
  Task<std::string> layout() override;
  std::optional<Route> refused(const Refusal& refusal, int tries) override;

 private:
  using Clock = std::chrono::steady_clock;
  struct Node {
    ConnectionPtr link;
    Clock::time_point needed;  // when the map or a redirection last named it
  };
  struct Owner {
    std::uint16_t first, last;  // its slots
    ConnectionPtr link;
  };

  Task<> keep_map();
  Task<bool> refresh();
  void take(SlotMap map);
  void refresh_soon();
  void forget_unneeded();
  void ask_everybody_known();
  ConnectionPtr node(const config::Address& at);
  std::vector<ConnectionPtr> connected() const;
  void changed();

  boost::asio::any_io_executor executor_;
  const Introduction introduction_;
  const std::vector<config::Address> seeds_;
  std::map<std::string, Node> nodes_;  // by address
  SlotMap map_;
  std::vector<Owner> owners_;  // of map_, in the order of their slots
  bool complete_ = false;      // every slot has one
  boost::asio::steady_timer pause_;
  std::size_t turn_ = 0;  // whom to ask next
  bool stopped_ = false;
  bool soon_ = false, may_be_woken_ = false;  // look again soon; and keep_map() may be woken for it
};

}  // namespace sekisho::cache
