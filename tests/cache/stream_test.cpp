// A stream asks the system only when something may be there, and yet misses nothing that came: bytes, the
// end, a reset, alone or together, before a read or while it waits. Over TCP, and over a local socket.
#include "cache/net/stream.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <thread>

namespace sekisho::net {
namespace {

using namespace std::chrono_literals;

enum class Over { tcp, local };

std::string name(const testing::TestParamInfo<Over>& one) { return one.param == Over::tcp ? "tcp" : "local"; }

// Both ends of one connection: a stream, and a descriptor that a test does with as it likes.
struct Pair {
  asio::io_context context;
  std::optional<Stream> stream;
  int other = -1;

  explicit Pair(Over over) {
    int ends[2] = {-1, -1};
    if (over == Over::local) {
      EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    } else {
      const int door = ::socket(AF_INET, SOCK_STREAM, 0);
      sockaddr_in at{.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
      socklen_t size = sizeof at;
      EXPECT_EQ(::bind(door, reinterpret_cast<sockaddr*>(&at), size), 0);
      EXPECT_EQ(::listen(door, 1), 0);
      EXPECT_EQ(::getsockname(door, reinterpret_cast<sockaddr*>(&at), &size), 0);
      ends[1] = ::socket(AF_INET, SOCK_STREAM, 0);
      EXPECT_EQ(::connect(ends[1], reinterpret_cast<sockaddr*>(&at), size), 0);
      ends[0] = ::accept(door, nullptr, nullptr);
      ::close(door);
    }
    const asio::generic::stream_protocol protocol(over == Over::tcp ? AF_INET : AF_UNIX, 0);
    stream.emplace(Stream::Socket(context, protocol, ends[0]));
    other = ends[1];
  }
  ~Pair() {
    stream.reset();
    close();
  }

  void say(std::string_view text) const {
    EXPECT_EQ(::send(other, text.data(), text.size(), MSG_NOSIGNAL), ssize_t(text.size()));
  }
  void end() const { ::shutdown(other, SHUT_WR); }
  void close() {
    if (other >= 0) ::close(std::exchange(other, -1));
  }
  void reset() {  // over a local socket the end is all there is
    const linger at_once{1, 0};
    ::setsockopt(other, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
  }
  // The system has it all: what is looked for next comes as one edge.
  void arrived() {
    pollfd one{stream->socket().native_handle(), POLLIN, 0};
    ::poll(&one, 1, 5000);
    std::this_thread::sleep_for(20ms);
  }

  // Runs until the read has ended; nothing when it does not within five seconds.
  struct Read {
    std::string text;
    error_code failed;
  };
  std::optional<Read> read(std::size_t space = 4096) {
    std::optional<Read> done;
    start(done, space);
    context.restart();
    const auto until = std::chrono::steady_clock::now() + 5s;
    while (!done && std::chrono::steady_clock::now() < until) context.run_one_until(until);
    return done;
  }
  void start(std::optional<Read>& done, std::size_t space = 4096) {
    asio::co_spawn(
        context,
        [](Stream& from, std::size_t bytes) -> Task<Read> {
          Read read{std::string(bytes, 0), {}};
          const auto got = co_await from.read_some(read.text, read.failed);
          read.text.resize(got);
          co_return read;
        }(*stream, space),
        [&done](std::exception_ptr, Read read) { done = std::move(read); });
  }
  // What a read hears that waited before this happened; nothing when it hears nothing.
  template <class F>
  std::optional<Read> read_waiting_for(F&& happens) {
    std::optional<Read> read;
    start(read);
    run(5ms);
    EXPECT_FALSE(read) << "it waits";
    happens();
    arrived();
    run(20ms);
    if (read) return read;
    stream->cancel();  // it must not outlive its place
    run(1ms);
    return std::nullopt;
  }
  void run(std::chrono::milliseconds time) {
    context.restart();
    context.run_for(time);
  }
  error_code answer() {
    error_code failed;
    const auto sent = stream->write_now("answer", failed);
    EXPECT_EQ(sent, failed ? 0U : 6U);
    return failed;
  }
};

struct StreamOver : testing::TestWithParam<Over> {
  Pair pair{GetParam()};
};

TEST_P(StreamOver, hears_one_message_after_another) {
  for (int turn = 0; turn < 5; ++turn) {
    std::optional<Pair::Read> read;
    pair.start(read);
    pair.run(20ms);
    EXPECT_FALSE(read) << "it waits";
    pair.say("order");
    pair.arrived();
    pair.run(20ms);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->text, "order");
    EXPECT_FALSE(pair.answer());
  }
}

TEST_P(StreamOver, hears_what_came_before_anybody_waited) {
  pair.say("one");
  ASSERT_EQ(pair.read()->text, "one");
  pair.say("two");  // before the answer
  pair.arrived();
  pair.run(5ms);  // the edge is there, and nobody waits for it
  EXPECT_FALSE(pair.answer());
  auto read = pair.read();
  ASSERT_TRUE(read);
  EXPECT_EQ(read->text, "two");
  EXPECT_FALSE(pair.answer());
  pair.say("three");  // after it
  pair.arrived();
  read = pair.read();
  ASSERT_TRUE(read);
  EXPECT_EQ(read->text, "three");
}

TEST_P(StreamOver, hears_the_rest_of_what_did_not_fit) {
  pair.say("a long order");
  ASSERT_EQ(pair.read(6)->text, "a long");
  EXPECT_FALSE(pair.answer());
  const auto rest = pair.read(6);
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->text, " order");
  EXPECT_FALSE(pair.answer());
  pair.end();
  const auto end = pair.read(6);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->failed, asio::error::eof);
}

TEST_P(StreamOver, hears_the_end_that_came_together_with_the_bytes) {
  for (const bool often : {false, true}) {
    if (often && GetParam() == Over::local) continue;  // there a write meets it (below)
    Pair one(GetParam());
    if (often) one.stream->writes_often();
    const auto first = one.read_waiting_for([&] {
      one.say("order");
      one.end();
    });
    ASSERT_TRUE(first);
    EXPECT_EQ(first->text, "order");
    EXPECT_FALSE(one.answer()) << "who only ended what it says still hears";
    const auto read = one.read();
    ASSERT_TRUE(read) << "the end is not waited for in vain";
    EXPECT_EQ(read->failed, asio::error::eof);
  }
}

TEST_P(StreamOver, hears_a_reset_that_came_together_with_the_bytes) {
  for (const bool answered : {false, true}) {
    Pair one(GetParam());
    const auto first = one.read_waiting_for([&] {
      one.say("order");
      one.reset();
    });
    ASSERT_TRUE(first);
    if (first->failed) continue;  // the system may throw the bytes away
    if (answered) {
      EXPECT_TRUE(one.answer()) << "the write meets it";
    }
    const auto read = one.read();
    ASSERT_TRUE(read) << "it is not waited for in vain";
    EXPECT_TRUE(read->failed);
  }
}

TEST_P(StreamOver, hears_a_reset_while_it_waits) {
  pair.say("order");
  ASSERT_EQ(pair.read()->text, "order");
  EXPECT_FALSE(pair.answer());
  std::optional<Pair::Read> read;
  pair.start(read);
  pair.run(5ms);
  EXPECT_FALSE(read);
  pair.reset();
  pair.run(50ms);
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->failed);
}

TEST_P(StreamOver, of_who_writes_often_waits_after_a_read_that_left_nothing) {
  pair.stream->writes_often();
  pair.say("reply");
  ASSERT_EQ(pair.read()->text, "reply");
  const auto read = pair.read_waiting_for([&] { pair.say("another"); });
  ASSERT_TRUE(read);
  EXPECT_EQ(read->text, "another");
}

TEST_P(StreamOver, ends_a_wait_that_is_cancelled_and_hears_what_comes_after) {
  pair.say("order");
  ASSERT_EQ(pair.read()->text, "order");
  EXPECT_FALSE(pair.answer());
  std::optional<Pair::Read> read;
  pair.start(read);
  pair.run(5ms);
  pair.stream->cancel();
  pair.run(5ms);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->failed, asio::error::operation_aborted);
  pair.say("late");
  pair.arrived();
  const auto late = pair.read();
  ASSERT_TRUE(late);
  EXPECT_EQ(late->text, "late");
}

TEST_P(StreamOver, tells_that_something_is_there_without_reading_it) {
  ASSERT_TRUE(pair.read_waiting_for([&] { pair.say("order"); }));
  EXPECT_FALSE(pair.answer());
  bool readable = false;
  asio::co_spawn(
      pair.context,
      [](Stream& stream) -> Task<> {
        error_code failed;
        co_await stream.wait_readable(failed);
      }(*pair.stream),
      [&readable](std::exception_ptr) { readable = true; });
  pair.run(5ms);
  EXPECT_FALSE(readable);
  pair.say("more");
  pair.arrived();
  pair.run(20ms);
  EXPECT_TRUE(readable);
  EXPECT_EQ(pair.read()->text, "more");
}

// Somebody who never stops sending is heard in turn with the others of the thread.
TEST_P(StreamOver, leaves_others_their_turn) {
  std::jthread sender([fd = pair.other](std::stop_token stop) {
    const std::string much(64 * 1024, 'x');
    while (!stop.stop_requested() && ::send(fd, much.data(), much.size(), MSG_NOSIGNAL) > 0) {
    }
  });
  bool over = false;
  asio::co_spawn(
      pair.context,
      [](Stream& stream, bool& enough) -> Task<> {
        std::string space(512, 0);
        error_code failed;
        while (!failed && !enough) co_await stream.read_some(space, failed);
      }(*pair.stream, over),
      [](std::exception_ptr) {});
  asio::steady_timer timer(pair.context, 50ms);
  timer.async_wait([&](error_code) {
    over = true;
    sender.request_stop();
    ::shutdown(pair.other, SHUT_RDWR);
  });
  pair.run(20s);
  EXPECT_TRUE(over);
}

INSTANTIATE_TEST_SUITE_P(Both, StreamOver, testing::Values(Over::tcp, Over::local), name);

}  // namespace
}  // namespace sekisho::net
