// Which server a command goes to: one that is always the same, the master that sentinels name, or the master
// of a slot. A RedisLink has one of these and knows no difference.
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

#include "cache/redis_connection.h"
#include "cache/redis_slots.h"
#include "cache/task.h"
#include "config/settings.h"

namespace sekisho::cache {

// Where a command that was refused is sent next.
struct Route {
  ConnectionPtr to;  // null: whoever has its key by then
  bool asking = false;
  std::chrono::milliseconds pause{0};  // before that
};

// A master of a cluster, and which slots it has: in words ("0-5460 5462-5462"), and the first of them.
struct Share {
  std::string run_id, slots;
  std::uint16_t first_slot = 0;
};

class RedisNodes {
 public:
  virtual ~RedisNodes() = default;

  virtual void start() = 0;
  virtual void stop() = 0;

  // Every key has a master, and each of them is connected.
  virtual bool up() const = 0;
  // Why it is not, as far as one connection can tell; empty: nobody knows.
  virtual std::string trouble() const { return ""; }
  // Whoever has this key; any master for an empty key. Null when that one is not connected.
  virtual ConnectionPtr of(std::string_view key) const = 0;
  // Each master once; none at all while one is missing.
  virtual std::vector<ConnectionPtr> masters() const = 0;
  // Of each master, on a cluster; none at all while one is missing.
  virtual std::vector<Share> shares() const { return {}; }
  // Whether some slot is on its way from one master to another. Nothing: nobody can tell.
  virtual Task<std::optional<bool>> some_slot_moves() { co_return false; }
  // Which server has which keys, in words to be compared. Empty: some are on their way, or nobody can tell.
  virtual Task<std::string> layout() = 0;

  // A server refused a command, for the `tries`th time, and did nothing of it. Takes note, and says where to
  // send it again; nothing: nowhere.
  virtual std::optional<Route> refused(const Refusal& refusal, int tries) = 0;

  std::function<void(bool up)> on_change;
  std::function<void(double seconds)> on_reply;

 protected:
  // Tells a change of up(), once.
  void tell(bool up) {
    if (told_ == up) return;
    told_ = up;
    if (on_change) on_change(up);
  }

 private:
  bool told_ = false;
};

std::shared_ptr<RedisNodes> make_nodes(boost::asio::any_io_executor executor,
                                       const config::RedisSettings& settings);

}  // namespace sekisho::cache
