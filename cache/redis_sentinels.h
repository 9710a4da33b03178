// The master that sentinels name, followed through failovers.
//
// Every sentinel is asked four times a second who the master is, and in which epoch it became that. The
// newest epoch counts: a sentinel that was cut off may still name the one before. Whoever is named must say
// itself that it is a master, when it is connected and again each second; a connection to anyone else is hung
// up. With no sentinel to be heard, a master that is connected stays, and nobody new is connected to.
//
// The sentinels themselves are not authenticated against unless they ask for it; then by the same words.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cache/redis_nodes.h"
#include "cache/sentinel_word.h"

namespace sekisho::cache {

class RedisSentinels : public RedisNodes, public std::enable_shared_from_this<RedisSentinels> {
 public:
  RedisSentinels(boost::asio::any_io_executor executor, const config::RedisSettings& settings);

  void start() override;
  void stop() override;
  bool up() const override { return master_->up(); }
  ConnectionPtr of(std::string_view key) const override;
  std::vector<ConnectionPtr> masters() const override;
  Task<std::string> layout() override;
  std::optional<Route> refused(const Refusal& refusal, int tries) override;

 private:
  struct Sentinel {
    ConnectionPtr link;
    boost::asio::steady_timer pause;
  };

  Task<> listen_to(std::size_t index);
  Task<> ask(std::size_t index);
  Task<> keep_asking_role();
  void choose();
  void hurry();

  boost::asio::any_io_executor executor_;
  const std::string name_;
  std::vector<Sentinel> sentinels_;
  std::vector<std::optional<Named>> said_;
  std::optional<config::Address> chosen_;
  ConnectionPtr master_;
  boost::asio::steady_timer role_pause_;
  bool stopped_ = false;
};

}  // namespace sekisho::cache
