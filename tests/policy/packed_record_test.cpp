// A packed record says exactly what the record said that it was made of.
#include "policy/packed_record.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <random>

#include "tests/policy/builders.h"

namespace sekisho::policy {
namespace {

// Any record that could be: every part is there or not by chance.
class Chance {
 public:
  explicit Chance(unsigned seed) : engine_(seed) {}

  OperatorRecord record() {
    OperatorRecord made{.id = id()};
    if (flip())
      made.names = {.ja = text(), .kana = text(), .en = text(), .former = texts(pick(100) == 0 ? 600 : 4)};
    if (flip())
      made.etoc = {.state = word<EtocState>(),
                   .certificate = text(),
                   .certified_on = any_day(),
                   .valid_until = any_day()};
    if (flip())
      made.plan = {.state = word<PlanState>(),
                   .number_types = types(),
                   .forwards_calls = flip(),
                   .checked_on = any_day(),
                   .checked_by = text()};
    for (int i = pick(50) == 0 ? 400 : pick(4); i > 0; --i)
      made.refusals.push_back({.action = word<RefusalAction>(),
                               .number_types = types(),
                               .from = any_day(),
                               .until = any_day(),
                               .reference = text(),
                               .confidential = flip()});
    if (flip())
      made.track_record = {.first_supply = any_day(), .numbers_elsewhere = Quantity(engine_() >> 1)};
    if (flip()) made.act = RevocationAct{.revoked = flip(), .at = moment(), .by = text(), .reason = text()};
    if (flip()) made.country = text();
    if (flip()) made.domestic_agent = text();
    if (flip()) made.owner_group = text();
    if (flip()) made.merged_into = id();
    if (flip()) made.notification_number = text();
    made.version = {.serial = engine_(), .known_at = moment(), .effective = any_day()};
    return made;
  }

 private:
  int pick(int below) { return int(engine_() % unsigned(below)); }
  bool flip() { return pick(2) == 0; }
  OperatorId id() {
    return flip() ? corporate(pick(1'000'000'000))
                  : *OperatorId::parse("gb:" + std::to_string(pick(1000000)));
  }
  // Also at the lengths where one more byte of length begins.
  std::string text() {
    static const std::size_t lengths[] = {0, 0, 1, 17, 126, 127, 128, 129, 300};
    static const std::size_t long_ones[] = {16383, 16384, 16385, 40000};
    const auto length = pick(40) == 0 ? long_ones[pick(4)] : lengths[pick(9)];
    static const std::string some[] = {"a", "株", "😀", "é", std::string(1, '\0'), "\n", "\xff"};
    std::string made;
    while (made.size() < length) made += some[pick(7)];
    return made;
  }
  std::vector<std::string> texts(int below) {
    std::vector<std::string> all(std::size_t(pick(below)));
    for (auto& each : all) each = text();
    return all;
  }
  std::optional<JstDate> any_day() {
    if (flip()) return std::nullopt;
    return day("1950-01-01").plus(pick(60000));
  }
  Instant moment() { return flip() ? Instant{} : from_ms(std::int64_t(engine_() % 4000000000000)); }
  template <class E>
  E word() {
    return static_cast<E>(pick(int(count_of<E>())));
  }
  NumberTypes types() {
    NumberTypes made;
    for (int i = pick(4); i > 0; --i) made.add(word<NumberType>());
    return made;
  }
  std::mt19937_64 engine_;
};

unsigned first_seed() {
  const char* asked = std::getenv("SEKISHO_SEED");
  return asked ? unsigned(std::stoul(asked)) : std::random_device()();
}

// Whichever part differs, in words.
std::string difference(const OperatorRecord& a, const OperatorRecord& b) {
  std::string out;
  const auto say = [&](bool same, const char* what) { out += same ? "" : std::string(" ") + what; };
  say(a.id == b.id, "id");
  say(a.names == b.names, "names");
  say(a.etoc == b.etoc, "etoc");
  say(a.plan == b.plan, "plan");
  say(a.refusals == b.refusals, "refusals");
  say(a.track_record == b.track_record, "track_record");
  say(a.act == b.act, "act");
  say(a.country == b.country && a.domestic_agent == b.domestic_agent, "country");
  say(a.owner_group == b.owner_group && a.merged_into == b.merged_into, "group");
  say(a.notification_number == b.notification_number && a.version == b.version, "version");
  return out;
}

TEST(PackedRecord, what_is_packed_is_unpacked_again) {
  constexpr int records = 5000;
  const auto first = first_seed();
  std::size_t longest = 0;
  for (unsigned seed = first; seed != first + records; ++seed) {
    const auto record = Chance(seed).record();
    const auto packed = PackedRecord::of(record);
    const auto again = packed->unpack();
    ASSERT_TRUE(again == record) << "SEKISHO_SEED=" << seed << ": differ in" << difference(record, again);
    longest = std::max(longest, packed->bytes());
  }
  std::printf("%d records from seed %u, the longest of %zu bytes\n", records, first, longest);
}

TEST(PackedRecord, its_fields_agree_with_the_record) {
  const auto first = first_seed();
  for (unsigned seed = first; seed != first + 2000; ++seed) {
    const auto record = Chance(seed).record();
    const auto packed = PackedRecord::of(record);
    SCOPED_TRACE("SEKISHO_SEED=" + std::to_string(seed));
    ASSERT_EQ(packed->id(), record.id.text());
    ASSERT_EQ(packed->country(), record.country);
    ASSERT_EQ(packed->owner_group(), record.owner_group);
    ASSERT_EQ(packed->merged_into(), record.merged_into.text());
    ASSERT_EQ(packed->has_domestic_agent(), !record.domestic_agent.empty());
    ASSERT_EQ(packed->etoc_listed(), record.etoc.state);
    ASSERT_EQ(packed->valid_until(), record.etoc.valid_until);
    ASSERT_EQ(packed->has_act(), record.act.has_value());
    ASSERT_EQ(packed->revoked_by_act(), record.act && record.act->revoked);
    ASSERT_EQ(packed->plan(), record.plan.state);
    ASSERT_TRUE(packed->plan_types() == record.plan.number_types);
    ASSERT_EQ(packed->forwards_calls(), record.plan.forwards_calls);
    ASSERT_EQ(packed->first_supply(), record.track_record.first_supply);
    ASSERT_EQ(packed->numbers_elsewhere(), record.track_record.numbers_elsewhere);
    ASSERT_EQ(packed->serial(), record.version.serial);
    std::size_t i = 0;
    packed->each_refusal([&](const PackedRecord::RefusalTerms& terms) {
      ASSERT_LT(i, record.refusals.size());
      const auto& entry = record.refusals[i++];
      ASSERT_EQ(terms.action, entry.action);
      ASSERT_EQ(terms.confidential, entry.confidential);
      ASSERT_TRUE(terms.number_types == entry.number_types);
    });
    ASSERT_EQ(i, record.refusals.size());
  }
}

TEST(PackedRecord, its_state_on_any_day_is_that_of_the_record) {
  const auto first = first_seed();
  std::size_t compared = 0;
  for (unsigned seed = first; seed != first + 1000; ++seed) {
    const auto record = Chance(seed).record();
    const auto packed = PackedRecord::of(record);
    std::vector<JstDate> days{day("1949-12-31"), day("2026-11-24"), day("2200-01-01")};
    if (const auto until = record.etoc.valid_until)
      for (int n = -2; n <= 2; ++n) days.push_back(until->plus(n));
    for (const auto& one : days) {
      ASSERT_EQ(name(etoc_on(*packed, one)), name(etoc_on(record, one)))
          << "SEKISHO_SEED=" << seed << " on " << one.text();
      ++compared;
    }
  }
  EXPECT_GE(compared, 3000u);
}

TEST(PackedRecord, a_copy_of_the_pointer_outlives_everything_it_was_made_of) {
  RecordPtr kept;
  {
    auto record = certified_operator(1);
    record.names.ja = std::string(20000, 'x');
    kept = PackedRecord::of(record);
  }
  EXPECT_EQ(kept->id(), corporate(1).text());
  EXPECT_EQ(kept->unpack().names.ja.size(), 20000u);
}

TEST(RefusalTerms, both_ends_count_and_no_types_mean_all) {
  using T = NumberType;
  struct {
    NumberTypes types;
    const char *from, *until;
    std::optional<T> asked;
    const char* today;
    bool in_force;
  } const table[] = {
      {{}, nullptr, nullptr, T::fixed, "2026-11-24", true},
      {{}, nullptr, nullptr, std::nullopt, "1999-01-01", true},
      {{}, "2026-11-24", nullptr, T::fixed, "2026-11-23", false},
      {{}, "2026-11-24", nullptr, T::fixed, "2026-11-24", true},
      {{}, nullptr, "2026-11-24", T::fixed, "2026-11-24", true},
      {{}, nullptr, "2026-11-24", T::fixed, "2026-11-25", false},
      {{}, "2026-11-24", "2026-11-24", T::fixed, "2026-11-24", true},
      {{}, "2026-11-25", "2026-11-23", T::fixed, "2026-11-24", false},
      {{T::fixed}, nullptr, nullptr, T::fixed, "2026-11-24", true},
      {{T::fixed}, nullptr, nullptr, T::ip_050, "2026-11-24", false},
      {{T::fixed}, nullptr, nullptr, std::nullopt, "2026-11-24", true},  // of any type at all
      {{T::fixed, T::ip_050}, nullptr, nullptr, T::ip_050, "2026-11-24", true},
      {{T::fixed}, "2026-11-25", nullptr, std::nullopt, "2026-11-24", false},
      {{}, "1969-12-31", "1970-01-01", T::fixed, "1969-12-31", true},
      {{}, "1969-12-31", "1970-01-01", T::fixed, "1970-01-02", false},
  };
  int row = 0;
  for (const auto& one : table) {
    OperatorRecord record{.id = corporate(1)};
    RefusalEntry entry{.number_types = one.types};
    if (one.from) entry.from = day(one.from);
    if (one.until) entry.until = day(one.until);
    record.refusals.push_back(entry);
    PackedRecord::of(record)->each_refusal([&](const PackedRecord::RefusalTerms& terms) {
      EXPECT_EQ(terms.in_force(one.asked, day(one.today)), one.in_force) << "row " << row;
    });
    ++row;
  }
}

TEST(PackedRecord, an_operator_as_they_mostly_are_takes_little_memory) {
  auto record = certified_operator(1);
  record.names = {.ja = "あおぞら通信株式会社", .kana = "アオゾラツウシン", .en = "Aozora Telecom K.K."};
  record.etoc.certificate = "ETOC-0001";
  record.plan.checked_by = "desk-1";
  record.notification_number = "A-26-12345";
  const auto bytes = PackedRecord::of(record)->bytes();
  EXPECT_LE(bytes, 300u);
  std::printf("%zu bytes\n", bytes);
}

}  // namespace
}  // namespace sekisho::policy
