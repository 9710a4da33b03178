// What was so on a day, as it was known at a moment.
#include "policy/history.h"

#include <gtest/gtest.h>

#include "tests/policy/builders.h"

namespace sekisho::policy {
namespace {

using E = EtocState;

struct Asked {
  const char *day, *known_at;
  std::optional<E> then;  // nothing: nobody knew it
};

OperatorRecord version(std::uint64_t serial, const char* known_at, const char* effective, E listed,
                       const char* until = nullptr, std::optional<bool> revoked = {}) {
  OperatorRecord made{.id = corporate(1)};
  made.etoc.state = listed;
  if (until) made.etoc.valid_until = day(until);
  if (revoked) made.act = RevocationAct{.revoked = *revoked, .at = at(known_at)};
  made.version = {.serial = serial, .known_at = at(known_at)};
  if (effective) made.version.effective = day(effective);
  return made;
}

void expect(const std::vector<OperatorRecord>& versions, std::initializer_list<Asked> table) {
  for (const auto& row : table) {
    const auto* found = version_on(versions, day(row.day), at(row.known_at));
    const std::string asked = std::string("on ") + row.day + " as known at " + row.known_at;
    ASSERT_EQ(found != nullptr, row.then.has_value()) << asked;
    if (!found) continue;
    EXPECT_EQ(name(etoc_on(*found, day(row.day))), name(*row.then)) << asked;
  }
}

TEST(History, of_an_operator_without_versions_nothing_was_ever_known) {
  EXPECT_EQ(version_on({}, day("2026-11-24"), at("2026-11-24T12:00:00+09:00")), nullptr);
}

TEST(History, a_renewal_holds_from_the_day_of_its_list) {
  expect({version(1, "2026-02-03T10:00:00+09:00", "2026-02-01", E::certified, "2027-01-31"),
          version(2, "2027-01-20T10:00:00+09:00", "2027-01-15", E::certified, "2028-01-31")},
         {
             {"2026-01-31", "2027-06-01T00:00:00+09:00", {}},
             {"2026-02-01", "2026-02-03T09:59:59+09:00", {}},  // published, but not yet known here
             {"2026-02-01", "2026-02-03T10:00:00+09:00", E::certified},
             {"2026-02-02", "2027-06-01T00:00:00+09:00", E::certified},
             {"2027-01-31", "2027-01-19T00:00:00+09:00", E::certified},
             {"2027-02-01", "2027-01-19T00:00:00+09:00", E::expired},  // as it looked before the renewal
             {"2027-02-01", "2027-01-20T10:00:00+09:00", E::certified},
             {"2028-01-31", "2028-06-01T00:00:00+09:00", E::certified},
             {"2028-02-01", "2028-06-01T00:00:00+09:00", E::expired},
         });
}

TEST(History, a_revocation_known_later_reaches_back_only_for_who_knew_of_it) {
  expect({version(1, "2026-02-03T10:00:00+09:00", "2026-02-01", E::certified, "2027-01-31"),
          version(2, "2026-11-24T15:00:00+09:00", "2026-11-10", E::certified, "2027-01-31", true)},
         {
             {"2026-11-09", "2026-11-24T14:59:59+09:00", E::certified},
             {"2026-11-09", "2026-11-24T15:00:00+09:00", E::certified},
             {"2026-11-10", "2026-11-24T14:59:59+09:00", E::certified},  // nobody could know
             {"2026-11-10", "2026-11-24T15:00:00+09:00", E::revoked},
             {"2026-11-24", "2026-11-24T14:59:59+09:00", E::certified},
             {"2026-11-24", "2026-11-24T15:00:00+09:00", E::revoked},
             {"2030-01-01", "2026-11-24T15:00:00+09:00", E::revoked},
         });
}

TEST(History, a_reinstatement_leaves_the_days_between_revoked) {
  expect({version(1, "2026-02-03T10:00:00+09:00", nullptr, E::certified, "2027-01-31"),
          version(2, "2026-11-10T10:00:00+09:00", nullptr, E::certified, "2027-01-31", true),
          version(3, "2026-11-20T10:00:00+09:00", nullptr, E::certified, "2027-01-31", false)},
         {
             {"2026-02-02", "2026-12-01T00:00:00+09:00", {}},
             {"2026-02-03", "2026-12-01T00:00:00+09:00", E::certified},
             {"2026-11-09", "2026-12-01T00:00:00+09:00", E::certified},
             {"2026-11-10", "2026-12-01T00:00:00+09:00", E::revoked},
             {"2026-11-19", "2026-12-01T00:00:00+09:00", E::revoked},
             {"2026-11-20", "2026-11-20T09:59:59+09:00", E::revoked},
             {"2026-11-20", "2026-11-20T10:00:00+09:00", E::certified},
             {"2027-02-01", "2026-12-01T00:00:00+09:00", E::expired},
         });
}

TEST(History, without_an_effective_day_a_version_holds_from_the_day_in_japan_when_it_was_known) {
  const auto late = version(1, "2026-11-24T15:30:00Z", nullptr, E::certified);  // half past midnight in Japan
  expect({late}, {
                     {"2026-11-24", "2026-12-01T00:00:00+09:00", {}},
                     {"2026-11-25", "2026-12-01T00:00:00+09:00", E::certified},
                 });
}

TEST(History, of_versions_that_hold_the_one_known_last_is_told) {
  // A correction of an old list, learnt after the newer one.
  const std::vector<OperatorRecord> versions{
      version(1, "2026-02-03T10:00:00+09:00", "2026-02-01", E::applied),
      version(2, "2026-03-03T10:00:00+09:00", "2026-03-01", E::certified),
      version(3, "2026-03-04T10:00:00+09:00", "2026-02-01", E::surrendered)};
  const auto* found = version_on(versions, day("2026-02-10"), at("2026-03-03T12:00:00+09:00"));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->version.serial, 1u);
  for (const auto* on : {"2026-02-10", "2026-03-10"}) {
    found = version_on(versions, day(on), at("2026-03-05T00:00:00+09:00"));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->version.serial, 3u) << on;
  }
}

}  // namespace
}  // namespace sekisho::policy
