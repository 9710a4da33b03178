// The link to Redis, on a real one that is paused, killed and started again.
#include "cache/redis_link.h"

#include <gtest/gtest.h>

#include <boost/asio/detached.hpp>
#include <deque>

#include "tests/cache/real_redis.h"

namespace sekisho::cache {
namespace {

using namespace std::chrono_literals;
using Kind = RedisAnswer::Kind;
using Clock = std::chrono::steady_clock;

// Several commands at once; what came of each, in the order in which they were sent.
struct Flight {
  explicit Flight(Linked& to) : linked(to) {}
  void send(Command command, std::chrono::milliseconds deadline) {
    const auto at = answers.size();
    answers.emplace_back();
    landed.push_back(false);
    asio::co_spawn(linked.context, linked.link.call(std::move(command), deadline),
                   [this, at](std::exception_ptr, RedisAnswer answer) {
                     answers[at] = std::move(answer);
                     landed[at] = true;
                     order.push_back(at);
                   });
  }
  bool land() {
    return run_until(linked.context,
                     [&] { return std::find(landed.begin(), landed.end(), false) == landed.end(); });
  }

  Linked& linked;
  std::deque<RedisAnswer> answers;
  std::vector<bool> landed;
  std::vector<std::size_t> order;
};

TEST(RedisLink, answers_come_to_those_who_asked_in_order) {
  Linked linked(RealRedis::shared().settings());
  Flight flight(linked);
  for (int i = 0; i < 500; ++i) flight.send({"ECHO", std::to_string(i)}, 2s);
  ASSERT_TRUE(flight.land());
  for (std::size_t i = 0; i < 500; ++i) {
    EXPECT_EQ(flight.answers[i].text(), std::to_string(i));
    EXPECT_EQ(flight.order[i], i);
  }
}

TEST(RedisLink, values_pass_byte_for_byte) {
  Linked linked(RealRedis::shared().settings());
  std::string bytes;
  for (int i = 0; i < 100'000; ++i) bytes += char(i % 256);
  linked.call({"SET", "bytes", bytes});
  EXPECT_EQ(linked.text({"GET", "bytes"}), bytes);
  EXPECT_EQ(linked.text({"ECHO", ""}), "");
}

TEST(RedisLink, an_error_of_redis_is_an_answer) {
  Linked linked(RealRedis::shared().settings());
  linked.call({"SET", "word", "x"});
  const auto answer = linked.call({"HGET", "word", "field"});
  EXPECT_EQ(answer.kind, Kind::reply);
  EXPECT_FALSE(answer.ok());
  EXPECT_TRUE(answer.error().starts_with("WRONGTYPE")) << answer.error();
  EXPECT_TRUE(linked.link.up());
}

TEST(RedisLink, a_command_that_misses_its_deadline_fails_alone) {
  Linked linked(RealRedis::shared().settings()), other(RealRedis::shared().settings());
  other.call({"CLIENT", "PAUSE", "4000", "ALL"});
  Flight flight(linked);
  flight.send({"ECHO", "patient"}, 20s);
  flight.send({"ECHO", "hurried"}, 30ms);
  flight.send({"ECHO", "patient too"}, 20s);
  ASSERT_TRUE(run_until(linked.context, [&] { return bool(flight.landed[1]); }));
  EXPECT_EQ(flight.answers[1].kind, Kind::in_doubt);
  EXPECT_FALSE(flight.landed[0]) << "it did not wait for the reply";
  ASSERT_TRUE(flight.land());
  EXPECT_EQ(flight.answers[0].text(), "patient");
  EXPECT_EQ(flight.answers[2].text(), "patient too") << "the late reply went to nobody";
  EXPECT_TRUE(linked.link.up());
  EXPECT_EQ(linked.text({"ECHO", "later"}), "later");
}

TEST(RedisLink, one_that_blocks_holds_up_only_its_own_link) {
  Linked blocked(RealRedis::shared().settings()), free(RealRedis::shared().settings());
  Flight waiting(blocked);
  waiting.send({"BLPOP", "what comes last", "60"}, 60s);
  const auto one_is_blocked = [&] {
    return free.text({"INFO", "clients"}).find("blocked_clients:1\r") != std::string::npos;
  };
  ASSERT_TRUE(run_until(blocked.context, one_is_blocked));
  EXPECT_EQ(free.text({"ECHO", "free"}), "free");
  EXPECT_TRUE(one_is_blocked()) << "still";
  free.call({"RPUSH", "what comes last", "it"});
  ASSERT_TRUE(waiting.land());
  EXPECT_TRUE(waiting.answers[0].ok());
}

TEST(RedisLink, a_link_on_which_nothing_is_answered_is_made_anew) {
  RealRedis redis;
  Linked linked(redis.settings());
  redis.pause();
  Flight flight(linked);
  flight.send({"ECHO", "into the silence"}, 50ms);
  flight.send({"INCR", "count"}, 50ms);
  const auto began = Clock::now();
  ASSERT_TRUE(flight.land());
  EXPECT_LT(Clock::now() - began, 5s) << "nobody waits much longer than the deadline";
  EXPECT_EQ(flight.answers[0].kind, Kind::in_doubt);
  ASSERT_TRUE(run_until(linked.context, [&] { return !linked.link.up(); })) << "and the link is closed";
  EXPECT_EQ(linked.call({"PING"}).kind, Kind::unsent);
  redis.go_on();
  ASSERT_TRUE(run_until(linked.context, [&] { return linked.link.up(); }));
  EXPECT_EQ(linked.text({"GET", "count"}), "1") << "what was in doubt had arrived";
}

TEST(RedisLink, comes_up_again_after_redis_was_killed) {
  RealRedis redis(true);
  for (const auto& settings : {redis.settings(), redis.tcp_settings()}) {
    std::vector<bool> changes;
    Linked linked(settings);
    linked.link.on_change = [&](bool up) { changes.push_back(up); };
    for (int again = 0; again < 2; ++again) {
      redis.pause();
      Flight flight(linked);
      flight.send({"PING"}, 5s);
      run_for(linked.context, 50ms);
      redis.kill();
      ASSERT_TRUE(flight.land());
      EXPECT_EQ(flight.answers[0].kind, Kind::in_doubt) << "it had been sent";
      EXPECT_FALSE(linked.link.up());
      EXPECT_EQ(linked.call({"PING"}).kind, Kind::unsent);
      redis.start();
      ASSERT_TRUE(wait(linked.context, linked.link.wait_up(5s)));
      EXPECT_EQ(linked.text({"PING"}), "PONG");
    }
    EXPECT_EQ(changes, (std::vector<bool>{false, true, false, true}));
  }
}

TEST(RedisLink, waits_for_a_redis_that_is_not_there_yet) {
  RealRedis redis;
  redis.kill();
  asio::io_context context(1);
  RedisLink link(context.get_executor(), redis.settings());
  link.start();
  EXPECT_FALSE(wait(context, link.wait_up(100ms)));
  redis.start();
  EXPECT_TRUE(wait(context, link.wait_up(5s)));
  link.stop();
  run_for(context, 1s);
  EXPECT_FALSE(link.up());
}

TEST(RedisLink, a_script_that_redis_forgot_is_taught_again) {
  Linked linked(RealRedis::shared().settings());
  const Script add{"add", "return redis.call('INCRBY', KEYS[1], ARGV[1])",
                   "58ed33b9ed1e5ffb2b5f1e1ef24fb6de9b3ee64b"};  // a digest that no script has
  linked.call({"DEL", "sum"});
  linked.call({"SCRIPT", "FLUSH"});
  EXPECT_EQ(wait(linked.context, linked.link.run(add, {"sum"}, {"2"})).integer(), 2);
  const auto& release = script("release");
  const std::vector<std::string> keys{"{x}usage", "{x}numbers", "{x}epoch", "{x}holds", "{x}gone"};
  const std::vector<std::string> nothing{"7", "", "0"};  // it says that this is not the epoch
  for (int again = 0; again < 3; ++again) {
    EXPECT_TRUE(wait(linked.context, linked.link.run(release, keys, nothing)).ok());
    EXPECT_EQ(linked.call({"SCRIPT", "EXISTS", release.digest}).integer(0), 1) << "our digest is Redis's";
    if (again == 1) linked.call({"SCRIPT", "FLUSH"});
  }
}

TEST(RedisLink, a_wrong_password_never_brings_it_up) {
  RealRedis redis;
  {
    Linked linked(redis.settings());
    linked.call({"CONFIG", "SET", "requirepass", "right"});
  }
  auto settings = redis.settings();
  const auto comes_up = [&](const std::string& password, std::chrono::milliseconds within) {
    settings.password = password;
    asio::io_context context(1);
    RedisLink link(context.get_executor(), settings);
    link.start();
    const bool up = wait(context, link.wait_up(within));
    link.stop();
    run_for(context, 500ms);
    return up;
  };
  EXPECT_FALSE(comes_up("wrong", 200ms));
  EXPECT_FALSE(comes_up("", 200ms));
  EXPECT_TRUE(comes_up("right", 5s));
}

TEST(RedisLink, posted_commands_are_done_before_what_is_called_after_them) {
  Linked linked(RealRedis::shared().settings());
  linked.call({"DEL", "list"});
  for (int i = 0; i < 100; ++i) linked.link.post({"RPUSH", "list", std::to_string(i)});
  EXPECT_EQ(linked.call({"LLEN", "list"}).integer(), 100);
  const auto all = linked.call({"LRANGE", "list", "0", "-1"});
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all.integer(i), std::int64_t(i));
}

}  // namespace
}  // namespace sekisho::cache
