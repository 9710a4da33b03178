// What one gateway makes of changes and of whole registries.
#include "cache/registry_replica.h"

#include <gtest/gtest.h>

#include "tests/policy/builders.h"

namespace sekisho::cache {
namespace {

using namespace policy;
using namespace std::chrono_literals;
using Taken = RegistryReplica::Taken;
using E = EtocState;

const Instant noon = at("2026-11-24T12:00:00+09:00");
const JstDate today = JstDate::of(noon);

RecordPtr record(std::int64_t base, std::uint64_t serial, E state = E::certified) {
  auto made = certified_operator(base);
  made.etoc.state = state;
  made.version.serial = serial;
  return PackedRecord::of(made);
}
RecordPtr acted(std::int64_t base, std::uint64_t serial, bool revoked, Instant when, E state = E::certified) {
  auto made = record(base, serial, state)->unpack();
  made.act = RevocationAct{revoked, when, "compliance", "reason"};
  return PackedRecord::of(made);
}

RegistryEvent event(std::uint64_t serial, std::string after, std::string id,
                    std::vector<RecordPtr> records = {}, RegistryFields meta = {}) {
  RegistryEvent made{.serial = serial, .id = std::move(id), .after = std::move(after)};
  made.change.meta = std::move(meta);
  made.records = std::move(records);
  return made;
}

// A registry as Redis has it, the newest of its changes last.
WholeRegistry whole(const std::string& epoch, ChangeIds recent, const std::vector<RecordPtr>& records) {
  WholeRegistry made{.epoch = epoch, .head = recent.back().second, .stream_id = "1-0", .recent = recent};
  made.registry = Registry().with(records, recent.back().first, {});
  return made;
}

std::vector<std::string> ids(const std::vector<RecordPtr>& records) {
  std::vector<std::string> out;
  for (const auto& one : records) out.emplace_back(one->id());
  std::sort(out.begin(), out.end());
  return out;
}
std::vector<std::string> bases(std::initializer_list<std::int64_t> all) {
  std::vector<std::string> out;
  for (const auto base : all) out.push_back(corporate(base).text());
  std::sort(out.begin(), out.end());
  return out;
}

E on_it(const RegistryReplica& replica, std::int64_t base) {
  const auto* found = replica.registry()->find(corporate(base));
  return found ? etoc_on(*found, today) : E::none;
}

TEST(RegistryReplica, knows_nothing_at_first_and_takes_no_change_on_top_of_nothing) {
  RegistryReplica replica;
  EXPECT_TRUE(replica.empty());
  EXPECT_FALSE(replica.same_as("", 0, ""));
  EXPECT_FALSE(replica.behind("", 1));
  EXPECT_EQ(replica.apply(event(1, "", "a", {record(1, 1)})), Taken::missed);
  EXPECT_TRUE(replica.empty());
}

TEST(RegistryReplica, adopts_the_first_registry_as_it_is) {
  RegistryReplica replica;
  EXPECT_TRUE(
      replica.adopt(whole("e", {{1, "a"}, {2, "b"}}, {record(1, 1), acted(2, 2, true, noon)})).empty());
  EXPECT_TRUE(replica.same_as("e", 2, "b"));
  EXPECT_FALSE(replica.same_as("e", 2, "x"));
  EXPECT_FALSE(replica.same_as("e", 1, "b"));
  EXPECT_FALSE(replica.same_as("f", 2, "b"));
  EXPECT_TRUE(replica.behind("e", 3));
  EXPECT_FALSE(replica.behind("e", 2));
  EXPECT_FALSE(replica.behind("f", 3)) << "of another registry it is not the rest";
}

TEST(RegistryReplica, takes_a_change_only_on_top_of_the_one_that_it_names) {
  struct {
    std::uint64_t serial;
    const char *after, *id;
    Taken taken;
    const char* why;
  } const table[] = {
      {3, "b", "c", Taken::applied, "the next one"},
      {2, "a", "b", Taken::known, "the newest that it has"},
      {1, "", "a", Taken::known, "an older one"},
      {2, "a", "x", Taken::missed, "another under a serial that it has: Redis went another way"},
      {1, "", "x", Taken::missed, "the same, further back"},
      {3, "x", "c", Taken::missed, "the next serial behind another change"},
      {3, "", "c", Taken::missed, "one that names none"},
      {4, "b", "d", Taken::missed, "a serial left out"},
      {4, "c", "d", Taken::missed, "one came in between"},
      {9, "h", "i", Taken::missed, "many came in between"},
  };
  for (const auto& row : table) {
    RegistryReplica replica;
    replica.adopt(whole("e", {{1, "a"}, {2, "b"}}, {record(1, 1), record(2, 2)}));
    EXPECT_EQ(
        int(replica.apply(event(row.serial, row.after, row.id, {record(1, row.serial, E::surrendered)}))),
        int(row.taken))
        << row.why;
    const bool applied = row.taken == Taken::applied;
    EXPECT_EQ(on_it(replica, 1), applied ? E::surrendered : E::certified) << row.why;
    EXPECT_TRUE(applied ? replica.same_as("e", 3, "c") : replica.same_as("e", 2, "b")) << row.why;
  }
}

TEST(RegistryReplica, an_older_snapshot_stays_while_changes_go_on) {
  RegistryReplica replica;
  replica.adopt(whole("e", {{1, "a"}}, {record(1, 1)}));
  const auto before = replica.registry();
  replica.apply(event(2, "a", "b", {record(1, 2, E::surrendered), record(2, 2)}, {{"etoc.rows", "7"}}));
  EXPECT_EQ(before->size(), 1u);
  EXPECT_EQ(before->find(corporate(1))->etoc_listed(), E::certified);
  EXPECT_EQ(replica.registry()->size(), 2u);
  EXPECT_EQ(replica.registry()->source(Register::etoc).rows, 7u);
  EXPECT_EQ(replica.whole().fields.at("etoc.rows"), "7");
}

TEST(RegistryReplica, of_two_acts_the_later_one_counts_whatever_the_change_says) {
  struct {
    std::optional<bool> known;  // revoked, and when
    int known_s;
    std::optional<bool> comes;
    int comes_s;
    E then;
  } const table[] = {
      {{}, 0, true, 1, E::revoked},    {true, 1, {}, 0, E::revoked},    {true, 1, false, 2, E::certified},
      {true, 2, false, 1, E::revoked}, {false, 1, true, 2, E::revoked}, {false, 2, true, 1, E::certified},
      {false, 2, {}, 0, E::certified}, {{}, 0, {}, 0, E::certified},
  };
  int row = 0;
  for (const auto& one : table) {
    const auto made = [](std::uint64_t serial, std::optional<bool> revoked, int seconds) {
      return revoked ? acted(1, serial, *revoked, noon + std::chrono::seconds(seconds)) : record(1, serial);
    };
    RegistryReplica by_change, by_whole;
    by_change.adopt(whole("e", {{1, "a"}}, {made(1, one.known, one.known_s)}));
    ASSERT_EQ(by_change.apply(event(2, "a", "b", {made(2, one.comes, one.comes_s)})), Taken::applied);
    EXPECT_EQ(on_it(by_change, 1), one.then) << "row " << row;
    by_whole.adopt(whole("e", {{1, "a"}}, {made(1, one.known, one.known_s)}));
    by_whole.adopt(whole("e", {{1, "a"}, {2, "b"}}, {made(2, one.comes, one.comes_s)}));
    EXPECT_EQ(on_it(by_whole, 1), one.then) << "row " << row << ", loaded";
    ++row;
  }
}

TEST(RegistryReplica, loading_what_it_knows_already_gives_nothing_to_restore) {
  RegistryReplica replica;
  const auto found = whole("e", {{1, "a"}}, {record(1, 1), acted(2, 1, true, noon)});
  replica.adopt(found);
  EXPECT_TRUE(replica.adopt(found).empty());
  EXPECT_TRUE(replica
                  .adopt(whole("e", {{1, "a"}, {2, "b"}},
                               {record(1, 2, E::surrendered), acted(2, 1, true, noon), record(3, 2)}))
                  .empty())
      << "Redis only went on";
  EXPECT_EQ(on_it(replica, 1), E::surrendered);
  EXPECT_EQ(on_it(replica, 3), E::certified);
}

TEST(RegistryReplica, what_redis_lost_is_kept_and_handed_out_to_be_restored) {
  RegistryReplica replica;
  replica.adopt(whole("e", {{1, "a"}, {2, "b"}, {3, "c"}, {4, "d"}},
                      {record(1, 1), record(2, 2, E::surrendered), acted(3, 3, true, noon), record(4, 4)}));
  // Redis went back to its second change: it never heard of the revocation, nor of operator 4.
  const auto lost = replica.adopt(
      whole("e", {{1, "a"}, {2, "b"}}, {record(1, 1), record(2, 2, E::surrendered), record(3, 1)}));
  EXPECT_EQ(ids(lost), bases({3, 4}));
  EXPECT_EQ(on_it(replica, 1), E::certified);
  EXPECT_EQ(on_it(replica, 2), E::surrendered);
  EXPECT_EQ(on_it(replica, 3), E::revoked);
  EXPECT_EQ(on_it(replica, 4), E::certified);
  EXPECT_TRUE(replica.same_as("e", 2, "b")) << "the rest is Redis's";
  // And goes on from there when somebody has restored it.
  EXPECT_EQ(replica.apply(event(3, "b", "r", lost)), Taken::applied);
  EXPECT_EQ(on_it(replica, 3), E::revoked);
}

RegistryFields marks(const std::string& keys, const std::string& list, const std::string& published) {
  return {{keys_text_field, "v" + keys}, {keys_version_field, keys},      {"etoc.list_serial", list},
          {"etoc.published", published}, {"etoc.digest", "list-" + list}, {"etoc.rows", list}};
}

TEST(RegistryReplica, marks_that_redis_lost_are_kept_and_handed_out_too) {
  RegistryReplica replica;
  auto mine = whole("e", {{1, "a"}, {2, "b"}, {3, "c"}}, {record(1, 1)});
  mine.fields = marks("10", "12", "2026-11-20");
  replica.adopt(mine);
  EXPECT_TRUE(replica.lost_marks().empty());
  // Redis went back to its first change: an older trust file, an older list.
  auto older = whole("e", {{1, "a"}}, {record(1, 1)});
  older.fields = marks("9", "9", "2026-11-01");
  EXPECT_TRUE(replica.adopt(older).empty());
  auto lost = marks("10", "12", "2026-11-20");
  lost.erase("etoc.rows");
  EXPECT_EQ(replica.lost_marks(), lost);
  EXPECT_EQ(replica.whole().fields.at(keys_text_field), "v10");
  EXPECT_EQ(replica.whole().fields.at("etoc.rows"), "9") << "the rest is Redis's";
}

TEST(RegistryReplica, marks_that_somebody_lowered_since_stay_as_they_are) {
  const auto mine = [] {
    auto made = whole("e", {{1, "a"}, {2, "b"}}, {record(1, 1)});
    made.fields = marks("3", "12", "2026-11-20");
    return made;
  };
  RegistryReplica replica;
  replica.adopt(mine());
  auto went_on = whole("e", {{1, "a"}, {2, "b"}, {3, "c"}}, {record(1, 1)});
  went_on.fields = marks("3", "11", "2026-11-10");  // a rollback that was approved
  replica.adopt(went_on);
  EXPECT_TRUE(replica.lost_marks().empty());
  EXPECT_EQ(replica.whole().fields.at("etoc.list_serial"), "11");

  RegistryReplica another;
  another.adopt(mine());
  auto anew = whole("f", {{1, "x"}}, {record(1, 1)});
  another.adopt(anew);
  EXPECT_TRUE(another.lost_marks().empty()) << "a registry begun anew has its own trust file";
  EXPECT_FALSE(another.whole().fields.contains(keys_text_field));
}

TEST(RegistryReplica, what_was_changed_there_since_stays_redis_s_but_for_the_later_act) {
  RegistryReplica replica;
  replica.adopt(whole("e", {{1, "a"}, {2, "b"}, {3, "c"}},
                      {acted(1, 2, true, noon), record(2, 3, E::surrendered), acted(3, 3, false, noon),
                       record(4, 3, E::applied)}));
  // Behind the first change Redis went another way, further than the gateway had come.
  const auto lost = replica.adopt(whole("e", {{1, "a"}, {2, "x"}, {3, "y"}, {4, "z"}},
                                        {record(1, 3, E::applied), record(2, 4, E::renewal_pending),
                                         acted(3, 2, true, noon + 1s), record(4, 1)}));
  EXPECT_EQ(ids(lost), bases({1, 4})) << "the act that it lacks, and what only the gateway knew";
  EXPECT_EQ(on_it(replica, 1), E::revoked);
  EXPECT_EQ(replica.registry()->find(corporate(1))->etoc_listed(), E::applied)
      << "the list's word is Redis's";
  EXPECT_EQ(on_it(replica, 2), E::renewal_pending);
  EXPECT_EQ(on_it(replica, 3), E::revoked) << "the later act is Redis's";
  EXPECT_EQ(on_it(replica, 4), E::applied) << "nobody touched it there since";
  EXPECT_TRUE(replica.same_as("e", 4, "z"));
}

TEST(RegistryReplica, of_a_registry_begun_anew_only_revocations_are_carried_over) {
  RegistryReplica replica;
  auto rich = acted(3, 9, true, noon)->unpack();
  rich.names.ja = "川テレコム";
  rich.refusals.push_back({.reference = "R-1"});
  rich.owner_group = "group";
  replica.adopt(whole("e", {{9, "i"}},
                      {record(1, 9), acted(2, 9, true, noon), PackedRecord::of(rich),
                       acted(4, 9, false, noon), record(5, 9, E::revoked)}));
  const auto lost = replica.adopt(whole("f", {{1, "a"}}, {record(1, 1, E::applied), record(2, 1)}));
  EXPECT_EQ(ids(lost), bases({2, 3}));
  EXPECT_TRUE(replica.same_as("f", 1, "a"));
  EXPECT_EQ(on_it(replica, 1), E::applied);
  EXPECT_EQ(on_it(replica, 2), E::revoked);
  EXPECT_EQ(replica.registry()->find(corporate(2))->etoc_listed(), E::certified) << "on top of the new facts";
  EXPECT_EQ(on_it(replica, 4), E::none);
  EXPECT_EQ(on_it(replica, 5), E::none) << "what only a list had said is the new list's to say";
  const auto* bare = replica.registry()->find(corporate(3));
  ASSERT_TRUE(bare);
  const auto kept = bare->unpack();
  EXPECT_EQ(kept.act, rich.act);
  EXPECT_EQ(kept.names.ja, "川テレコム");
  EXPECT_EQ(kept.etoc, EtocEntry{});
  EXPECT_EQ(kept.plan, PlanEntry{});
  EXPECT_TRUE(kept.refusals.empty());
  EXPECT_EQ(kept.owner_group, "");
  EXPECT_EQ(kept.version.serial, 0u);
}

TEST(RegistryReplica, a_reinstatement_after_the_registry_was_begun_anew_counts) {
  RegistryReplica replica;
  replica.adopt(whole("e", {{1, "a"}}, {acted(1, 1, true, noon)}));
  EXPECT_TRUE(replica.adopt(whole("f", {{1, "a"}}, {acted(1, 1, false, noon + 1s)})).empty());
  EXPECT_EQ(on_it(replica, 1), E::certified);
}

TEST(RegistryReplica, remembers_at_least_the_last_thousand_changes_and_not_all) {
  RegistryReplica replica;
  replica.adopt(whole("e", {{1, "c1"}}, {record(1, 1)}));
  const auto name_of = [](std::uint64_t serial) { return "c" + std::to_string(serial); };
  for (std::uint64_t serial = 2; serial <= 5000; ++serial) {
    ASSERT_EQ(replica.apply(event(serial, name_of(serial - 1), name_of(serial), {record(1, serial)})),
              Taken::applied);
    ASSERT_LE(replica.whole().recent.size(), 2000u);
  }
  EXPECT_GE(replica.whole().recent.size(), 1000u);
  EXPECT_EQ(replica.whole().recent.back().second, "c5000");
  EXPECT_EQ(replica.whole().recent.back().first, 5000u);
  EXPECT_EQ(replica.apply(event(4500, "c4499", "x")), Taken::missed)
      << "another way, within what it remembers";
  EXPECT_EQ(replica.apply(event(1, "", "c1")), Taken::known);
}

TEST(RegistryReplica, beyond_what_it_remembers_the_serials_tell_what_was_lost) {
  ChangeIds mine, theirs;
  for (std::uint64_t serial = 3001; serial <= 4000; ++serial)
    mine.emplace_back(serial, "c" + std::to_string(serial));
  for (std::uint64_t serial = 1; serial <= 1000; ++serial)
    theirs.emplace_back(serial, "c" + std::to_string(serial));
  RegistryReplica replica;
  replica.adopt(whole("e", mine,
                      {record(1, 500), record(2, 4000, E::surrendered), acted(3, 900, true, noon),
                       acted(4, 2000, true, noon)}));
  const auto lost =
      replica.adopt(whole("e", theirs, {record(1, 500), record(2, 800), acted(3, 900, true, noon)}));
  EXPECT_EQ(ids(lost), bases({2, 4}));
  EXPECT_EQ(on_it(replica, 2), E::surrendered);
  EXPECT_EQ(on_it(replica, 3), E::revoked);
  EXPECT_EQ(on_it(replica, 4), E::revoked);
}

TEST(RegistryReplica, a_place_in_the_stream_is_kept_with_the_rest) {
  RegistryReplica replica;
  replica.adopt(whole("e", {{1, "a"}}, {}));
  replica.at_stream("9-3");
  EXPECT_EQ(replica.whole().stream_id, "9-3");
}

}  // namespace
}  // namespace sekisho::cache
