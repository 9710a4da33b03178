#include "config/import_plan.h"

#include <gtest/gtest.h>

namespace sekisho::config {
namespace {

using policy::EtocState;
using policy::JstDate;
using policy::OperatorId;
using policy::OperatorRecord;
using policy::PlanState;
using policy::RecordPtr;
using policy::Register;
using Ids = std::vector<std::string>;

const JstDate today = JstDate::of(2026, 11, 24);

// Operators without a check digit, so that tests can count them: "gb:1".
std::string id(int n) { return "gb:" + std::to_string(n); }

OperatorRecord record(int n, EtocState state, std::optional<JstDate> until = {}) {
  OperatorRecord made{.id = *OperatorId::parse(id(n)), .country = "gb"};
  made.etoc = {.state = state, .certificate = "C-" + std::to_string(n), .valid_until = until};
  return made;
}

OperatorRecord revoked_by_act(OperatorRecord made) {
  made.act = policy::RevocationAct{.revoked = true, .by = "desk", .reason = "fraud"};
  return made;
}

std::shared_ptr<const policy::Registry> registry(const std::vector<OperatorRecord>& records) {
  std::vector<RecordPtr> all;
  for (auto made : records) {
    made.version.serial = 7;
    all.push_back(policy::PackedRecord::of(made));
  }
  return policy::Registry().with(all, 7, {});
}

RegisterRow row(int n, EtocState state, std::optional<JstDate> until = {}) {
  RegisterRow made{.id = *OperatorId::parse(id(n))};
  made.etoc = {.state = state, .certificate = "C-" + std::to_string(n), .valid_until = until};
  return made;
}

RegisterFile file(std::vector<RegisterRow> rows, Register which = Register::etoc) {
  return {.which = which, .rows = std::move(rows), .digest = "d1"};
}

ImportRules rules() { return {.today = today}; }

std::string guards(const ImportPlan& plan) {
  std::string out;
  for (const auto& guard : plan.guards)
    out += (out.empty() ? "" : " ") + std::string(policy::name(guard.approval));
  return out;
}

std::optional<OperatorRecord> changed(const ImportPlan& plan, int n) {
  for (const auto& made : plan.changed)
    if (made->id() == id(n)) return made->unpack();
  return std::nullopt;
}

TEST(ImportPlan, TheFirstImportAddsEverybody) {
  const auto plan = plan_import(policy::Registry(),
                                file({row(2, EtocState::revoked), row(1, EtocState::certified),
                                      row(3, EtocState::certified, JstDate::of(2026, 1, 31))}),
                                rules());
  EXPECT_EQ(plan.added, (Ids{id(1), id(2), id(3)}));
  EXPECT_EQ(plan.altered, Ids{});
  EXPECT_EQ(plan.removed, Ids{});
  EXPECT_EQ(plan.revoked, Ids{id(2)});
  EXPECT_EQ(plan.expired, Ids{id(3)});
  EXPECT_EQ(guards(plan), "");
  ASSERT_EQ(plan.changed.size(), 3u);
  EXPECT_EQ(plan.changed[0]->country(), "gb");
  EXPECT_EQ(plan.changed[0]->serial(), 0u);
}

TEST(ImportPlan, TellsWhatChangesAndLeavesTheRestAlone) {
  auto rich = record(1, EtocState::certified);
  rich.plan = {.state = PlanState::certified, .number_types = {policy::NumberType::fixed}};
  rich.refusals = {{.reference = "R-1"}};
  rich.track_record.first_supply = JstDate::of(2020, 4, 1);
  rich.owner_group = "group";
  rich.names = {.ja = "旧社名", .en = "Old"};
  const auto before = registry({rich, record(2, EtocState::certified), record(4, EtocState::surrendered)});
  auto renamed = row(1, EtocState::certified, JstDate::of(2027, 1, 31));
  renamed.names.ja = "新社名";
  const auto plan = plan_import(
      *before, file({renamed, row(2, EtocState::certified), row(3, EtocState::applied)}), rules());
  EXPECT_EQ(plan.added, Ids{id(3)});
  EXPECT_EQ(plan.altered, Ids{id(1)});
  EXPECT_EQ(plan.removed, Ids{id(4)});
  EXPECT_EQ(plan.changed.size(), 3u);
  EXPECT_FALSE(changed(plan, 2)) << "nothing is new about it";

  const auto one = changed(plan, 1);
  ASSERT_TRUE(one);
  EXPECT_EQ(one->etoc.valid_until, JstDate::of(2027, 1, 31));
  EXPECT_EQ(one->names.ja, "新社名");
  EXPECT_EQ(one->names.en, "Old");
  EXPECT_EQ(one->names.former, Ids{"旧社名"});
  EXPECT_EQ(one->plan, rich.plan);
  EXPECT_EQ(one->refusals, rich.refusals);
  EXPECT_EQ(one->track_record, rich.track_record);
  EXPECT_EQ(one->owner_group, "group");
  EXPECT_EQ(one->version.serial, 0u);
  ASSERT_TRUE(changed(plan, 4));
  EXPECT_EQ(changed(plan, 4)->etoc, policy::EtocEntry{});
}

TEST(ImportPlan, TheSameFileAgainIsNothingToDo) {
  auto again = rules();
  again.last_digest = "d1";
  again.min_rows = 100;
  const auto before =
      registry({record(1, EtocState::certified), revoked_by_act(record(2, EtocState::certified))});
  const auto list = file({row(1, EtocState::certified), row(2, EtocState::certified)});
  auto plan = plan_import(*before, list, again);
  EXPECT_TRUE(plan.same_file);
  EXPECT_TRUE(plan.changed.empty());
  EXPECT_EQ(guards(plan), "") << "it was let in before";
  EXPECT_EQ(plan.still_revoked, Ids{id(2)});
  again.last_digest = "d2";
  EXPECT_FALSE(plan_import(*before, list, again).same_file);
}

TEST(ImportPlan, TheSameFileReadThroughAnotherMappingIsAnotherList) {
  auto again = rules();
  again.last_digest = "d1";
  const auto plan =
      plan_import(*registry({record(1, EtocState::certified)}), file({row(1, EtocState::revoked)}), again);
  EXPECT_FALSE(plan.same_file);
  EXPECT_EQ(plan.revoked, Ids{id(1)});
  EXPECT_EQ(guards(plan), "shrink");
}

TEST(ImportPlan, OtherRegistersChangeTheirPartOnly) {
  auto one = record(1, EtocState::certified);
  one.plan.state = PlanState::certified;
  one.refusals = {{.reference = "R-1"}, {.reference = "R-2"}};
  one.track_record.numbers_elsewhere = 5;
  auto two = record(2, EtocState::certified);
  two.plan.state = PlanState::deemed;
  two.refusals = {{.reference = "R-3"}};
  two.track_record.numbers_elsewhere = 6;
  const auto before = registry({one, two, record(3, EtocState::certified)});

  RegisterRow plan_row{.id = one.id};
  plan_row.plan.state = PlanState::withdrawn;
  auto plan = plan_import(*before, file({plan_row}, Register::plan), rules());
  EXPECT_EQ(plan.altered, Ids{id(1)});
  EXPECT_EQ(plan.removed, Ids{id(2)});
  EXPECT_EQ(plan.changed.size(), 2u);
  EXPECT_EQ(guards(plan), "");
  EXPECT_EQ(changed(plan, 1)->etoc, one.etoc);
  EXPECT_EQ(changed(plan, 2)->plan, policy::PlanEntry{});
  EXPECT_EQ(changed(plan, 2)->refusals, two.refusals);

  RegisterRow first{.id = one.id}, second{.id = one.id}, third{.id = *OperatorId::parse(id(3))};
  first.refusal.reference = "R-1";
  second.refusal.reference = "R-4";
  third.refusal.reference = "R-5";
  plan = plan_import(*before, file({first, second, third}, Register::refusals), rules());
  EXPECT_EQ(plan.altered, Ids{id(1)});
  EXPECT_EQ(plan.added, Ids{id(3)});
  EXPECT_EQ(plan.removed, Ids{id(2)});
  ASSERT_EQ(changed(plan, 1)->refusals.size(), 2u);
  EXPECT_EQ(changed(plan, 1)->refusals[1].reference, "R-4");
  EXPECT_TRUE(changed(plan, 2)->refusals.empty());

  RegisterRow track{.id = one.id};
  track.track_record.numbers_elsewhere = 5;
  plan = plan_import(*before, file({track}, Register::track_record), rules());
  EXPECT_EQ(plan.altered, Ids{});
  EXPECT_EQ(plan.removed, Ids{id(2)});
  EXPECT_EQ(plan.changed.size(), 1u);
}

// `certified` operators 1..n, of which the list says something else.
struct Shrink {
  std::string name;
  int certified;
  std::vector<RegisterRow> special;  // rows of operators from 1 on
  int dropped;                       // operators from 1 on that are not in the list
  double share;
  std::string expected;
};

TEST(ImportPlan, GuardsAgainstCertifiedOperatorsThatAreGone) {
  const Shrink table[] = {
      {"nobody is gone", 20, {}, 0, 0.05, ""},
      {"just as many as allowed", 20, {}, 1, 0.05, ""},
      {"one more than allowed", 20, {}, 2, 0.05, "shrink"},
      {"one of three", 3, {}, 1, 0.05, "shrink"},
      {"nobody may go", 1000, {}, 1, 0.0, "shrink"},
      {"nobody may go and nobody does", 1000, {}, 0, 0.0, ""},
      {"listed with nothing is gone", 10, {row(1, EtocState::none)}, 0, 0.05, "shrink"},
      {"listed as unknown is gone", 10, {row(1, EtocState::unknown)}, 0, 0.05, "shrink"},
      {"back to an application is gone", 10, {row(1, EtocState::applied)}, 0, 0.05, "shrink"},
      {"under renewal is not gone", 10, {row(1, EtocState::renewal_pending)}, 0, 0.05, ""},
      {"under objection is not gone", 10, {row(1, EtocState::objection)}, 0, 0.05, ""},
      {"a stated revocation is not gone", 10, {row(1, EtocState::revoked)}, 0, 0.05, ""},
      {"a stated surrender is not gone", 10, {row(1, EtocState::surrendered)}, 0, 0.05, ""},
      {"a stated expiry is not gone", 10, {row(1, EtocState::expired)}, 0, 0.05, ""},
      {"everybody revoked", 2, {row(1, EtocState::revoked), row(2, EtocState::revoked)}, 0, 1.0, "shrink"},
      {"everybody gone", 2, {row(9, EtocState::applied)}, 2, 1.0, "shrink"},
      {"half gone where all may", 2, {}, 1, 1.0, ""},
  };
  for (const auto& test : table) {
    std::vector<OperatorRecord> records;
    auto rows = test.special;
    for (int n = 1; n <= test.certified; ++n) {
      records.push_back(record(n, EtocState::certified));
      const bool is_special = std::any_of(test.special.begin(), test.special.end(),
                                          [n](const auto& made) { return made.id.text() == id(n); });
      if (n > test.dropped && !is_special) rows.push_back(row(n, EtocState::certified));
    }
    auto with = rules();
    with.shrink = test.share;
    const auto before = registry(records);
    EXPECT_EQ(guards(plan_import(*before, file(rows), with)), test.expected) << test.name;
    with.approved = {Approval::shrink};
    EXPECT_EQ(guards(plan_import(*before, file(rows), with)), "") << test.name;
  }
}

TEST(ImportPlan, WhoIsNotCertifiedCannotBeGone) {
  const auto before =
      registry({record(1, EtocState::surrendered), record(2, EtocState::applied),
                revoked_by_act(record(3, EtocState::certified)), record(4, EtocState::certified)});
  const auto plan = plan_import(*before, file({row(4, EtocState::certified)}), rules());
  EXPECT_EQ(guards(plan), "");
  EXPECT_EQ(plan.removed, (Ids{id(1), id(2), id(3)}));
  EXPECT_TRUE(changed(plan, 3)->act->revoked) << "the act outlives the row";
}

TEST(ImportPlan, ACertificateThatRanOutStillCountsAsListed) {
  const auto before = registry({record(1, EtocState::certified, JstDate::of(2026, 1, 31)),
                                record(2, EtocState::certified, JstDate::of(2027, 1, 31))});
  EXPECT_EQ(guards(plan_import(*before, file({row(2, EtocState::certified)}), rules())), "shrink");
}

TEST(ImportPlan, AnEmptyListNeverPassesByItself) {
  const auto before = registry({record(1, EtocState::certified), record(2, EtocState::revoked)});
  auto with = rules();
  auto plan = plan_import(*before, file({}), with);
  EXPECT_EQ(guards(plan), "rows shrink");
  EXPECT_EQ(plan.revoked, Ids{});
  with.approved = {Approval::rows};
  EXPECT_EQ(guards(plan_import(*before, file({}), with)), "shrink");
  with.min_rows = 0;
  with.approved = {};
  EXPECT_EQ(guards(plan_import(*before, file({}), with)), "shrink");
  with.min_rows = 1;
  EXPECT_EQ(guards(plan_import(*before, file({}, Register::refusals), with)), "rows");
}

TEST(ImportPlan, ExpectsEnoughRows) {
  auto with = rules();
  with.min_rows = 3;
  const std::vector<RegisterRow> two = {row(1, EtocState::certified), row(2, EtocState::certified)};
  EXPECT_EQ(guards(plan_import(policy::Registry(), file(two), with)), "rows");
  with.min_rows = 2;
  EXPECT_EQ(guards(plan_import(policy::Registry(), file(two), with)), "");
}

TEST(ImportPlan, AnOlderListIsARollback) {
  const std::tuple<std::optional<JstDate>, std::optional<JstDate>, std::string> table[] = {
      {{}, {}, ""},
      {today, {}, ""},
      {{}, today, ""},
      {today, today, ""},
      {today, today.plus(-1), ""},
      {today.plus(-1), today, "rollback"},
  };
  for (const auto& [published, last, expected] : table) {
    auto with = rules();
    with.published = published;
    with.last_published = last;
    const auto list = file({row(1, EtocState::certified)});
    EXPECT_EQ(guards(plan_import(policy::Registry(), list, with)), expected);
    with.approved = {Approval::rollback};
    EXPECT_EQ(guards(plan_import(policy::Registry(), list, with)), "");
  }
}

TEST(ImportPlan, AListedRevocationIsUndoneOnlyWithApproval) {
  const auto before = registry({record(1, EtocState::revoked), record(2, EtocState::certified)});
  for (auto state :
       {EtocState::certified, EtocState::renewal_pending, EtocState::objection, EtocState::applied,
        EtocState::none, EtocState::unknown, EtocState::surrendered, EtocState::expired}) {
    const auto list = file({row(1, state), row(2, EtocState::certified)});
    auto with = rules();
    auto plan = plan_import(*before, list, with);
    EXPECT_EQ(guards(plan), "reinstate") << policy::name(state);
    EXPECT_NE(plan.guards[0].text.find(id(1)), std::string::npos);
    with.approved = {Approval::reinstate};
    plan = plan_import(*before, list, with);
    EXPECT_EQ(guards(plan), "");
    EXPECT_EQ(changed(plan, 1)->etoc.state, state);
  }
}

TEST(ImportPlan, AListedRevocationOutlivesItsRow) {
  const auto before = registry({record(1, EtocState::revoked), record(2, EtocState::certified)});
  const auto plan = plan_import(*before, file({row(2, EtocState::certified)}), rules());
  EXPECT_EQ(guards(plan), "");
  EXPECT_EQ(plan.removed, Ids{});
  EXPECT_TRUE(plan.changed.empty());
}

TEST(ImportPlan, NoListUndoesAnActOfRevocation) {
  const auto before =
      registry({revoked_by_act(record(1, EtocState::certified)), record(2, EtocState::certified)});
  const auto plan = plan_import(
      *before, file({row(1, EtocState::certified, JstDate::of(2028, 1, 31)), row(2, EtocState::certified)}),
      rules());
  EXPECT_EQ(guards(plan), "");
  EXPECT_EQ(plan.still_revoked, Ids{id(1)});
  EXPECT_EQ(plan.revoked, Ids{}) << "it was already";
  ASSERT_TRUE(changed(plan, 1));
  EXPECT_EQ(policy::etoc_on(*changed(plan, 1), today), EtocState::revoked);
  EXPECT_EQ(changed(plan, 1)->act->by, "desk");
}

TEST(ImportPlan, TellsWhoBecomesRevokedOrExpired) {
  struct {
    OperatorRecord before;
    RegisterRow after;
    bool revoked, expired;
  } table[] = {
      {record(1, EtocState::certified), row(1, EtocState::revoked), true, false},
      {record(1, EtocState::none), row(1, EtocState::revoked), true, false},
      {record(1, EtocState::revoked), row(1, EtocState::revoked, today), false, false},
      {record(1, EtocState::certified), row(1, EtocState::expired), false, true},
      {record(1, EtocState::certified), row(1, EtocState::certified, today.plus(-1)), false, true},
      {record(1, EtocState::certified), row(1, EtocState::certified, today), false, false},
      {record(1, EtocState::certified, today.plus(-1)), row(1, EtocState::expired), false, false},
      {revoked_by_act(record(1, EtocState::certified)), row(1, EtocState::revoked), false, false},
      {record(1, EtocState::certified), row(1, EtocState::surrendered), false, false},
  };
  for (const auto& test : table) {
    const auto plan = plan_import(*registry({test.before}), file({test.after}), rules());
    EXPECT_EQ(plan.revoked, test.revoked ? Ids{id(1)} : Ids{});
    EXPECT_EQ(plan.expired, test.expired ? Ids{id(1)} : Ids{});
  }
}

TEST(ImportPlan, TellsEveryGuardAtOnce) {
  auto with = rules();
  with.min_rows = 5;
  with.published = today.plus(-9);
  with.last_published = today;
  const auto plan = plan_import(*registry({record(1, EtocState::revoked), record(2, EtocState::certified)}),
                                file({row(1, EtocState::certified)}), with);
  EXPECT_EQ(guards(plan), "rows rollback shrink reinstate");
  for (const auto& guard : plan.guards) EXPECT_FALSE(guard.text.empty());
}

TEST(ImportPlan, ARowWithoutANumberIsFoundByItsCertificateAndANameOnlySuggests) {
  auto named = record(2, EtocState::certified);
  named.names.ja = "株式会社二";
  auto twin = record(4, EtocState::certified);
  twin.etoc.certificate = "c-3";
  const auto before =
      registry({record(1, EtocState::certified), named, record(3, EtocState::certified), twin});
  const auto without_number = [](const char* certificate, const char* name = "", int line = 2) {
    RegisterRow made{.line = line, .column = 1};
    made.etoc = {.state = EtocState::certified, .certificate = certificate, .valid_until = today};
    made.names.ja = name;
    return made;
  };
  auto with = rules();
  with.shrink = 1;
  const auto found = plan_import(*before, file({without_number("c-1")}), with);
  EXPECT_TRUE(found.errors.empty());
  ASSERT_TRUE(changed(found, 1));
  EXPECT_EQ(changed(found, 1)->etoc.valid_until, today);

  struct {
    std::vector<RegisterRow> rows;
    const char* error;
  } const table[] = {
      {{without_number("C-9")}, "no corporate number, and no operator has the certificate 'C-9'"},
      {{without_number("", "株式会社二")},
       "the corporate number is missing; by its name it may be gb:2: if it is, write that number"},
      {{without_number("C-9", "株式会社二")},
       "no corporate number, and no operator has the certificate 'C-9'; by its name it may be gb:2: if it "
       "is, write "
       "that number"},
      {{without_number("C-3")}, "no corporate number, and several operators have the certificate 'C-3'"},
      {{row(1, EtocState::certified), without_number("C-1")},
       "by its certificate this is gb:1, which stands on line 0 already"},
  };
  for (const auto& test : table) {
    const auto plan = plan_import(*before, file(test.rows), with);
    ASSERT_EQ(plan.errors.size(), 1u) << test.error;
    EXPECT_EQ(plan.errors[0].text, test.error);
    EXPECT_EQ(plan.errors[0].line, 2);
    EXPECT_TRUE(plan.changed.empty()) << "the whole file or nothing";
  }
}

TEST(ImportPlan, AnOlderSerialOfTheListIsARollbackToo) {
  auto with = rules();
  with.list_serial = 4;
  with.last_list_serial = 5;
  EXPECT_EQ(guards(plan_import(policy::Registry(), file({row(1, EtocState::certified)}), with)), "rollback");
  with.list_serial = 5;
  EXPECT_EQ(guards(plan_import(policy::Registry(), file({row(1, EtocState::certified)}), with)), "");
}

TEST(ImportPlan, TheSameFileWithAnOlderDateIsARollbackToo) {
  auto with = rules();
  with.last_digest = "d1";
  with.last_published = today;
  with.published = today.plus(-1);
  const auto plan =
      plan_import(*registry({record(1, EtocState::certified)}), file({row(1, EtocState::certified)}), with);
  EXPECT_TRUE(plan.same_file);
  EXPECT_EQ(guards(plan), "rollback");
}

TEST(ImportPlan, AChangeHoldsFromTheDayOnWhichTheListWasPublished) {
  auto with = rules();
  with.published = today.plus(-3);
  const auto plan = plan_import(policy::Registry(), file({row(1, EtocState::certified)}), with);
  EXPECT_EQ(changed(plan, 1)->version.from(), today.plus(-3));
}

TEST(ImportPlan, TellsWhoIsNotRevokedAnyMore) {
  auto with = rules();
  with.approved = {Approval::reinstate};
  const auto plan =
      plan_import(*registry({record(1, EtocState::revoked)}), file({row(1, EtocState::certified)}), with);
  EXPECT_EQ(plan.reinstated, Ids{id(1)}) << "its fence must fall";
}

}  // namespace
}  // namespace sekisho::config
