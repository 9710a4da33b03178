// One connection to Redis, shared by every order of a thread: commands are pipelined, each with its own
// deadline.
//
// The one file that knows hiredis, as a formatter and a reader of RESP; the socket is Asio's. A command that
// misses its deadline fails alone: its reply, if it still comes, is thrown away, and the commands around it
// live on. A link that answers nothing at all for a while is closed and made anew.
//
// Used by one thread only: that of its executor.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cache/scripts.h"
#include "cache/task.h"
#include "config/settings.h"

struct redisReply;
struct redisReader;

namespace sekisho::cache {

struct FreeReply {
  void operator()(redisReply* reply) const;
};

// What came of a command.
struct RedisAnswer {
  enum class Kind {
    reply,    // Redis answered (perhaps with an error)
    unsent,   // there is no connection: Redis never saw it
    in_doubt  // sent, and no answer in time: Redis may have done it
  };
  Kind kind = Kind::unsent;
  std::unique_ptr<redisReply, FreeReply> raw;

  bool ok() const;                               // a reply that is not an error
  std::string error() const;                     // Redis's own words, or why there is no reply
  std::optional<std::string_view> text() const;  // string or status
  std::optional<std::int64_t> integer() const;   // integer, or a string of digits
  std::size_t size() const;                      // elements of an array; 0 otherwise
  std::optional<std::string_view> text(std::size_t index) const;
  std::optional<std::int64_t> integer(std::size_t index) const;
  // Field, value pairs of the array at `index` (a HGETALL inside a script's answer).
  std::vector<std::pair<std::string, std::string>> pairs(std::size_t index) const;
  std::vector<std::pair<std::string, std::string>> pairs() const;
  const redisReply* element(std::size_t index) const;
};

// The same of an inner array.
std::size_t elements(const redisReply* array);
std::int64_t integer_at(const redisReply* array, std::size_t index);
std::string_view text_at(const redisReply* array, std::size_t index);
std::vector<std::string> texts(const redisReply* array);

struct StreamEntry {
  std::string id;
  std::vector<std::pair<std::string, std::string>> fields;
};
StreamEntry stream_entry(const redisReply* entry);  // one element of XRANGE
std::vector<StreamEntry> stream_entries(const RedisAnswer& xread, std::string_view stream);

using Command = std::vector<std::string>;

class RedisLink {
 public:
  RedisLink(boost::asio::any_io_executor executor, config::RedisSettings settings);
  ~RedisLink();

  void start();  // connects, and connects again for as long as it is not stopped
  void stop();
  bool up() const { return up_; }
  double last_roundtrip_seconds() const { return last_roundtrip_seconds_; }

  Task<RedisAnswer> call(Command command);
  Task<RedisAnswer> call(Command command, std::chrono::milliseconds deadline);
  // Sends and does not wait: for what may be done twice, and is known by the answer to what was sent after
  // it.
  void post(const Command& command);
  Task<RedisAnswer> run(const Script& script, std::vector<std::string> keys, std::vector<std::string> args);

  // Waits until the link is up, at most this long.
  Task<bool> wait_up(std::chrono::milliseconds at_most);

  std::function<void(bool up)> on_change;        // told when the link comes up or goes down
  std::function<void(double seconds)> on_reply;  // told each round trip

 private:
  using Clock = std::chrono::steady_clock;
  struct Pending {
    Clock::time_point sent, deadline;
    std::function<void(RedisAnswer)> done;  // empty: given up; the reply is thrown away
  };

  Task<> keep_connected();
  Task<bool> connect();
  Task<> read_replies();
  void send(const Command& command, std::chrono::milliseconds deadline,
            std::function<void(RedisAnswer)> done);
  void flush();
  void watch_deadlines();
  void broken();
  void set_up(bool up);

  boost::asio::any_io_executor executor_;
  const config::RedisSettings settings_;
  boost::asio::generic::stream_protocol::socket socket_;
  boost::asio::steady_timer retry_, sweep_;
  std::unique_ptr<redisReader, void (*)(redisReader*)> reader_;
  std::deque<Pending> pending_;
  std::string outbox_, sending_;
  Clock::time_point sweep_at_ = Clock::time_point::max();  // when the deadlines are looked at next
  std::uint64_t connection_ = 0;  // counts connections, so that a late handler knows that its own is gone
  bool connected_ = false, up_ = false, stopped_ = false, writing_ = false, flush_posted_ = false;
  double last_roundtrip_seconds_ = 0;
};

}  // namespace sekisho::cache
