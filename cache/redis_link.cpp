#include "cache/redis_link.h"

#include <hiredis/hiredis.h>

#include <array>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <charconv>

namespace sekisho::cache {
namespace asio = boost::asio;
using boost::system::error_code;
using namespace std::chrono_literals;

namespace {

// A connection that owes an answer for this long is dead, whatever TCP says.
constexpr auto silence = 500ms;
constexpr auto connect_deadline = 1000ms;

std::optional<std::string_view> text_of(const redisReply* reply) {
  if (!reply || (reply->type != REDIS_REPLY_STRING && reply->type != REDIS_REPLY_STATUS)) return std::nullopt;
  return std::string_view(reply->str, reply->len);
}

std::optional<std::int64_t> integer_of(const redisReply* reply) {
  if (reply && reply->type == REDIS_REPLY_INTEGER) return reply->integer;
  const auto text = text_of(reply);
  if (!text) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (failed != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return value;
}

std::vector<std::pair<std::string, std::string>> pairs_of(const redisReply* reply) {
  std::vector<std::pair<std::string, std::string>> out;
  if (!reply || reply->type != REDIS_REPLY_ARRAY) return out;
  for (std::size_t i = 0; i + 1 < reply->elements; i += 2)
    out.emplace_back(text_of(reply->element[i]).value_or(""), text_of(reply->element[i + 1]).value_or(""));
  return out;
}

}  // namespace

void FreeReply::operator()(redisReply* reply) const { freeReplyObject(reply); }

bool RedisAnswer::ok() const { return kind == Kind::reply && raw && raw->type != REDIS_REPLY_ERROR; }

std::string RedisAnswer::error() const {
  if (kind == Kind::unsent) return "no connection to Redis";
  if (kind == Kind::in_doubt) return "no answer from Redis in time";
  return raw && raw->type == REDIS_REPLY_ERROR ? std::string(raw->str, raw->len) : "";
}

std::optional<std::string_view> RedisAnswer::text() const { return text_of(raw.get()); }
std::optional<std::int64_t> RedisAnswer::integer() const { return integer_of(raw.get()); }
std::size_t RedisAnswer::size() const { return raw && raw->type == REDIS_REPLY_ARRAY ? raw->elements : 0; }
const redisReply* RedisAnswer::element(std::size_t index) const {
  return index < size() ? raw->element[index] : nullptr;
}
std::optional<std::string_view> RedisAnswer::text(std::size_t index) const { return text_of(element(index)); }
std::optional<std::int64_t> RedisAnswer::integer(std::size_t index) const {
  return integer_of(element(index));
}
std::vector<std::pair<std::string, std::string>> RedisAnswer::pairs(std::size_t index) const {
  return pairs_of(element(index));
}
std::vector<std::pair<std::string, std::string>> RedisAnswer::pairs() const { return pairs_of(raw.get()); }

std::size_t elements(const redisReply* array) {
  return array && array->type == REDIS_REPLY_ARRAY ? array->elements : 0;
}

std::int64_t integer_at(const redisReply* array, std::size_t index) {
  return index < elements(array) ? integer_of(array->element[index]).value_or(0) : 0;
}

std::string_view text_at(const redisReply* array, std::size_t index) {
  return index < elements(array) ? text_of(array->element[index]).value_or("") : "";
}

std::vector<std::string> texts(const redisReply* array) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < elements(array); ++i) out.emplace_back(text_of(array->element[i]).value_or(""));
  return out;
}

StreamEntry stream_entry(const redisReply* entry) {
  StreamEntry out;
  if (elements(entry) != 2) return out;
  out.id = text_of(entry->element[0]).value_or("");
  out.fields = pairs_of(entry->element[1]);
  return out;
}

std::vector<StreamEntry> stream_entries(const RedisAnswer& xread, std::string_view stream) {
  std::vector<StreamEntry> out;
  for (std::size_t i = 0; i < xread.size(); ++i) {
    const auto* one = xread.element(i);
    if (elements(one) != 2 || text_of(one->element[0]) != stream) continue;
    for (std::size_t j = 0; j < elements(one->element[1]); ++j)
      out.push_back(stream_entry(one->element[1]->element[j]));
  }
  return out;
}

RedisLink::RedisLink(asio::any_io_executor executor, config::RedisSettings settings)
    : executor_(executor),
      settings_(std::move(settings)),
      socket_(executor),
      retry_(executor),
      sweep_(executor),
      reader_(nullptr, redisReaderFree) {}

RedisLink::~RedisLink() = default;

void RedisLink::start() { asio::co_spawn(executor_, keep_connected(), asio::detached); }

void RedisLink::stop() {
  stopped_ = true;
  retry_.cancel();
  sweep_.cancel();
  broken();
}

Task<> RedisLink::keep_connected() {
  auto pause = 20ms;
  while (!stopped_) {
    const bool connected = co_await connect();
    if (connected && !stopped_) {
      pause = 20ms;
      co_await read_replies();
    }
    broken();
    if (stopped_) break;
    retry_.expires_after(pause);
    error_code ignored;
    co_await retry_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    pause = std::min<std::chrono::milliseconds>(pause * 2, 500ms);
  }
}

Task<bool> RedisLink::connect() {
  error_code failed;
  ++connection_;
  // Nothing may hang here for longer than the deadline: closing the socket ends whatever waits on it.
  sweep_at_ = Clock::time_point::max();
  sweep_.expires_after(connect_deadline);
  sweep_.async_wait([this, mine = connection_](error_code cancelled) {
    if (!cancelled && mine == connection_ && !connected_) {
      error_code ignored;
      socket_.close(ignored);
    }
  });
  if (!settings_.unix_path.empty()) {
    const asio::local::stream_protocol::endpoint at(settings_.unix_path);
    co_await socket_.async_connect(at, asio::redirect_error(asio::use_awaitable, failed));
  } else {
    auto address = asio::ip::make_address(settings_.host, failed);
    if (failed) {
      asio::ip::tcp::resolver resolver(executor_);
      const auto found = co_await resolver.async_resolve(settings_.host, std::to_string(settings_.port),
                                                         asio::redirect_error(asio::use_awaitable, failed));
      if (failed || found.empty()) co_return false;
      address = found.begin()->endpoint().address();
    }
    const asio::ip::tcp::endpoint at(address, settings_.port);
    co_await socket_.async_connect(at, asio::redirect_error(asio::use_awaitable, failed));
    if (!failed) socket_.set_option(asio::ip::tcp::no_delay(true), failed);
  }
  if (failed) co_return false;
  reader_.reset(redisReaderCreate());
  connected_ = true;
  sweep_.cancel();

  // Introduce ourselves before anybody else may speak. These go first in the pipeline; the last one brings us
  // up.
  std::vector<Command> greeting;
  if (!settings_.password.empty()) {
    Command auth{"AUTH"};
    if (!settings_.username.empty()) auth.push_back(settings_.username);
    auth.push_back(settings_.password);
    greeting.push_back(std::move(auth));
  }
  if (settings_.database != 0) greeting.push_back({"SELECT", std::to_string(settings_.database)});
  greeting.push_back({"PING"});
  for (std::size_t i = 0; i < greeting.size(); ++i) {
    const bool last = i + 1 == greeting.size();
    send(greeting[i], connect_deadline, [this, last, mine = connection_](RedisAnswer answer) {
      if (mine != connection_) return;
      if (!answer.ok()) {
        error_code ignored;
        socket_.close(ignored);  // read_replies() ends, and we try again
      } else if (last) {
        set_up(true);
      }
    });
  }
  co_return true;
}

Task<> RedisLink::read_replies() {
  std::array<char, 16 * 1024> buffer;
  error_code failed;
  while (true) {
    const std::size_t bytes = co_await socket_.async_read_some(
        asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, failed));
    if (failed) co_return;
    redisReaderFeed(reader_.get(), buffer.data(), bytes);
    while (true) {
      void* raw = nullptr;
      if (redisReaderGetReply(reader_.get(), &raw) != REDIS_OK) co_return;
      if (!raw) break;
      RedisAnswer answer{RedisAnswer::Kind::reply, {}};
      answer.raw.reset(static_cast<redisReply*>(raw));
      if (pending_.empty()) co_return;  // an answer that nobody asked for
      auto first = std::move(pending_.front());
      pending_.pop_front();
      last_roundtrip_seconds_ = std::chrono::duration<double>(Clock::now() - first.sent).count();
      if (on_reply) on_reply(last_roundtrip_seconds_);
      if (first.done) first.done(std::move(answer));
    }
  }
}

void RedisLink::send(const Command& command, std::chrono::milliseconds deadline,
                     std::function<void(RedisAnswer)> done) {
  std::vector<const char*> parts;
  std::vector<std::size_t> lengths;
  for (const auto& part : command) {
    parts.push_back(part.data());
    lengths.push_back(part.size());
  }
  char* text = nullptr;
  const auto size = redisFormatCommandArgv(&text, int(parts.size()), parts.data(), lengths.data());
  outbox_.append(text, std::size_t(size));
  redisFreeCommand(text);
  const auto now = Clock::now();
  pending_.push_back({now, now + deadline, std::move(done)});
  if (now + deadline < sweep_at_) watch_deadlines();
  // All commands of one turn of the loop leave in one write.
  if (!flush_posted_) {
    flush_posted_ = true;
    asio::post(executor_, [this] {
      flush_posted_ = false;
      flush();
    });
  }
}

void RedisLink::flush() {
  if (writing_ || outbox_.empty() || !connected_) return;
  writing_ = true;
  sending_.swap(outbox_);
  asio::async_write(socket_, asio::buffer(sending_),
                    [this, mine = connection_](error_code failed, std::size_t) {
                      writing_ = false;
                      sending_.clear();
                      if (mine != connection_) return;
                      if (failed) {
                        error_code ignored;
                        socket_.close(ignored);
                      } else {
                        flush();
                      }
                    });
}

// One timer for all: it fires at the earliest deadline that somebody still waits for.
void RedisLink::watch_deadlines() {
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
  sweep_.async_wait([this](error_code cancelled) {
    if (stopped_ || cancelled) return;
    sweep_at_ = Clock::time_point::max();
    const auto now = Clock::now();
    std::vector<std::function<void(RedisAnswer)>> late;
    for (auto& pending : pending_) {
      if (pending.done && pending.deadline <= now) late.push_back(std::exchange(pending.done, nullptr));
    }
    if (!pending_.empty() && pending_.front().deadline + silence <= now) {
      error_code ignored;
      socket_.close(ignored);
    }
    for (auto& done : late) done(RedisAnswer{RedisAnswer::Kind::in_doubt, {}});
    watch_deadlines();
  });
}

void RedisLink::broken() {
  ++connection_;
  connected_ = false;
  error_code ignored;
  socket_.close(ignored);
  outbox_.clear();
  auto lost = std::exchange(pending_, {});
  set_up(false);
  for (auto& pending : lost)
    if (pending.done) pending.done(RedisAnswer{RedisAnswer::Kind::in_doubt, {}});
}

void RedisLink::set_up(bool up) {
  if (up_ == up) return;
  up_ = up;
  if (on_change) on_change(up);
}

Task<RedisAnswer> RedisLink::call(Command command) { return call(std::move(command), settings_.deadline); }

Task<RedisAnswer> RedisLink::call(Command command, std::chrono::milliseconds deadline) {
  if (!up_) co_return RedisAnswer{};
  auto initiate = [this, &command, deadline](auto handler) {
    // A shared owner makes the move-only handler fit into std::function; it is called once.
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    send(command, deadline, [shared](RedisAnswer answer) {
      auto executor = asio::get_associated_executor(*shared);
      auto value = std::make_shared<RedisAnswer>(std::move(answer));
      asio::post(executor, [shared, value] { std::move (*shared)(std::move(*value)); });
    });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(RedisAnswer)>(
      std::move(initiate), asio::use_awaitable);
}

void RedisLink::post(const Command& command) {
  if (up_) send(command, settings_.deadline, nullptr);
}

Task<RedisAnswer> RedisLink::run(const Script& script, std::vector<std::string> keys,
                                 std::vector<std::string> args) {
  Command command{"EVALSHA", script.digest, std::to_string(keys.size())};
  command.insert(command.end(), std::make_move_iterator(keys.begin()), std::make_move_iterator(keys.end()));
  command.insert(command.end(), std::make_move_iterator(args.begin()), std::make_move_iterator(args.end()));
  auto answer = co_await call(command);
  if (answer.kind == RedisAnswer::Kind::reply && answer.error().starts_with("NOSCRIPT")) {
    command[0] = "EVAL";  // Redis forgot it, or never knew it: it learns it by this
    command[1] = std::string(script.source);
    answer = co_await call(std::move(command));
  }
  co_return answer;
}

Task<bool> RedisLink::wait_up(std::chrono::milliseconds at_most) {
  const auto until = Clock::now() + at_most;
  asio::steady_timer pause(executor_);
  while (!up_ && Clock::now() < until) {
    pause.expires_after(5ms);
    error_code ignored;
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  co_return up_;
}

}  // namespace sekisho::cache
