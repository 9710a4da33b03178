// The pool of connections to a carrier: what is certain about a message, whatever the carrier does.
#include "gateway/carrier.h"

#include <gtest/gtest.h>

#include "tests/cache/real_redis.h"
#include "tests/gateway/scripted_carrier.h"

namespace sekisho::gateway {

// Stands in for the pipeline, which alone gives permits.
struct PermitForTests {
  static Permit make() { return Permit("01DECISION"); }
};

namespace {

using namespace std::chrono_literals;
using Act = ScriptedCarrier::Act;
using Kind = CarrierAnswer::Kind;
using policy::Reason;

struct CarrierTest : testing::Test {
  CarrierTest() { dog.start(); }
  ~CarrierTest() override {
    pool.reset();
    dog.stop();
    cache::run_for(context, 20ms);
  }
  void open(std::size_t connections = 4, std::chrono::milliseconds response_timeout = 2s) {
    auto made = std::make_shared<policy::Carrier>();
    made->name = "demo";
    made->endpoints = {carrier.endpoint()};
    made->connections = connections;
    made->connect_timeout = 10s;
    made->response_timeout = response_timeout;
    made->headers = {{"Authorization", "Bearer carrier-side-token"}};
    pool = std::make_unique<CarrierPool>(context.get_executor(), dog, made);
  }
  Task<CarrierAnswer> order(std::string body = "{\"quantity\":1}") {
    http::Request request;
    request.method = "POST";
    request.target = "/v1/number-orders";
    request.headers.set("Sekisho-Decision", "01DECISION");
    request.body = std::move(body);
    const auto permit = PermitForTests::make();
    auto answer = co_await pool->forward(permit, std::move(request));
    co_return answer;
  }
  CarrierAnswer forward(std::string body = "{\"quantity\":1}") {
    if (!pool) open();
    return cache::wait(context, order(std::move(body)));
  }

  asio::io_context context{1};
  Watchdog dog{context.get_executor()};
  ScriptedCarrier carrier;
  std::unique_ptr<CarrierPool> pool;
};

TEST_F(CarrierTest, an_answer_comes_as_it_was_sent_and_the_connection_is_used_again) {
  carrier.script({{.bytes = answer_of(201, "{\"a\": 1}", "X-Trace: t\r\n")}});
  const auto answer = forward();
  EXPECT_EQ(answer.kind, Kind::answered);
  EXPECT_EQ(answer.response.status, 201);
  EXPECT_EQ(answer.response.body, "{\"a\": 1}");
  EXPECT_EQ(answer.response.headers.find("X-Trace"), "t");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(forward().kind, Kind::answered);
  EXPECT_EQ(carrier.accepted(), 1);
  const auto request = carrier.requests().at(0);
  EXPECT_TRUE(request.starts_with("POST /v1/number-orders HTTP/1.1\r\n")) << request;
  EXPECT_NE(request.find("Authorization: Bearer carrier-side-token\r\n"), request.npos);
  EXPECT_TRUE(request.ends_with("\r\n\r\n{\"quantity\":1}")) << request;
}

TEST_F(CarrierTest, without_a_connection_nothing_was_sent) {
  carrier.stop();
  const auto answer = forward();
  EXPECT_EQ(answer.kind, Kind::unsent);
  EXPECT_EQ(answer.reason, Reason::carrier_unreachable);
}

// what the carrier does with a message that reached it | what is certain then
TEST_F(CarrierTest, whatever_goes_wrong_after_the_first_byte_is_unknown) {
  const std::string half = answer_of(201, "{\"orderId\":\"o-1\"}").substr(0, 80);
  const std::pair<Act, Reason> table[] = {
      {{Act::close, ""}, Reason::carrier_malformed},
      {{Act::reset, ""}, Reason::carrier_malformed},
      {{Act::close, half}, Reason::carrier_malformed},
      {{Act::reset, half}, Reason::carrier_malformed},
      {{Act::silence, ""}, Reason::carrier_timeout},
      {{Act::keep, half}, Reason::carrier_timeout},
      {{Act::keep, "garbage\r\n\r\n"}, Reason::carrier_malformed},
      {{Act::keep, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"},
       Reason::carrier_malformed},
      {{Act::keep, "HTTP/1.1 101 Switching\r\n\r\n"}, Reason::carrier_malformed},
  };
  for (const auto& [act, reason] : table) {
    const auto before = carrier.requests().size();
    carrier.script({act});
    const auto answer = forward();
    EXPECT_EQ(answer.kind, Kind::unknown) << act.bytes;
    EXPECT_EQ(code(answer.reason), code(reason)) << act.bytes << " " << answer.detail;
    EXPECT_FALSE(answer.detail.empty());
    EXPECT_EQ(carrier.requests().size(), before + 1) << "never sent twice";
    EXPECT_EQ(forward().kind, Kind::answered) << "the next order has a connection of its own";
  }
}

TEST_F(CarrierTest, an_answer_that_runs_until_the_close_is_whole) {
  carrier.script({{Act::close, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"all\":true}"}});
  const auto answer = forward();
  EXPECT_EQ(answer.kind, Kind::answered);
  EXPECT_EQ(answer.response.body, "{\"all\":true}");
}

TEST_F(CarrierTest, a_connection_that_the_carrier_closed_while_idle_costs_nothing) {
  for (int round = 0; round < 5; ++round) {
    EXPECT_EQ(forward().kind, Kind::answered);
    carrier.close_all();
    ::usleep(5000);
  }
  EXPECT_EQ(carrier.accepted(), 5);
  EXPECT_EQ(carrier.requests().size(), 5u);
}

TEST_F(CarrierTest, a_connection_is_used_again_only_when_nothing_is_left_on_it) {
  const std::pair<Act, bool> table[] = {
      {{Act::keep, answer_of(200, "{}")}, true},
      {{Act::keep, answer_of(200, "{}") + "surplus"}, false},
      {{Act::keep, answer_of(200, "{}") + answer_of(200, "{\"for\":\"whom?\"}")}, false},
      {{Act::keep, answer_of(200, "{}", "Connection: close\r\n")}, false},
      {{Act::keep, "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}"}, false},
  };
  for (const auto& [act, again] : table) {
    pool.reset();
    const auto before = carrier.accepted();
    carrier.script({act, {}});
    EXPECT_EQ(forward().kind, Kind::answered) << act.bytes;
    const auto answer = forward();
    EXPECT_EQ(answer.kind, Kind::answered) << act.bytes;
    EXPECT_EQ(answer.response.body, "{}") << "never another order's answer";
    EXPECT_EQ(carrier.accepted(), before + (again ? 1 : 2)) << act.bytes;
  }
}

TEST_F(CarrierTest, orders_beyond_the_pool_wait_their_turn_and_give_up_unsent) {
  open(2);
  carrier.script({{Act::silence, ""}, {Act::silence, ""}, {Act::silence, ""}, {Act::silence, ""}});
  std::vector<Kind> kinds;
  for (int i = 0; i < 8; ++i)
    asio::co_spawn(context, order(),
                   [&](std::exception_ptr, CarrierAnswer answer) { kinds.push_back(answer.kind); });
  ASSERT_TRUE(cache::run_until(context, [&] { return kinds.size() == 8; }));
  EXPECT_EQ(std::size_t(std::count(kinds.begin(), kinds.end(), Kind::unsent)), 8 - carrier.requests().size());
  EXPECT_GE(std::count(kinds.begin(), kinds.end(), Kind::unsent), 2);
  carrier.script({});
  EXPECT_EQ(forward().kind, Kind::answered) << "every turn was given back";
  EXPECT_EQ(forward().kind, Kind::answered);
}

TEST_F(CarrierTest, many_orders_at_once_share_the_connections) {
  open(3, 20s);
  int answered = 0, ended = 0;
  for (int i = 0; i < 200; ++i)
    asio::co_spawn(context, order(), [&](std::exception_ptr, CarrierAnswer answer) {
      answered += answer.kind == Kind::answered;
      ++ended;
    });
  ASSERT_TRUE(cache::run_until(context, [&] { return ended == 200; }));
  EXPECT_EQ(answered, 200);
  EXPECT_EQ(carrier.requests().size(), 200u);
  EXPECT_LE(carrier.accepted(), 3);
}

}  // namespace
}  // namespace sekisho::gateway
