// Who guesses, and who calls too fast: pure, with a clock of the test's.
#include "gateway/attempts.h"

#include <gtest/gtest.h>

#include "gateway/peer.h"
#include "gateway/rates.h"

namespace sekisho::gateway {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

const Attempts::Time start{1000h};

config::AddressBytes source(const std::string& address) {
  return source_of({.address = boost::asio::ip::make_address(address)});
}
config::AddressBytes numbered(std::uint32_t n) {
  return source_of({.address = boost::asio::ip::address_v4(n)});
}

TEST(Source, is_an_address_or_a_customers_block) {
  EXPECT_EQ(source("2001:db8:1:2:3::4"), source("2001:db8:1:2:ffff::1"));
  EXPECT_NE(source("2001:db8:1:2::"), source("2001:db8:1:3::"));
  EXPECT_EQ(source("192.0.2.1"), source("::ffff:192.0.2.1"));
  EXPECT_NE(source("192.0.2.1"), source("192.0.2.2"));
  EXPECT_EQ(source_of({}), source("::"));
}

TEST(Attempts, are_answered_later_and_later_after_a_burst) {
  Attempts attempts(1);
  const auto guesser = source("192.0.2.1");
  for (int i = 0; i < Attempts::burst; ++i) EXPECT_EQ(attempts.failed(guesser, start), 0ms) << i;
  for (const auto wait : {50ms, 100ms, 200ms, 400ms, 800ms, 1600ms, 2000ms, 2000ms})
    EXPECT_EQ(attempts.failed(guesser, start), wait);
  EXPECT_EQ(attempts.failed(source("192.0.2.2"), start), 0ms) << "another source";
}

TEST(Attempts, are_forgotten_one_after_another) {
  Attempts attempts(1);
  const auto guesser = source("192.0.2.1");
  for (int i = 0; i < Attempts::burst + 3; ++i) attempts.failed(guesser, start);
  EXPECT_EQ(attempts.failed(guesser, start + 10s), 200ms) << "one in ten seconds goes on as it was";
  EXPECT_EQ(attempts.failed(guesser, start + 40s), 50ms);
  EXPECT_EQ(attempts.failed(guesser, start + 60s), 0ms);
  for (int i = 0; i < 1000; ++i) attempts.failed(guesser, start + 60s);
  EXPECT_EQ(attempts.failed(guesser, start + 60s + 410s), 0ms) << "and ten minutes are enough for anything";
}

// What the table promises: memory that does not grow, and no innocence for sale.
TEST(Attempts, a_flood_of_sources_does_not_make_a_guesser_innocent) {
  Attempts attempts(12345);
  const auto guesser = source("192.0.2.1");
  for (int i = 0; i < 40; ++i) attempts.failed(guesser, start);
  for (std::uint32_t n = 0; n < 100'000; ++n) attempts.failed(numbered(0x0a000000 + n), start);
  EXPECT_GT(attempts.failed(guesser, start), 0ms);
}

TEST(Attempts, wait_in_so_many_seats) {
  Attempts attempts(1);
  std::vector<Attempts::Seat> taken;
  while (auto seat = attempts.seat()) taken.push_back(std::move(*seat));
  EXPECT_EQ(taken.size(), std::size_t(Attempts::waiting_most));
  taken.pop_back();
  EXPECT_TRUE(attempts.seat());
}

TEST(Rates, a_burst_and_then_one_at_a_time) {
  const policy::Throttle rate{.requests = 10, .per_ms = 1000, .burst = 5};
  Rates::Time empty_at{};
  const auto call = [&](Rates::Time at, Shed shed = Shed::first) {
    return std::chrono::ceil<milliseconds>(count_call(empty_at, rate, shed, at));
  };
  for (int i = 0; i < 5; ++i) EXPECT_EQ(call(start), 0ms) << i;
  EXPECT_EQ(call(start), 100ms);
  EXPECT_EQ(call(start + 99ms), 1ms) << "a refused call counts nothing";
  EXPECT_EQ(call(start + 100ms), 0ms);
  EXPECT_EQ(call(start + 100ms), 100ms);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(call(start + 100ms, Shed::last), 0ms) << "room for giving back";
  EXPECT_EQ(call(start + 100ms, Shed::last), 100ms);
  EXPECT_EQ(call(start + 10s), 0ms);
}

TEST(Rates, each_client_and_each_source_has_its_own) {
  Rates rates(1);
  const policy::Throttle one{.requests = 1, .per_ms = 1000, .burst = 1};
  const config::Client slow{.id = "slow", .rate = one}, other{.id = "other", .rate = one}, free{.id = "free"};
  EXPECT_EQ(rates.client(slow, Shed::first, start).count(), 0);
  EXPECT_GT(rates.client(slow, Shed::first, start).count(), 0);
  EXPECT_EQ(rates.client(other, Shed::first, start).count(), 0);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(rates.client(free, Shed::first, start).count(), 0);
  EXPECT_EQ(rates.source(source("192.0.2.1"), one, Shed::first, start).count(), 0);
  EXPECT_GT(rates.source(source("192.0.2.1"), one, Shed::first, start).count(), 0);
  EXPECT_EQ(rates.source(source("192.0.2.2"), one, Shed::first, start).count(), 0);
}

}  // namespace
}  // namespace sekisho::gateway
