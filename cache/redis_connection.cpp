#include "cache/redis_connection.h"

#include <hiredis/hiredis.h>

#include <array>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "cache/redis_reader.h"

namespace sekisho::cache {
namespace asio = boost::asio;
using boost::system::error_code;
using namespace std::chrono_literals;

namespace {

// A connection that owes an answer for this long is dead, whatever TCP says.
constexpr auto silence = 500ms;
constexpr auto connect_deadline = 1000ms;
constexpr auto pause_min = 20ms, pause_max = 500ms;  // between two attempts

// The value of "name:value" in what INFO says.
std::string info_field(std::string_view info, std::string_view name) {
  while (!info.empty()) {
    auto line = info.substr(0, info.find('\n'));
    info.remove_prefix(std::min(info.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with(name) && line.substr(name.size()).starts_with(':'))
      return std::string(line.substr(name.size() + 1));
  }
  return "";
}

}  // namespace

RedisConnection::RedisConnection(asio::any_io_executor executor, Introduction introduction, Where where)
    : executor_(executor),
      introduction_(std::move(introduction)),
      where_(std::move(where)),
      stream_(std::make_shared<net::Stream>(executor)),
      retry_(executor),
      sweep_(executor),
      reader_(nullptr, redisReaderFree),
      pause_(pause_min) {}

void RedisConnection::start() {
  // The handler's copy keeps this alive until the coroutine has ended.
  asio::co_spawn(executor_, keep_connected(), [self = shared_from_this()](std::exception_ptr) {});
}

void RedisConnection::stop() {
  stopped_ = true;
  retry_.cancel();
  sweep_.cancel();
  broken();
}

void RedisConnection::hang_up() {
  hurry_ = true;
  retry_.cancel();
  close();
}

const std::string& RedisConnection::run_id() const {
  static const std::string none;
  return up_ ? run_id_ : none;
}

Task<> RedisConnection::keep_connected() {
  while (!stopped_) {
    hurry_ = false;
    const bool connected = co_await connect();
    if (connected && !stopped_) co_await read_replies();
    broken();
    if (stopped_) break;
    retry_.expires_after(hurry_ ? pause_min : pause_);
    error_code ignored;
    co_await retry_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    pause_ = std::min<std::chrono::milliseconds>(pause_ * 2, pause_max);
  }
}

Task<bool> RedisConnection::connect() {
  auto to = where_();
  if (!to) co_return false;
  address_ = *to;
  ++connection_;
  // Nothing may hang here for longer than the deadline: closing the socket ends whatever waits on it.
  sweep_at_ = Clock::time_point::max();
  sweep_.expires_after(connect_deadline);
  sweep_.async_wait([this, self = shared_from_this(), mine = connection_](error_code cancelled) {
    if (!cancelled && mine == connection_ && !connected_) close();
  });
  stream_ = std::make_shared<net::Stream>(executor_);
  stream_->writes_often();
  const bool opened = co_await open(std::move(*to));
  if (!opened || stopped_) co_return false;
  trouble_.clear();
  reader_ = make_redis_reader();
  connected_ = true;
  sweep_.cancel();
  greet();
  co_return true;
}

Task<bool> RedisConnection::open(config::Address to) {
  error_code failed;
  if (!to.unix_path.empty()) {
    const asio::local::stream_protocol::endpoint at(to.unix_path);
    co_await stream_->socket().async_connect(at, asio::redirect_error(asio::use_awaitable, failed));
    co_return !failed;
  }
  auto address = asio::ip::make_address(to.host, failed);
  if (failed) {
    asio::ip::tcp::resolver resolver(executor_);
    const auto found = co_await resolver.async_resolve(to.host, std::to_string(to.port),
                                                       asio::redirect_error(asio::use_awaitable, failed));
    if (failed || found.empty() || stopped_) co_return false;
    address = found.begin()->endpoint().address();
  }
  const asio::ip::tcp::endpoint at(address, to.port);
  co_await stream_->socket().async_connect(at, asio::redirect_error(asio::use_awaitable, failed));
  if (!failed) stream_->socket().set_option(asio::ip::tcp::no_delay(true), failed);
  trouble_ = failed ? failed.message() : "";
  if (failed || !introduction_.tls) co_return !failed;
  co_return co_await secure(std::move(to.host));
}

// The files are small, and read seldom: with each connection, so that a new certificate needs no word to us.
Task<bool> RedisConnection::secure(std::string host) {
  config::TlsContext context;
  try {
    context = config::client_context(*introduction_.tls);
  } catch (const config::TlsError& wrong) {
    trouble_ = wrong.file.string() + ": " + wrong.what();
    co_return false;
  }
  const auto stream = stream_;  // outlives an attempt that is given up meanwhile
  const bool good = co_await stream->connect_tls(context, std::move(host));
  trouble_ = stream->trouble();
  co_return good;
}

// Who we are, and who they are, before anybody else may speak. These go first in the pipeline; the last one
// brings us up. PING is the one that a server that still loads its data refuses.
void RedisConnection::greet() {
  struct Line {
    Command command;
    std::function<bool(const RedisAnswer&)> accepted;
  };
  const auto ok = [](const RedisAnswer& answer) { return answer.ok(); };
  std::vector<Line> lines;
  if (!introduction_.password.empty()) {
    Command auth{"AUTH"};
    if (!introduction_.username.empty()) auth.add(introduction_.username);
    auth.add(introduction_.password);
    lines.push_back({std::move(auth), [this](const RedisAnswer& answer) {
                       return answer.ok() || introduction_.password_may_be_refused;
                     }});
  }
  if (introduction_.database != 0) lines.push_back({{"SELECT", std::to_string(introduction_.database)}, ok});
  lines.push_back({{"INFO", "server"}, [this](const RedisAnswer& answer) {
                     run_id_ = info_field(answer.text().value_or(""), "run_id");
                     return !run_id_.empty();
                   }});
  if (introduction_.only_a_master)
    lines.push_back({{"ROLE"}, [](const RedisAnswer& answer) { return answer.text(0) == "master"; }});
  lines.push_back({{"PING"}, ok});
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool last = i + 1 == lines.size();
    auto accepted = std::move(lines[i].accepted);
    write(lines[i].command, connect_deadline,
          [this, last, accepted = std::move(accepted), mine = connection_](RedisAnswer answer) {
            if (mine != connection_ || !connected_) return;
            if (!accepted(answer))
              close();  // read_replies() ends, and we try again
            else if (last)
              set_up(true);
          });
  }
}

Task<> RedisConnection::read_replies() {
  std::array<char, 16 * 1024> buffer;
  const auto stream = stream_;
  error_code failed;
  while (true) {
    const auto bytes = co_await stream->read_some(buffer, failed);
    if (failed || !connected_) co_return;
    redisReaderFeed(reader_.get(), buffer.data(), bytes);
    while (true) {
      void* raw = nullptr;
      if (redisReaderGetReply(reader_.get(), &raw) != REDIS_OK) co_return;
      if (!raw) break;
      RedisAnswer answer{RedisAnswer::Kind::reply, {}};
      answer.raw.reset(static_cast<redisReply*>(raw));
      if (!take_reply(std::move(answer))) co_return;
    }
  }
}

// False: an answer that nobody asked for.
bool RedisConnection::take_reply(RedisAnswer answer) {
  if (pending_.empty()) return false;
  auto first = std::move(pending_.front());
  pending_.pop_front();
  if (on_reply) on_reply(std::chrono::duration<double>(Clock::now() - first.sent).count());
  if (first.done) first.done(std::move(answer));
  return true;
}

void RedisConnection::send(const Command& command, std::chrono::milliseconds deadline, Done done) {
  if (up_)
    write(command, deadline, std::move(done));
  else if (done)
    done(RedisAnswer{});
}

void RedisConnection::write(const Command& command, std::chrono::milliseconds deadline, Done done) {
  command.write_to(outbox_);
  const auto now = Clock::now();
  pending_.push_back({now, now + deadline, std::move(done)});
  if (now + deadline < sweep_at_) watch_deadlines();
  // All commands of one turn of the loop leave in one write.
  if (!flush_posted_) {
    flush_posted_ = true;
    asio::post(executor_, [this, self = shared_from_this()] {
      flush_posted_ = false;
      flush();
    });
  }
}

void RedisConnection::flush() {
  if (writing_ || outbox_.empty() || !connected_) return;
  error_code failed;
  const auto sent = stream_->write_now(outbox_, failed);
  if (failed) return close();
  if (sent == outbox_.size()) return outbox_.clear();
  writing_ = true;
  sending_.clear();
  sending_.swap(outbox_);
  asio::co_spawn(executor_, write_rest(sent, connection_),
                 [self = shared_from_this()](std::exception_ptr) {});
}

// What the system did not take at once.
Task<> RedisConnection::write_rest(std::size_t sent, std::uint64_t mine) {
  const auto stream = stream_;
  const auto rest = std::string_view(sending_).substr(sent);
  error_code failed;
  co_await stream->write(rest, failed);
  writing_ = false;
  if (mine == connection_ && failed) co_return close();
  flush();  // or what a newer connection has to say meanwhile
}

// One timer for all: it fires at the earliest deadline that somebody still waits for.
void RedisConnection::watch_deadlines() {
  auto earliest = Clock::time_point::max();
  for (const auto& pending : pending_) {
    if (pending.done)
      earliest = std::min(earliest, pending.deadline);
    else
      earliest = std::min(earliest, pending.deadline + silence);
  }
  if (earliest >= sweep_at_) return;  // it fires early enough already
  sweep_at_ = earliest;
  sweep_.expires_at(earliest);  // cancels the later wait
  sweep_.async_wait([this, self = shared_from_this()](error_code cancelled) {
    if (stopped_ || cancelled) return;
    sweep_at_ = Clock::time_point::max();
    const auto now = Clock::now();
    std::vector<Done> late;
    for (auto& pending : pending_) {
      if (pending.done && pending.deadline <= now) late.push_back(std::exchange(pending.done, nullptr));
    }
    if (!pending_.empty() && pending_.front().deadline + silence <= now) close();
    for (auto& done : late) done(RedisAnswer{RedisAnswer::Kind::in_doubt, {}});
    watch_deadlines();
  });
}

void RedisConnection::broken() {
  ++connection_;
  close();
  outbox_.clear();
  auto lost = std::exchange(pending_, {});
  for (auto& pending : lost)
    if (pending.done) pending.done(RedisAnswer{RedisAnswer::Kind::in_doubt, {}});
}

// From here on nobody's command goes in, and no greeting brings it up that was answered just before;
// read_replies() ends, and what is pending is in doubt.
void RedisConnection::close() {
  connected_ = false;
  error_code ignored;
  stream_->close();
  set_up(false);
}

void RedisConnection::set_up(bool up) {
  if (up_ == up) return;
  up_ = up;
  if (up) pause_ = pause_min;
  if (on_change) on_change();
}

Task<RedisAnswer> RedisConnection::call(const Command& command, std::chrono::milliseconds deadline,
                                        bool asking) {
  auto initiate = [this, &command, deadline, asking](auto handler) {
    // A shared owner makes the move-only handler fit into std::function; it is called once, from the loop:
    // whoever waits may do anything with this connection then.
    struct Waiting {
      decltype(handler) goes_on;
      RedisAnswer answer;
    };
    auto waiting = std::make_shared<Waiting>(Waiting{std::move(handler), {}});
    if (asking) send({"ASKING"}, deadline, nullptr);
    send(command, deadline, [this, waiting](RedisAnswer answer) {
      waiting->answer = std::move(answer);
      asio::post(executor_, [waiting] { std::move(waiting->goes_on)(std::move(waiting->answer)); });
    });
  };
  return asio::async_initiate<const asio::use_awaitable_t<>, void(RedisAnswer)>(std::move(initiate),
                                                                                asio::use_awaitable);
}

}  // namespace sekisho::cache
