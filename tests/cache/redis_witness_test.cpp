// The copies of the positions on the masters of a real cluster, and what an epoch makes of them.
#include "cache/redis_witness.h"

#include <gtest/gtest.h>

#include "cache/keys.h"
#include "cache/redis_epochs.h"
#include "cache/redis_nodes.h"
#include "tests/cache/real_setups.h"

namespace sekisho::cache {
namespace {

struct OnACluster : testing::Test {
  Positions lowest() { return wait(linked.context, witness.lowest()).value(); }
  bool write(std::uint64_t epoch, const Positions& positions) {
    return wait(linked.context, witness.write(epoch, positions));
  }
  EpochView beat(const Beat& beat) { return wait(linked.context, epochs.beat(beat)).value(); }
  void empty(int master) { cluster.nodes[std::size_t(master)]->ask({"FLUSHALL"}); }
  std::string key(int master) { return keys::witness(tag_in(std::uint16_t(RealCluster::first[master]))); }

  RealCluster cluster;
  Linked linked{cluster.settings()};
  RedisWitness witness{linked.link};
  RedisEpochs epochs{linked.link};
};

TEST_F(OnACluster, what_every_master_has_is_what_counts) {
  EXPECT_EQ(lowest(), Positions{}) << "nothing was ever written";
  EXPECT_TRUE(write(1, {{"gw-a", 10}, {"gw-b", 20}}));
  EXPECT_EQ(lowest(), (Positions{{"gw-a", 10}, {"gw-b", 20}}));
  EXPECT_TRUE(write(1, {{"gw-a", 11}, {"gw-b", 20}, {"gw-c", 5}}));
  linked.call({"HSET", key(1), "j:gw-a", "7"});  // as a master that lost its last writes
  linked.call({"HDEL", key(2), "j:gw-c"});
  EXPECT_EQ(lowest(), (Positions{{"gw-a", 7}, {"gw-b", 20}, {"gw-c", 0}}));
  EXPECT_TRUE(write(2, {{"gw-a", 30}}));
  write(1, {{"gw-a", 40}});
  EXPECT_EQ(lowest(), (Positions{{"gw-a", 30}})) << "who sleeps in an older epoch changes nothing";

  empty(2);
  EXPECT_EQ(lowest(), (Positions{{"gw-a", 0}}));
  EXPECT_FALSE(write(2, {{"gw-a", 31}})) << "it was here, and nobody else than this process had it";
}

TEST_F(OnACluster, of_slots_that_came_later_nobody_knows) {
  EXPECT_TRUE(write(1, {{"gw-a", 10}}));
  linked.call({"HSET", key(0), "slots", "0-99 101-5460"});  // the hundredth is here, and was not then
  EXPECT_EQ(lowest(), (Positions{{"gw-a", 0}}));
}

TEST_F(OnACluster, while_a_slot_moves_nobody_knows) {
  EXPECT_TRUE(write(1, {{"gw-a", 10}}));
  cluster.nodes[0]->ask(
      {"CLUSTER", "SETSLOT", "7", "MIGRATING", cluster.nodes[1]->text({"CLUSTER", "MYID"})});
  EXPECT_EQ(lowest(), Positions{});
  cluster.nodes[0]->ask({"CLUSTER", "SETSLOT", "7", "STABLE"});
  EXPECT_EQ(lowest(), (Positions{{"gw-a", 10}}));
}

TEST_F(OnACluster, an_epoch_begins_where_every_master_has_everything) {
  auto view = beat({.gateway = "gw-a"});
  ASSERT_TRUE(wait(linked.context, epochs.told("gw-a", view.epoch)));
  beat({.gateway = "gw-b"});
  beat({.gateway = "gw-b", .epoch = view.epoch, .position = 5});
  EXPECT_TRUE(wait(linked.context, epochs.leave("gw-b", view.epoch, 6)));
  for (int i = 0; i < 2; ++i) beat({.gateway = "gw-a", .epoch = view.epoch, .position = 9});
  EXPECT_EQ(lowest(), (Positions{{"gw-a", 9}, {"gw-b", 6}}));

  const auto first = view.epoch;
  view = beat({.gateway = "gw-a", .epoch = first, .missed = true});
  EXPECT_GT(view.epoch, first);
  EXPECT_EQ(view.position, 9u);
  EXPECT_EQ(view.waiting, std::vector<std::string>{"gw-a"}) << "the other one ended well";

  ASSERT_TRUE(wait(linked.context, epochs.told("gw-a", view.epoch)));
  view = beat({.gateway = "gw-a", .epoch = view.epoch});
  ASSERT_TRUE(view.open);
  const auto epoch_at = &cluster.owner(keys::epoch);
  empty(epoch_at == cluster.nodes[0].get() ? 1 : 0);
  const auto second = view.epoch;
  view = beat({.gateway = "gw-a", .epoch = second, .confirmed = 9, .position = 9});
  EXPECT_GT(view.epoch, second) << "a master was emptied";
  EXPECT_EQ(view.position, 0u);
  EXPECT_EQ(view.waiting, (std::vector<std::string>{"gw-a", "gw-b"})) << "it ended well, and that is lost";
}

}  // namespace
}  // namespace sekisho::cache
