// The memory of orders, on the model and in a real Redis.
#include <gtest/gtest.h>

#include <thread>

#include "cache/memory_order_memory.h"
#include "cache/redis_order_memory.h"
#include "tests/cache/real_redis.h"
#include "tests/policy/builders.h"

namespace sekisho::cache {
namespace {

using namespace std::chrono_literals;
using policy::corporate;

enum class Kind { memory, redis };

class OrderMemoryContract : public testing::TestWithParam<Kind> {
 protected:
  OrderMemoryContract() {
    if (GetParam() == Kind::redis) {
      linked_ = std::make_unique<Linked>(RealRedis::shared().settings());
      linked_->call({"FLUSHALL"});
      real_ = std::make_unique<RedisOrderMemory>(linked_->link);
    }
  }
  OrderMemory& memory() {
    if (real_) return *real_;
    return model_;
  }
  asio::io_context& context() { return linked_ ? linked_->context : context_; }
  void pass(std::chrono::milliseconds time) {
    model_.now += time;
    if (real_) std::this_thread::sleep_for(time);
  }
  std::optional<policy::OperatorId> account_of(const std::string& carrier, const std::string& order) {
    bool reachable = false;
    auto account = wait(context(), memory().account_of(carrier, order, reachable));
    EXPECT_TRUE(reachable);
    return account;
  }
  std::optional<Recalled> recall(int who, const std::string& id) {
    bool reachable = false;
    auto what = wait(context(), memory().recall(corporate(who), "demo", id, reachable));
    EXPECT_TRUE(reachable);
    return what;
  }

 private:
  asio::io_context context_{1};
  MemoryOrderMemory model_;
  std::unique_ptr<Linked> linked_;
  std::unique_ptr<RedisOrderMemory> real_;
};

INSTANTIATE_TEST_SUITE_P(Both, OrderMemoryContract, testing::Values(Kind::memory, Kind::redis),
                         [](const auto& kind) { return kind.param == Kind::memory ? "memory" : "redis"; });

TEST_P(OrderMemoryContract, an_order_waits_until_it_has_ended) {
  const WaitingOrder order{"demo", "o/1|%*", corporate(1)};
  EXPECT_FALSE(account_of("demo", order.order_id));
  EXPECT_TRUE(wait(context(), memory().waits(order)));
  EXPECT_EQ(account_of("demo", order.order_id), corporate(1));
  EXPECT_FALSE(account_of("other", order.order_id)) << "ids are each carrier's own";
  wait(context(), memory().ended("demo", order.order_id));
  EXPECT_FALSE(account_of("demo", order.order_id));
}

TEST_P(OrderMemoryContract, one_asks_about_an_order_at_a_time) {
  const WaitingOrder first{"demo", "o-1", corporate(1)}, second{"demo", "o-2", corporate(2)};
  const WaitingOrder other{"demo2", "o-1", corporate(3)};
  for (const auto& order : {first, second, other}) wait(context(), memory().waits(order));
  auto due = wait(context(), memory().due("demo", 3s));
  std::sort(due.begin(), due.end(), [](auto& a, auto& b) { return a.order_id < b.order_id; });
  EXPECT_EQ(due, (std::vector<WaitingOrder>{first, second}));
  EXPECT_TRUE(wait(context(), memory().due("demo", 3s)).empty()) << "they were asked about just now";
  pass(4s);
  EXPECT_EQ(wait(context(), memory().due("demo", 3s)).size(), 2u);
}

TEST_P(OrderMemoryContract, what_was_told_is_recalled_by_whom_it_was_told_and_for_its_time) {
  const Recalled what{7, policy::NumberType::ip_050};
  EXPECT_FALSE(recall(1, "s-1"));
  EXPECT_TRUE(wait(context(), memory().remember(corporate(1), "demo", "s-1", what, 3s)));
  EXPECT_EQ(recall(1, "s-1"), what);
  EXPECT_FALSE(recall(2, "s-1")) << "somebody else's search";
  pass(4s);
  EXPECT_FALSE(recall(1, "s-1"));
}

}  // namespace
}  // namespace sekisho::cache
