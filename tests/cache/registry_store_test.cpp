// The registry in Redis: commits, the stream, and gateways that follow it through everything that happens to
// Redis.
#include "cache/registry_store.h"

#include <gtest/gtest.h>

#include "cache/clock.h"
#include "cache/keys.h"
#include "cache/record_codec.h"
#include "cache/registry_follower.h"
#include "tests/cache/real_redis.h"
#include "tests/policy/builders.h"

namespace sekisho::cache {
namespace {

using namespace policy;
using namespace std::chrono_literals;

const Instant noon = at("2026-11-24T12:00:00+09:00");

RecordPtr record(std::int64_t base, EtocState state = EtocState::certified) {
  auto made = certified_operator(base);
  made.etoc.state = state;
  return PackedRecord::of(made);
}
RecordPtr acted(std::int64_t base, bool revoked, Instant when = noon) {
  auto made = certified_operator(base);
  made.act = RevocationAct{revoked, when, "compliance", "reason"};
  return PackedRecord::of(made);
}

struct RegistryTest : testing::Test {
  RegistryTest() { linked.call({"FLUSHALL"}); }

  std::uint64_t commit(std::uint64_t seen, const std::vector<RecordPtr>& records,
                       std::map<std::string, std::string> meta = {}) {
    const RegistryChange change{.at = noon, .by = "tester", .reason = "a test", .meta = std::move(meta)};
    return wait(linked.context, store.commit(seen, change, records)).value_or(99999);
  }
  EtocState stored(std::int64_t base) {
    bool reachable = false;
    const auto found = wait(linked.context, store.find(corporate(base), reachable));
    EXPECT_TRUE(reachable);
    return found ? etoc_on(*found, JstDate::of(noon)) : EtocState::none;
  }

  Linked linked{RealRedis::shared().settings()};
  RegistryStore store{linked.link};
};

TEST_F(RegistryTest, an_empty_redis_has_no_registry) {
  const auto meta = wait(linked.context, store.meta());
  ASSERT_TRUE(meta);
  EXPECT_EQ(meta->serial, 0u);
  EXPECT_EQ(meta->epoch, "");
  EXPECT_EQ(wait(linked.context, store.load())->registry->size(), 0u);
}

TEST_F(RegistryTest, what_is_committed_is_loaded_whole) {
  EXPECT_EQ(commit(0, {record(1), record(2)},
                   {{"etoc.serial", "1"}, {"etoc.rows", "2"}, {"etoc.verified_at", "5000"}}),
            1u);
  EXPECT_EQ(commit(1, {record(2, EtocState::surrendered)}), 2u);
  const auto whole = wait(linked.context, store.load());
  ASSERT_TRUE(whole);
  const auto& registry = whole->registry;
  EXPECT_EQ(registry->serial(), 2u);
  EXPECT_EQ(registry->size(), 2u);
  EXPECT_EQ(registry->find(corporate(1))->serial(), 1u);
  EXPECT_EQ(registry->find(corporate(2))->serial(), 2u);
  EXPECT_EQ(registry->find(corporate(2))->etoc_listed(), EtocState::surrendered);
  EXPECT_EQ(registry->source(Register::etoc).rows, 2u);
  EXPECT_EQ(registry->source(Register::etoc).verified_at, from_ms(5000));
  EXPECT_FALSE(registry->source(Register::plan).verified_at);
  EXPECT_EQ(stored(2), EtocState::surrendered);
  EXPECT_EQ(stored(3), EtocState::none);
}

TEST_F(RegistryTest, who_comes_second_is_told_to_look_again) {
  EXPECT_EQ(commit(0, {record(1)}), 1u);
  EXPECT_EQ(commit(0, {record(1, EtocState::revoked), record(2)}), 0u);
  EXPECT_EQ(stored(1), EtocState::certified);
  EXPECT_EQ(stored(2), EtocState::none);
  EXPECT_EQ(linked.call({"KEYS", "sekisho:{registry}:staging:*"}).size(), 0u)
      << "nothing is left lying about";
}

TEST_F(RegistryTest, a_large_import_is_one_change_and_is_folded_in) {
  std::vector<RecordPtr> many;
  for (std::int64_t base = 1; base <= 2550; ++base) many.push_back(record(base));
  EXPECT_EQ(commit(0, many), 1u);
  EXPECT_EQ(commit(1, {record(7, EtocState::applied)}), 2u);
  EXPECT_EQ(wait(linked.context, store.load())->registry->size(), 2550u);
  EXPECT_EQ(linked.call({"HLEN", keys::registry_operators}).integer(), 2550);
  EXPECT_EQ(wait(linked.context, store.meta())->unfolded, 0u);
  const auto events = wait(linked.context, store.events());
  ASSERT_TRUE(events);
  ASSERT_EQ(events->size(), 2u);
  EXPECT_EQ(events->at(0).count, 2550u);
  EXPECT_EQ(events->at(0).change.by, "tester");
  EXPECT_EQ(events->at(0).change.reason, "a test");
  EXPECT_EQ(events->at(0).change.at, noon);
  EXPECT_EQ(events->at(1).records.size(), 1u);
  EXPECT_EQ(events->at(1).after, events->at(0).id);

  std::string from = "0-0";
  const auto news = wait(linked.context, store.news(from, 0ms));
  ASSERT_TRUE(news);
  ASSERT_EQ(news->size(), 2u);
  EXPECT_EQ(news->at(0).records.size(), 2550u) << "gateways get them all";
}

TEST_F(RegistryTest, how_far_a_large_import_has_come_is_told_in_operators) {
  using Told = std::vector<std::pair<std::uint64_t, std::uint64_t>>;
  Told loaded, staged, folded;
  const auto into = [](Told& told) {
    return [&told](std::uint64_t done, std::uint64_t total) { told.emplace_back(done, total); };
  };
  store.on_load = into(loaded);
  store.on_stage = into(staged);
  store.on_fold = into(folded);
  EXPECT_EQ(wait(linked.context, store.load())->registry->size(), 0u);
  EXPECT_EQ(loaded, (Told{{0, 0}, {0, 0}}));
  std::vector<RecordPtr> many;
  for (std::int64_t base = 1; base <= 7250; ++base) many.push_back(record(base));
  EXPECT_EQ(commit(0, many), 1u);
  EXPECT_EQ(wait(linked.context, store.load())->registry->size(), 7250u);
  for (const auto* told : {&staged, &folded}) {
    ASSERT_GE(told->size(), 4u);
    EXPECT_EQ(told->front(), std::make_pair(std::uint64_t(0), std::uint64_t(7250)));
    EXPECT_EQ(told->back(), std::make_pair(std::uint64_t(7250), std::uint64_t(7250)));
    for (std::size_t i = 1; i < told->size(); ++i) EXPECT_LT(told->at(i - 1).first, told->at(i).first);
  }
  EXPECT_EQ(loaded.back(), std::make_pair(std::uint64_t(7250), std::uint64_t(7250)));
  staged.clear();
  EXPECT_EQ(commit(1, {record(7, EtocState::applied)}), 2u);
  EXPECT_EQ(staged, Told{}) << "a small one is over at once";
}

TEST_F(RegistryTest, a_large_change_whose_writer_died_is_in_force_and_the_next_one_folds_it_in) {
  std::vector<RecordPtr> many;
  for (std::int64_t base = 1; base <= 500; ++base) many.push_back(record(base));
  EXPECT_EQ(commit(0, many), 1u);
  for (auto& one : many) one = record(std::int64_t(&one - many.data()) + 1, EtocState::surrendered);
  EXPECT_EQ(commit(1, many), 2u);
  // As if nothing had been folded: the present is the old one, and a revocation came in between.
  for (std::int64_t base = 1; base <= 500; ++base) {
    auto old = certified_operator(base);
    old.version.serial = 1;
    linked.call({"HSET", keys::registry_operators, old.id.text(), encode(old)});
  }
  linked.call({"HSET", keys::registry_meta, "unfolded", "2"});
  EXPECT_EQ(commit(2, {acted(3, true)}), 3u) << "a revocation does not wait for it";
  const auto whole = wait(linked.context, store.load());
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->registry->find(corporate(1))->etoc_listed(), EtocState::surrendered);
  EXPECT_EQ(etoc_on(*whole->registry->find(corporate(3)), JstDate::of(noon)), EtocState::revoked);

  for (auto& one : many) one = record(std::int64_t(&one - many.data()) + 1000);
  EXPECT_EQ(commit(3, many), 4u);
  EXPECT_EQ(stored(1), EtocState::surrendered);
  EXPECT_EQ(stored(3), EtocState::revoked) << "the newer record stays";
  EXPECT_EQ(wait(linked.context, store.meta())->unfolded, 0u);
}

TEST_F(RegistryTest, every_version_of_an_operator_stays) {
  commit(0, {record(1), record(2)});
  commit(1, {acted(1, true)});
  commit(2, {acted(1, false, noon + 1s)});
  const auto versions = wait(linked.context, store.history(corporate(1)));
  ASSERT_TRUE(versions);
  ASSERT_EQ(versions->size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(versions->at(i).version.serial, i + 1);
    EXPECT_EQ(versions->at(i).version.known_at, noon);
  }
  EXPECT_TRUE(versions->at(1).act->revoked);
  EXPECT_EQ(wait(linked.context, store.history(corporate(2)))->size(), 1u);
  EXPECT_TRUE(wait(linked.context, store.history(corporate(3)))->empty());
}

// ---- following

struct FollowerTest : RegistryTest {
  FollowerTest() { follower.start(); }
  ~FollowerTest() override {
    follower.stop();
    run_for(linked.context, 150ms);
  }
  bool reaches(std::uint64_t serial) {
    return run_until(linked.context, [&] { return newest && newest->serial() == serial; });
  }
  EtocState followed(std::int64_t base) {
    const auto* found = newest->find(corporate(base));
    return found ? etoc_on(*found, JstDate::of(noon)) : EtocState::none;
  }

  std::atomic<std::int64_t> in_step_at{0};
  std::shared_ptr<const Registry> newest;
  int loads = 0, events = 0;
  RegistryFollower follower{linked.context.get_executor(),
                            RealRedis::shared().settings(),
                            {.gateway = "gw-test"},
                            in_step_at,
                            [this](const RegistryFollower::News& news) {
                              newest = news.registry;
                              loads += news.changes.empty();
                              events += int(news.changes.size());
                            }};
};

TEST_F(FollowerTest, loads_once_and_then_takes_each_change) {
  run_for(linked.context, 100ms);
  EXPECT_FALSE(newest) << "nobody has imported anything yet";
  EXPECT_EQ(in_step_at, 0);
  const auto before = boot_ms();
  commit(0, {record(1), record(2)});
  ASSERT_TRUE(reaches(1));
  ASSERT_TRUE(run_until(linked.context, [&] { return in_step_at >= before; }));
  auto soonest = std::chrono::steady_clock::duration::max();
  for (std::uint64_t serial = 1; serial <= 3; ++serial) {  // the machine may stand still during one
    commit(serial, {acted(2, true)}, {{"etoc.verified_at", "9000"}});
    const auto asked = std::chrono::steady_clock::now();
    ASSERT_TRUE(reaches(serial + 1));
    soonest = std::min(soonest, std::chrono::steady_clock::now() - asked);
  }
  EXPECT_LT(soonest, 300ms) << "a change is told, not polled for: that would take half a second";
  EXPECT_EQ(followed(2), EtocState::revoked);
  EXPECT_EQ(newest->source(Register::etoc).verified_at, from_ms(9000));
  EXPECT_EQ(loads, 1);
  EXPECT_EQ(events, 3);
  EXPECT_LE(in_step_at, boot_ms());
}

TEST_F(FollowerTest, no_list_brings_a_revoked_operator_back) {
  commit(0, {acted(1, true)});
  ASSERT_TRUE(reaches(1));
  commit(1, {record(1)});  // a list that knows nothing of the act
  ASSERT_TRUE(reaches(2));
  EXPECT_EQ(followed(1), EtocState::revoked);
  commit(2, {acted(1, false, noon - 1s)});  // an older act
  ASSERT_TRUE(reaches(3));
  EXPECT_EQ(followed(1), EtocState::revoked);
  commit(3, {acted(1, false, noon + 1s)});
  ASSERT_TRUE(reaches(4));
  EXPECT_EQ(followed(1), EtocState::certified);
}

TEST_F(FollowerTest, a_hole_in_the_serials_is_mended_by_loading_all) {
  commit(0, {record(1)});
  ASSERT_TRUE(reaches(1));
  // A change whose stream entries are gone, as when the stream was cut while this gateway slept.
  auto lost = certified_operator(2);
  lost.version.serial = 2;
  linked.call({"HSET", keys::registry_operators, lost.id.text(), encode(lost)});
  linked.call({"HSET", keys::registry_meta, "serial", "2"});
  EXPECT_EQ(commit(2, {record(3)}), 3u);
  ASSERT_TRUE(reaches(3));
  EXPECT_EQ(newest->size(), 3u);
  EXPECT_EQ(loads, 2);
}

TEST_F(FollowerTest, a_registry_begun_anew_keeps_acts_of_revocation) {
  commit(0, {record(1), record(2)});
  commit(1, {acted(3, true)});
  commit(2, {acted(4, true)});
  ASSERT_TRUE(reaches(3));
  linked.call({"FLUSHALL"});
  run_for(linked.context, 700ms);
  EXPECT_EQ(newest->serial(), 3u) << "an empty Redis empties nothing";
  const auto stale_since = in_step_at.load();
  EXPECT_LT(stale_since, boot_ms() - 50) << "but nobody is in step with it";
  EXPECT_EQ(commit(0, {record(1), record(3)}), 1u);
  ASSERT_TRUE(reaches(1));
  EXPECT_EQ(followed(1), EtocState::certified);
  EXPECT_EQ(followed(2), EtocState::none) << "the new registry does not know it";
  EXPECT_EQ(followed(3), EtocState::revoked) << "on the new list, but revoked here";
  EXPECT_EQ(followed(4), EtocState::revoked) << "not on the new list";
  ASSERT_TRUE(run_until(linked.context, [&] { return in_step_at > stale_since; }));
}

TEST_F(FollowerTest, a_redis_that_lost_its_last_commits_makes_nobody_forget_them) {
  commit(0, {record(1), record(2)});
  ASSERT_TRUE(reaches(1));
  std::map<std::string, std::string> dumps;
  for (const auto& key : {keys::registry_operators, keys::registry_events, keys::registry_meta})
    dumps[key] = linked.text({"DUMP", key});
  commit(1, {record(2, EtocState::surrendered)});
  commit(2, {acted(1, true)});
  ASSERT_TRUE(reaches(3));
  for (const auto& [key, dump] : dumps) linked.call({"RESTORE", key, "0", dump, "REPLACE"});
  ASSERT_TRUE(reaches(2)) << "what was lost is committed again";
  EXPECT_EQ(followed(1), EtocState::revoked);
  EXPECT_EQ(followed(2), EtocState::surrendered);
  EXPECT_EQ(stored(1), EtocState::revoked) << "also for gateways that never heard of it";
  EXPECT_EQ(stored(2), EtocState::surrendered);
  EXPECT_EQ(wait(linked.context, store.events())->back().change.by, "gateway gw-test");
  commit(2, {record(5)});
  ASSERT_TRUE(reaches(3));
  EXPECT_EQ(followed(5), EtocState::certified) << "and goes on from there";
  EXPECT_EQ(followed(1), EtocState::revoked);
}

TEST_F(FollowerTest, a_lost_change_shows_although_another_has_its_serial_now) {
  commit(0, {record(1), record(2)});
  ASSERT_TRUE(reaches(1));
  std::map<std::string, std::string> dumps;
  for (const auto& key : {keys::registry_operators, keys::registry_events, keys::registry_meta})
    dumps[key] = linked.text({"DUMP", key});
  commit(1, {acted(1, true)});
  ASSERT_TRUE(reaches(2));
  // Redis goes back, and on another way, before the gateway asks again.
  for (const auto& [key, dump] : dumps) linked.call({"RESTORE", key, "0", dump, "REPLACE"});
  commit(1, {record(2, EtocState::applied)});
  ASSERT_TRUE(reaches(3)) << "and the revocation is committed again";
  EXPECT_EQ(followed(1), EtocState::revoked);
  EXPECT_EQ(stored(1), EtocState::revoked);
  EXPECT_EQ(followed(2), EtocState::applied);
}

TEST(Follower, goes_on_when_redis_comes_back) {
  RealRedis redis;
  std::atomic<std::int64_t> in_step_at{0};
  std::shared_ptr<const Registry> newest;
  Linked linked(redis.settings());
  RegistryStore store(linked.link);
  RegistryFollower follower(linked.context.get_executor(), redis.settings(), {.gateway = "gw-test"},
                            in_step_at, [&](const RegistryFollower::News& news) { newest = news.registry; });
  follower.start();
  const RegistryChange change{.at = noon};
  const std::vector<RecordPtr> first{acted(1, true)}, second{record(2)};
  wait(linked.context, store.commit(0, change, first));
  ASSERT_TRUE(run_until(linked.context, [&] { return newest != nullptr; }));
  redis.kill();
  run_for(linked.context, 200ms);
  const auto stood = in_step_at.load();
  redis.start();  // empty
  ASSERT_TRUE(wait(linked.context, linked.link.wait_up(5s)));
  wait(linked.context, store.commit(0, change, second));
  ASSERT_TRUE(run_until(linked.context, [&] { return newest->find(corporate(2)) != nullptr; }));
  EXPECT_EQ(etoc_on(*newest->find(corporate(1)), JstDate::of(noon)), EtocState::revoked);
  ASSERT_TRUE(run_until(linked.context, [&] { return in_step_at > stood; }));
  follower.stop();
  run_for(linked.context, 700ms);
}

}  // namespace
}  // namespace sekisho::cache
