// The link to Redis, whatever stands behind its URL: one server, a master that sentinels name, or a cluster.
//
// It decides which connection a command goes to (cache/redis_nodes.h), and sends again what a server refused
// because it was not, or no longer, the one for it: that was not done, for certain. What was sent and not
// answered is never sent again.
//
// Used by one thread only: that of its executor.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cache/redis_answer.h"
#include "cache/scripts.h"
#include "cache/task.h"
#include "config/settings.h"

namespace sekisho::cache {

class RedisNodes;
struct Share;

class RedisLink {
 public:
  RedisLink(boost::asio::any_io_executor executor, config::RedisSettings settings);
  ~RedisLink();

  void start();  // connects, and connects again for as long as it is not stopped
  void stop();
  // Every key can be reached. In a cluster some can be while this is false; their commands are sent.
  bool up() const;
  std::string trouble() const;  // why it is not, as far as is known
  double last_roundtrip_seconds() const { return last_roundtrip_seconds_; }
  // Of the server that a command for this key would go to now: a new one for each process, so a restart and a
  // failover show. Known before any command of a caller is sent there; empty when it is not connected. Copy
  // it before you wait for anything.
  const std::string& run_id(std::string_view key = {}) const;
  // The run ids of all masters, sorted; empty while one is missing.
  std::string servers() const;
  // On a cluster, each master and its slots; none at all while one is missing.
  std::vector<Share> shares() const;
  // Whether some slot is on its way from one master to another; nothing: nobody can tell. Looks anew who has
  // which.
  Task<std::optional<bool>> some_slot_moves();
  bool clustered() const { return settings_.setup == config::RedisSettings::Setup::cluster; }

  Task<RedisAnswer> call(Command command);
  Task<RedisAnswer> call(Command command, std::chrono::milliseconds deadline);
  // All are on their way at once, whichever servers they go to; waits for all.
  Task<std::vector<RedisAnswer>> call_all(std::vector<Command> commands);
  // To the server that has this key: for commands that name none and are about a server (INFO).
  Task<RedisAnswer> call_beside(std::string key, Command command, std::chrono::milliseconds deadline);
  // An answer from each master; empty when one is missing.
  Task<std::vector<RedisAnswer>> call_every_master(Command command);
  // Sends and does not wait: for what may be done twice, and is known by the answer to what was sent after it
  // for the same key.
  void post(const Command& command);
  // A script, as EVALSHA; one that the server does not know is told it.
  Task<RedisAnswer> run(const Script& script, Command call);
  // The same for the first of these; the others go right behind it.
  Task<std::vector<RedisAnswer>> run_all(const Script& script, std::vector<Command> commands);
  Task<RedisAnswer> run(const Script& script, const std::vector<std::string>& keys,
                        const std::vector<std::string>& args);
  // Every key that matches, of every master, each once; some may be gone by then. A key that is there from
  // beginning to end is not missed, wherever it is moved meanwhile. Nothing when a master cannot be reached.
  Task<std::optional<std::vector<std::string>>> keys_matching(std::string pattern);

  // Waits until the link is up, at most this long.
  Task<bool> wait_up(std::chrono::milliseconds at_most);

  std::function<void(bool up)> on_change;        // told when the link comes up or goes down
  std::function<void(double seconds)> on_reply;  // told each round trip

 private:
  using Clock = std::chrono::steady_clock;

  Task<std::vector<RedisAnswer>> send_all(const std::vector<Command>& commands);
  Task<RedisAnswer> teach(const Script& script, const Command& command);
  Task<RedisAnswer> send_again(const Command& command, Clock::time_point until, RedisAnswer refused);
  Task<> post_again(Command command, RedisAnswer refused);
  Task<> pause(std::chrono::milliseconds time);

  boost::asio::any_io_executor executor_;
  const config::RedisSettings settings_;
  const std::shared_ptr<RedisNodes> nodes_;
  double last_roundtrip_seconds_ = 0;
};

}  // namespace sekisho::cache
