// One connection to one Redis server, shared by every order of a thread: commands are pipelined, each with
// its own deadline.
//
// The one file that writes RESP (with hiredis as formatter and reader); the socket is Asio's. A command that
// misses its deadline fails alone: its reply, if it still comes, is thrown away, and the commands around it
// live on. A connection that answers nothing at all for a while is closed and made anew.
//
// It knows nothing of other servers: where to connect to, it asks each time anew (cache/redis_nodes.h).
// Used by one thread only: that of its executor. Keeps itself alive for as long as something waits in it.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cache/net/stream.h"
#include "cache/redis_answer.h"
#include "cache/task.h"
#include "config/settings.h"

struct redisReader;

namespace sekisho::cache {

// What a connection says and asks before anybody else may speak.
struct Introduction {
  std::string username, password;
  bool password_may_be_refused = false;  // sentinels often have none
  int database = 0;
  bool only_a_master = false;            // hang up on anything else
  std::optional<config::ClientTls> tls;  // before all this; its files are read at each connection
};

class RedisConnection : public std::enable_shared_from_this<RedisConnection> {
 public:
  using Where = std::function<std::optional<config::Address>()>;
  using Done = std::function<void(RedisAnswer)>;

  RedisConnection(boost::asio::any_io_executor executor, Introduction introduction, Where where);

  void start();  // connects, and connects again for as long as it is not stopped
  void stop();
  void hang_up();  // connects anew at once, to wherever it is told to now; what is under way is in doubt

  bool up() const { return up_; }
  bool idle() const { return pending_.empty(); }
  // Of the process that answers; no two are alike, and a restart makes a new one. Known before it is up;
  // empty when it is not up.
  const std::string& run_id() const;
  const config::Address& address() const { return address_; }  // of the last attempt
  const std::string& trouble() const { return trouble_; }      // why that came to nothing, as far as we know

  // To be awaited at once: the command is not copied. With `asking`, ASKING goes right before it.
  Task<RedisAnswer> call(const Command& command, std::chrono::milliseconds deadline, bool asking = false);
  // `done` is called once, or never when there is none; at once with `unsent` while it is not up.
  void send(const Command& command, std::chrono::milliseconds deadline, Done done);

  std::function<void()> on_change;               // it came up or went down
  std::function<void(double seconds)> on_reply;  // told each round trip

 private:
  using Clock = std::chrono::steady_clock;
  struct Pending {
    Clock::time_point sent, deadline;
    Done done;  // empty: given up; the reply is thrown away
  };

  Task<> keep_connected();
  Task<bool> connect();
  Task<bool> open(config::Address to);
  Task<bool> secure(std::string host);
  void greet();
  Task<> read_replies();
  bool take_reply(RedisAnswer answer);
  void write(const Command& command, std::chrono::milliseconds deadline, Done done);
  void flush();
  Task<> write_rest(std::size_t sent, std::uint64_t mine);
  void watch_deadlines();
  void broken();
  void close();
  void set_up(bool up);

  boost::asio::any_io_executor executor_;
  const Introduction introduction_;
  const Where where_;
  config::Address address_;
  std::string run_id_;
  // One for each attempt: what still waits in an older one ends there.
  std::shared_ptr<net::Stream> stream_;
  std::string trouble_;
  boost::asio::steady_timer retry_, sweep_;
  std::unique_ptr<redisReader, void (*)(redisReader*)> reader_;
  std::deque<Pending> pending_;
  std::string outbox_, sending_;
  Clock::time_point sweep_at_ = Clock::time_point::max();  // when the deadlines are looked at next
  std::uint64_t connection_ = 0;  // counts connections, so that a late handler knows that its own is gone
  bool connected_ = false, up_ = false, stopped_ = false, writing_ = false, flush_posted_ = false;
  bool hurry_ = false;  // the next attempt comes soon, however many have failed
  std::chrono::milliseconds pause_;
};
using ConnectionPtr = std::shared_ptr<RedisConnection>;

}  // namespace sekisho::cache
