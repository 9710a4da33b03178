// A census that is kept up with every change says what counting anew would say.
#include "policy/census.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <random>

#include "tests/policy/builders.h"

namespace sekisho::policy {
namespace {

using E = EtocState;
const auto today = day("2026-11-24");

struct Counted {
  std::array<std::int64_t, count_of<E>()> states{};
  std::int64_t expiring = 0;
};

// The plain way, from the definition: one operator after the other.
Counted count_anew(const Registry& registry, JstDate on, int days) {
  Counted out;
  registry.each([&](const PackedRecord& packed) {
    const auto record = packed.unpack();
    const auto state = etoc_on(record, on);
    ++out.states[std::size_t(state)];
    const auto until = record.etoc.valid_until;
    out.expiring += state == E::certified && until && *until <= on.plus(days);
  });
  return out;
}

std::int64_t of(const Census& census, E state, JstDate on) { return census.states(on)[std::size_t(state)]; }

void expect_as_counted(const Census& census, const Registry& registry, JstDate on, const std::string& when) {
  for (const int days : {0, 1, 7, 30, 60, 90}) {
    const auto counted = count_anew(registry, on, days);
    ASSERT_EQ(census.states(on), counted.states) << when << ", on " << on.text();
    ASSERT_EQ(census.expiring(on, days), counted.expiring)
        << when << ", within " << days << " of " << on.text();
  }
}

TEST(Census, nobody_is_counted_in_an_empty_registry) {
  Census census;
  census.count(Registry());
  for (const auto number : census.states(today)) EXPECT_EQ(number, 0);
  EXPECT_EQ(census.expiring(today, 10000), 0);
}

TEST(Census, the_last_day_counts_as_certified_and_as_expiring) {
  auto record = certified_operator(1);
  record.etoc.valid_until = today;
  Census census;
  census.change(nullptr, *PackedRecord::of(record));
  EXPECT_EQ(of(census, E::certified, today), 1);
  EXPECT_EQ(census.expiring(today, 0), 1);
  EXPECT_EQ(of(census, E::certified, today.plus(1)), 0);
  EXPECT_EQ(of(census, E::expired, today.plus(1)), 1);
  EXPECT_EQ(census.expiring(today.plus(1), 60), 0);
  EXPECT_EQ(census.expiring(today.plus(-60), 60), 1);
  EXPECT_EQ(census.expiring(today.plus(-61), 60), 0);
}

TEST(Census, a_revocation_moves_an_operator_and_its_reinstatement_moves_it_back) {
  auto record = certified_operator(1);
  record.etoc.valid_until = today.plus(10);
  const auto certified = PackedRecord::of(record);
  record.act = RevocationAct{.revoked = true};
  const auto revoked = PackedRecord::of(record);
  record.act->revoked = false;
  const auto reinstated = PackedRecord::of(record);
  Census census;
  census.change(nullptr, *certified);
  census.change(certified.get(), *revoked);
  EXPECT_EQ(of(census, E::revoked, today), 1);
  EXPECT_EQ(of(census, E::certified, today), 0);
  EXPECT_EQ(census.expiring(today, 60), 0) << "who is revoked has no certificate that could end";
  EXPECT_EQ(of(census, E::revoked, today.plus(1000)), 1);
  census.change(revoked.get(), *reinstated);
  EXPECT_EQ(of(census, E::revoked, today), 0);
  EXPECT_EQ(of(census, E::certified, today), 1);
  EXPECT_EQ(census.expiring(today, 60), 1);
}

TEST(Census, after_any_changes_it_is_as_if_counted_anew) {
  const char* asked = std::getenv("SEKISHO_SEED");
  const unsigned seed = asked ? unsigned(std::stoul(asked)) : std::random_device()();
  std::printf("SEKISHO_SEED=%u\n", seed);
  std::mt19937_64 engine(seed);
  const auto pick = [&](int below) { return int(engine() % unsigned(below)); };

  Census census;
  std::shared_ptr<const Registry> registry = std::make_shared<Registry>();
  for (std::uint64_t serial = 1; serial <= 2000; ++serial) {
    OperatorRecord record{.id = corporate(1 + pick(120))};
    record.etoc.state = static_cast<E>(pick(int(count_of<E>())));
    if (pick(3) > 0) record.etoc.valid_until = today.plus(pick(200) - 50);
    if (pick(4) == 0) record.act = RevocationAct{.revoked = pick(2) == 0};
    const auto packed = PackedRecord::of(record);
    census.change(registry->find(packed->id()), *packed);
    registry = registry->with({packed}, serial, {});
    if (serial % 200 > 0) continue;
    const auto when = "after " + std::to_string(serial) + " changes, SEKISHO_SEED=" + std::to_string(seed);
    for (int days = -60; days <= 170; days += 5)
      ASSERT_NO_FATAL_FAILURE(expect_as_counted(census, *registry, today.plus(days), when));
  }
  Census anew;
  anew.count(*registry);
  for (int days = -60; days <= 170; ++days) {
    const auto on = today.plus(days);
    EXPECT_EQ(anew.states(on), census.states(on));
    EXPECT_EQ(anew.expiring(on, 60), census.expiring(on, 60));
  }
  anew.count(*registry);
  EXPECT_EQ(anew.states(today), census.states(today)) << "counting twice counts nobody twice";
}

}  // namespace
}  // namespace sekisho::policy
