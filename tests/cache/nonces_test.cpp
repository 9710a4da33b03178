// Nonces, in this process and in a real Redis: each is good once.
#include <gtest/gtest.h>

#include <thread>

#include "cache/memory_nonces.h"
#include "cache/redis_nonces.h"
#include "tests/cache/real_redis.h"

namespace sekisho::cache {
namespace {

using namespace std::chrono_literals;

enum class Kind { memory, redis };

class NoncesContract : public testing::TestWithParam<Kind> {
 protected:
  NoncesContract() {
    if (GetParam() == Kind::memory) return;
    linked_ = std::make_unique<Linked>(RealRedis::shared().settings());
    linked_->call({"FLUSHALL"});
    real_ = std::make_unique<RedisNonces>(linked_->link);
  }
  Spent spend(const std::string& key, const std::string& nonce, std::chrono::milliseconds keep = 10s) {
    Nonces& nonces = real_ ? static_cast<Nonces&>(*real_) : model_;
    return wait(linked_ ? linked_->context : context_, nonces.spend(key, nonce, now_, keep));
  }
  void pass(std::chrono::milliseconds time) {
    now_ += time;
    if (real_) std::this_thread::sleep_for(time);
  }

 private:
  asio::io_context context_{1};
  policy::Instant now_{1'800'000'000'000ms};
  MemoryNonces model_;
  std::unique_ptr<Linked> linked_;
  std::unique_ptr<RedisNonces> real_;
};

INSTANTIATE_TEST_SUITE_P(Both, NoncesContract, testing::Values(Kind::memory, Kind::redis),
                         [](const auto& kind) { return kind.param == Kind::memory ? "memory" : "redis"; });

TEST_P(NoncesContract, each_is_good_once_for_its_key_and_for_its_time) {
  EXPECT_EQ(spend("a", "n", 3s), Spent::first);
  EXPECT_EQ(spend("a", "n"), Spent::again);
  EXPECT_EQ(spend("b", "n"), Spent::first) << "another key's";
  EXPECT_EQ(spend("a", "m"), Spent::first);
  EXPECT_EQ(spend("a\nn", ""), Spent::first);
  pass(4s);
  EXPECT_EQ(spend("a", "n"), Spent::first);
  EXPECT_EQ(spend("b", "n"), Spent::again);
}

TEST(MemoryNonces, refuses_when_it_is_full_rather_than_forget) {
  asio::io_context context{1};
  MemoryNonces nonces;
  nonces.allow(2);
  policy::Instant now{0ms};
  const auto spend = [&](const std::string& nonce) {
    return wait(context, nonces.spend("a", nonce, now, 1s));
  };
  EXPECT_EQ(spend("1"), Spent::first);
  EXPECT_EQ(spend("2"), Spent::first);
  EXPECT_EQ(spend("3"), Spent::full);
  EXPECT_EQ(spend("1"), Spent::again);
  now += 1s;
  EXPECT_EQ(spend("3"), Spent::first);
}

TEST(RedisNonces, without_redis_nobody_can_say) {
  asio::io_context context{1};
  RedisLink link(context.get_executor(), {.unix_path = "/nonexistent"});
  RedisNonces nonces(link);
  EXPECT_EQ(wait(context, nonces.spend("a", "n", {}, 1s)), Spent::unreachable);
}

}  // namespace
}  // namespace sekisho::cache
