#include "policy/registry.h"

#include <gtest/gtest.h>

#include "tests/policy/builders.h"

namespace sekisho::policy {
namespace {

using E = EtocState;

RecordPtr record(std::int64_t base, E state = E::certified) {
  auto made = certified_operator(base);
  made.etoc.state = state;
  return PackedRecord::of(made);
}

TEST(EtocOn, expiry_is_computed_from_the_day_and_the_last_day_counts) {
  struct {
    E listed;
    const char* until;
    const char* today;
    E then;
  } const table[] = {
      {E::certified, "2027-01-31", "2027-01-30", E::certified},
      {E::certified, "2027-01-31", "2027-01-31", E::certified},
      {E::certified, "2027-01-31", "2027-02-01", E::expired},
      {E::certified, "2028-02-29", "2028-02-29", E::certified},
      {E::certified, "2028-02-29", "2028-03-01", E::expired},
      {E::certified, nullptr, "2099-01-01", E::certified},
      {E::objection, "2027-01-31", "2027-02-01", E::expired},
      {E::renewal_pending, "2027-01-31", "2027-02-01", E::renewal_pending},  // late certificates lose nobody
      {E::expired, "2099-01-31", "2027-02-01", E::expired},
      {E::revoked, "2099-01-31", "2027-02-01", E::revoked},
      {E::surrendered, "2027-01-31", "2027-02-01", E::surrendered},
      {E::none, nullptr, "2027-02-01", E::none},
      {E::applied, nullptr, "2027-02-01", E::applied},
      {E::unknown, nullptr, "2027-02-01", E::unknown},
  };
  for (const auto& row : table) {
    OperatorRecord one{.id = corporate(1)};
    one.etoc.state = row.listed;
    if (row.until) one.etoc.valid_until = day(row.until);
    EXPECT_EQ(name(etoc_on(one, day(row.today))), name(row.then)) << name(row.listed) << " on " << row.today;

    one.act = RevocationAct{.revoked = true};
    EXPECT_EQ(etoc_on(one, day(row.today)), E::revoked) << "an act beats every list";
    one.act->revoked = false;
    EXPECT_EQ(etoc_on(one, day(row.today)), row.then) << "a reinstatement leaves the list's word";
  }
}

TEST(Registry, an_empty_one_knows_nobody) {
  const Registry empty;
  EXPECT_EQ(empty.find(corporate(1)), nullptr);
  EXPECT_EQ(empty.size(), 0u);
  EXPECT_EQ(empty.serial(), 0u);
  EXPECT_FALSE(empty.source(Register::etoc).verified_at);
}

TEST(Registry, a_snapshot_stays_as_it_was) {
  const auto first = Registry().with({record(1), record(2)}, 1, {});
  const auto second = first->with({record(2, E::revoked), record(3)}, 2, {});
  EXPECT_EQ(first->size(), 2u);
  EXPECT_EQ(first->find(corporate(2))->etoc_listed(), E::certified);
  EXPECT_EQ(first->find(corporate(3)), nullptr);
  EXPECT_EQ(second->size(), 3u);
  EXPECT_EQ(second->serial(), 2u);
  EXPECT_EQ(second->find(corporate(2))->etoc_listed(), E::revoked);
  EXPECT_EQ(second->find(corporate(1)), first->find(corporate(1))) << "what did not change is shared";
}

TEST(Registry, sources_are_those_of_the_newest_change) {
  std::array<SourceStatus, 4> sources{};
  sources[std::size_t(Register::plan)] = {
      .serial = 3, .verified_at = at("2026-11-24T10:00:00+09:00"), .rows = 7};
  const auto registry = Registry().with({}, 5, sources);
  EXPECT_EQ(registry->source(Register::plan).rows, 7u);
  EXPECT_EQ(registry->source(Register::plan).verified_at, at("2026-11-24T10:00:00+09:00"));
  EXPECT_FALSE(registry->source(Register::etoc).verified_at);
}

TEST(Registry, thousands_of_operators_are_all_found_and_one_change_costs_the_change) {
  constexpr std::int64_t count = 20000;
  std::vector<RecordPtr> all;
  for (std::int64_t base = 1; base <= count; ++base) all.push_back(record(base));
  const auto full = Registry().with(all, 1, {});
  EXPECT_EQ(full->size(), std::size_t(count));
  std::size_t found = 0, visited = 0;
  for (const auto& one : all) found += full->find(one->id()) == one.get();
  full->each([&](const PackedRecord&) { ++visited; });
  EXPECT_EQ(found, all.size());
  EXPECT_EQ(visited, all.size());

  auto newest = full;
  for (std::int64_t base = 1; base <= 1000; ++base)
    newest = newest->with({record(base, E::revoked)}, 1 + base, {});
  std::size_t revoked = 0, shared = 0;
  newest->each([&](const PackedRecord& one) {
    revoked += one.etoc_listed() == E::revoked;
    shared += full->find(one.id()) == &one;
  });
  EXPECT_EQ(newest->size(), std::size_t(count));
  EXPECT_EQ(revoked, 1000u);
  EXPECT_EQ(shared, std::size_t(count) - 1000) << "records that did not change are the same objects";
}

TEST(Registry, the_last_of_two_records_of_one_operator_stands) {
  const auto registry = Registry().with({record(1), record(1, E::revoked)}, 1, {});
  EXPECT_EQ(registry->size(), 1u);
  EXPECT_EQ(registry->find(corporate(1))->etoc_listed(), E::revoked);
}

// ---- mergers

const auto today = day("2026-11-24");

OperatorRecord merged(std::int64_t base, std::int64_t into) {
  auto made = certified_operator(base);
  made.etoc.state = E::surrendered;
  made.merged_into = corporate(into);
  return made;
}

// Who acts for the first of these operators.
std::string acting(std::vector<OperatorRecord> records, JstDate on = today) {
  std::vector<RecordPtr> packed;
  for (const auto& one : records) packed.push_back(PackedRecord::of(one));
  const auto registry = Registry().with(packed, 1, {});
  const auto* found = registry->acting_for(records.front().id.text(), on);
  return found ? std::string(found->id()) : "";
}

TEST(ActingFor, who_is_merged_into_nobody_stands_for_itself_and_a_stranger_is_nobody) {
  EXPECT_EQ(acting({certified_operator(1)}), corporate(1).text());
  EXPECT_EQ(Registry().acting_for(corporate(1).text(), today), nullptr);
}

TEST(ActingFor, a_row_of_mergers_leads_to_its_last_successor) {
  EXPECT_EQ(acting({merged(1, 2), certified_operator(2)}), corporate(2).text());
  EXPECT_EQ(acting({merged(1, 2), merged(2, 3), merged(3, 4), certified_operator(4)}), corporate(4).text());
}

TEST(ActingFor, a_successor_that_nobody_knows_leaves_the_operator_with_its_own_facts) {
  EXPECT_EQ(acting({merged(1, 2)}), corporate(1).text());
  EXPECT_EQ(acting({merged(1, 2), merged(2, 3)}), corporate(2).text());
}

TEST(ActingFor, who_is_revoked_itself_hides_behind_nobody) {
  auto listed = merged(1, 2), by_act = merged(1, 2), before = merged(1, 2);
  listed.etoc.state = E::revoked;
  by_act.act = RevocationAct{.revoked = true};
  before.act = RevocationAct{.revoked = false};
  EXPECT_EQ(acting({listed, certified_operator(2)}), corporate(1).text());
  EXPECT_EQ(acting({by_act, certified_operator(2)}), corporate(1).text());
  EXPECT_EQ(acting({before, certified_operator(2)}), corporate(2).text()) << "reinstated since";

  auto between = merged(2, 3);
  between.act = RevocationAct{.revoked = true};
  EXPECT_EQ(acting({merged(1, 2), between, certified_operator(3)}), corporate(2).text());
  auto last = certified_operator(2);
  last.act = RevocationAct{.revoked = true};
  EXPECT_EQ(acting({merged(1, 2), last}), corporate(2).text()) << "a revoked successor counts as what it is";
}

TEST(ActingFor, who_is_refused_itself_hides_behind_nobody_while_the_refusal_holds) {
  auto refused = merged(1, 2);
  refused.refusals.push_back(
      {.number_types = {NumberType::mobile}, .from = day("2026-11-10"), .until = day("2026-11-30")});
  EXPECT_EQ(acting({refused, certified_operator(2)}, day("2026-11-09")), corporate(2).text());
  EXPECT_EQ(acting({refused, certified_operator(2)}, day("2026-11-10")), corporate(1).text());
  EXPECT_EQ(acting({refused, certified_operator(2)}, day("2026-11-30")), corporate(1).text());
  EXPECT_EQ(acting({refused, certified_operator(2)}, day("2026-12-01")), corporate(2).text());
}

TEST(ActingFor, a_ring_of_successors_ends_somewhere_in_it) {
  EXPECT_EQ(acting({merged(1, 1)}), corporate(1).text());
  const auto of_two = acting({merged(1, 2), merged(2, 1)});
  EXPECT_TRUE(of_two == corporate(1).text() || of_two == corporate(2).text()) << of_two;
  EXPECT_NE(acting({merged(1, 2), merged(2, 3), merged(3, 2)}), "");
}

}  // namespace
}  // namespace sekisho::policy
