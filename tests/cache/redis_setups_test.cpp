// The link under sentinels and on a cluster, with real servers that are killed, demoted and rearranged.
#include <gtest/gtest.h>

#include <boost/asio/detached.hpp>

#include "cache/redis_ledger.h"
#include "tests/cache/real_setups.h"

namespace sekisho::cache {
namespace {

using namespace std::chrono_literals;
using Kind = RedisAnswer::Kind;

bool comes_up(Linked& linked, std::chrono::milliseconds within = 60s) {
  return wait(linked.context, linked.link.wait_up(within));
}

TEST(Sentinels, name_the_master_and_a_failover_is_followed) {
  RealSentinels setup;
  std::vector<bool> changes;  // told until the link has ended
  Linked linked(setup.settings());
  linked.link.on_change = [&](bool up) { changes.push_back(up); };
  EXPECT_EQ(linked.link.run_id("any"), setup.master.run_id());
  linked.call({"SET", "kept", "1"});
  EXPECT_EQ(wait(linked.context, linked.link.call({"WAIT", "1", "10000"}, 15s)).integer(), 1);

  setup.master.kill();
  ASSERT_TRUE(run_until(linked.context, [&] { return !linked.link.up(); }));
  EXPECT_EQ(linked.link.run_id(), "");
  EXPECT_EQ(linked.call({"INCR", "count"}).kind, Kind::unsent);
  ASSERT_TRUE(comes_up(linked));
  EXPECT_EQ(linked.link.run_id(), setup.replica.run_id());
  EXPECT_EQ(linked.text({"GET", "kept"}), "1");
  EXPECT_TRUE(linked.call({"SET", "kept", "2"}).ok());
  EXPECT_EQ(changes, (std::vector<bool>{false, true}));

  // The old one comes back, as a replica; and every sentinel goes: the master that is connected stays.
  setup.master.start();
  run_for(linked.context, 1s);
  EXPECT_EQ(linked.link.run_id(), setup.replica.run_id());
  for (auto& sentinel : setup.sentinels) sentinel->kill();
  run_for(linked.context, 1s);
  EXPECT_TRUE(linked.call({"SET", "kept", "3"}).ok());
}

TEST(Sentinels, a_master_that_was_demoted_is_left) {
  RealSentinels setup;
  Linked linked(setup.settings());
  // Behind everybody's back: this connection is not broken by it.
  setup.master.ask({"REPLICAOF", "127.0.0.1", setup.replica.port()});
  const auto answer = linked.call({"SET", "key", "1"});
  EXPECT_EQ(answer.kind, Kind::unsent) << "for certain not done";
  EXPECT_TRUE(answer.error().starts_with("READONLY")) << answer.error();
  EXPECT_FALSE(linked.link.up());
  run_for(linked.context, 300ms);
  EXPECT_FALSE(linked.link.up()) << "it says itself that it is no master";
  setup.master.ask({"REPLICAOF", "NO", "ONE"});
  ASSERT_TRUE(comes_up(linked));
  EXPECT_TRUE(linked.call({"SET", "key", "1"}).ok());
}

TEST(Sentinels, one_that_only_reads_finds_out_too) {
  RealSentinels setup;
  Linked linked(setup.settings());
  setup.master.ask({"REPLICAOF", "127.0.0.1", setup.replica.port()});
  ASSERT_TRUE(run_until(linked.context, [&] { return !linked.link.up(); }));
}

TEST(Sentinels, of_whom_one_answers_are_enough_to_begin_with) {
  RealSentinels setup;
  setup.sentinels[0]->kill();
  setup.sentinels[2]->kill();
  Linked linked(setup.settings());
  EXPECT_EQ(linked.link.run_id(), setup.master.run_id());
  auto settings = setup.settings();
  settings.master = "nobody";
  asio::io_context context(1);
  RedisLink link(context.get_executor(), settings);
  link.start();
  EXPECT_FALSE(wait(context, link.wait_up(500ms)));
  link.stop();
  run_for(context, 500ms);
}

TEST(Sentinels, need_not_have_the_password_of_the_servers) {
  RealSentinels setup;
  for (auto& sentinel : setup.sentinels) sentinel->ask({"SENTINEL", "SET", "gate", "auth-pass", "right"});
  for (auto* server : {&setup.replica, &setup.master}) {
    server->ask({"CONFIG", "SET", "masterauth", "right"});
    server->ask({"CONFIG", "SET", "requirepass", "right"});
  }
  auto settings = setup.settings();
  settings.password = "right";
  settings.database = 3;
  Linked linked(settings);
  EXPECT_TRUE(linked.call({"SET", "key", "1"}).ok());
  EXPECT_NE(linked.text({"CLIENT", "INFO"}).find(" db=3 "), std::string::npos);
  // And when they have it, it is told them.
  for (auto& sentinel : setup.sentinels) {
    EXPECT_TRUE(sentinel->ask({"ACL", "SETUSER", "default", "resetpass", ">right"}).ok());
    EXPECT_FALSE(sentinel->answers());
  }
  Linked another(settings);
  EXPECT_TRUE(another.call({"GET", "key"}).ok());
}

// One cluster for all tests that harm no server.
RealCluster& shared_cluster() {
  static RealCluster one;
  return one;
}

TEST(Cluster, commands_go_to_the_master_of_their_key) {
  auto& cluster = shared_cluster();
  Linked linked(cluster.settings(4));  // any node will do, a replica too
  std::vector<Command> sets, gets;
  for (int i = 0; i < 300; ++i) {
    sets.push_back({"SET", "spread:" + std::to_string(i), std::to_string(i)});
    gets.push_back({"GET", "spread:" + std::to_string(i)});
  }
  for (const auto& answer : wait(linked.context, linked.link.call_all(sets))) EXPECT_TRUE(answer.ok());
  const auto answers = wait(linked.context, linked.link.call_all(gets));
  for (std::size_t i = 0; i < 300; ++i) EXPECT_EQ(answers[i].integer(), std::int64_t(i));
  for (int i = 0; i < 20; ++i) {
    const auto key = "spread:" + std::to_string(i);
    EXPECT_EQ(linked.link.run_id(key), cluster.owner(key).run_id());
    linked.link.post({"INCR", key});
    EXPECT_EQ(linked.text({"GET", key}), std::to_string(i + 1)) << "posted before, on the same connection";
  }
  EXPECT_EQ(linked.text({"PING"}), "PONG");
  EXPECT_EQ(wait(linked.context, linked.link.call_every_master({"PING"})).size(), 3u);
  const auto keys = wait(linked.context, linked.link.keys_matching("spread:*"));
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->size(), 300u);
  const auto beside = wait(linked.context, linked.link.call_beside("spread:7", {"INFO", "server"}, 1s));
  EXPECT_NE(beside.text()->find(linked.link.run_id("spread:7")), std::string_view::npos);
}

TEST(Cluster, each_master_learns_a_script_by_itself) {
  auto& cluster = shared_cluster();
  Linked linked(cluster.settings());
  for (const auto tag : {"a", "b", "c", "d", "e", "f"}) {
    const std::string usage = "{" + std::string(tag) + "}usage",
                      numbers = "{" + std::string(tag) + "}numbers";
    const auto answer =
        wait(linked.context, linked.link.run(script("release"), {usage, numbers, usage, usage, usage, usage},
                                             {"", linked.link.run_id(usage), "0", "0312345678", ""}));
    EXPECT_TRUE(answer.ok()) << answer.error();
  }
}

// What CLUSTER SETSLOT does, for the slot of one key.
struct Journey {
  Journey(RealCluster& in, const std::string& key)
      : from(in.owner(key)),
        to(*in.nodes[&from == in.nodes[0].get() ? 1 : 0]),
        slot(std::to_string(slot_of(key))) {
    from_id = from.text({"CLUSTER", "MYID"});
    to_id = to.text({"CLUSTER", "MYID"});
  }
  void begin() {
    to.ask({"CLUSTER", "SETSLOT", slot, "IMPORTING", from_id});
    from.ask({"CLUSTER", "SETSLOT", slot, "MIGRATING", to_id});
  }
  void carry(const std::string& key) {
    EXPECT_EQ(from.text({"MIGRATE", "127.0.0.1", to.port(), key, "0", "1000"}), "OK");
  }
  void end() {
    EXPECT_TRUE(to.ask({"CLUSTER", "SETSLOT", slot, "NODE", to_id}).ok());
    EXPECT_TRUE(from.ask({"CLUSTER", "SETSLOT", slot, "NODE", to_id}).ok());
  }
  RealServer &from, &to;
  std::string slot, from_id, to_id;
};

TEST(Cluster, a_slot_on_its_way_is_followed) {
  auto& cluster = shared_cluster();
  Linked linked(cluster.settings());
  const std::string gone = "{way}gone", stays = "{way}stays";
  linked.call({"SET", gone, "1"});
  linked.call({"SET", stays, "1"});
  Journey journey(cluster, gone);
  journey.begin();
  journey.carry(gone);
  EXPECT_EQ(linked.call({"INCR", gone}).integer(), 2) << "ASK";
  EXPECT_EQ(linked.call({"INCR", stays}).integer(), 2) << "still there";
  EXPECT_EQ(wait(linked.context, linked.link.keys_matching("{way}*"))->size(), 2u);
  const auto both = linked.call({"MGET", gone, stays});
  EXPECT_EQ(both.kind, Kind::unsent);
  EXPECT_TRUE(both.error().starts_with("TRYAGAIN")) << both.error();
  const Script& release = script("release");
  journey.carry(stays);
  EXPECT_TRUE(wait(linked.context, linked.link.run(release, {gone + "x"}, {})).kind == Kind::reply);
  journey.end();
  const auto moved = wait(linked.context, linked.link.call_all({{"INCR", gone}, {"INCR", stays}}));
  EXPECT_EQ(moved[0].integer(), 3);
  EXPECT_EQ(moved[1].integer(), 3);
  linked.link.post({"INCR", gone});
  EXPECT_EQ(linked.call({"INCR", stays}).integer(), 4);
  ASSERT_TRUE(run_until(linked.context, [&] { return linked.link.run_id(gone) == journey.to.run_id(); }));
  // What nobody waits for is sent again too, in its own time.
  EXPECT_TRUE(run_until(linked.context, [&] { return linked.text({"GET", gone}) == "4"; }));
  EXPECT_TRUE(linked.link.up());
}

TEST(Cluster, a_replica_takes_over_for_a_master_that_was_killed) {
  RealCluster cluster;
  std::vector<bool> changes;  // told until the link has ended
  Linked linked(cluster.settings());
  linked.link.on_change = [&](bool up) { changes.push_back(up); };
  const std::string lost = "{user1000}.lost";
  auto& master = cluster.owner(lost);
  linked.call({"SET", lost, "1"});
  const auto before = linked.link.run_id(lost);
  const auto before_elsewhere = linked.link.run_id("spread:1");
  run_for(linked.context, 200ms);  // it replicates
  master.kill();
  ASSERT_TRUE(run_until(linked.context, [&] { return !linked.link.up(); }));
  EXPECT_EQ(linked.link.run_id(lost), "");
  EXPECT_EQ(linked.call({"INCR", lost}).kind, Kind::unsent);
  ASSERT_TRUE(comes_up(linked));
  EXPECT_EQ(linked.call({"INCR", lost}).integer(), 2);
  EXPECT_NE(linked.link.run_id(lost), before);
  EXPECT_EQ(changes.front(), false);
  EXPECT_EQ(changes.back(), true);
  master.start();  // as a replica of the one that took over
  run_for(linked.context, 2s);
  EXPECT_EQ(linked.call({"INCR", lost}).integer(), 3);
  EXPECT_NE(linked.link.run_id(lost), master.run_id());
}

}  // namespace
}  // namespace sekisho::cache
