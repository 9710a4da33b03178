// What a signed serial changes about an import's guards.
#include <gtest/gtest.h>

#include "config/import_plan.h"

namespace sekisho::config {
namespace {

TEST(SignedImport, each_list_has_a_serial_of_its_own) {
  const RegisterFile list{.which = policy::Register::plan, .rows = {{}, {}}, .digest = "d1"};
  const auto refused = [&](std::uint64_t serial, const std::string& last_digest, bool is_signed = true,
                           policy::WordSet<Approval> approved = {}) {
    RegisterFile made = list;
    for (std::size_t i = 0; i < made.rows.size(); ++i)
      made.rows[i].id = *policy::OperatorId::parse("gb:" + std::to_string(i + 1));
    const ImportRules rules{.approved = approved,
                            .list_serial = serial,
                            .last_list_serial = 12,
                            .one_list_a_serial = is_signed,
                            .last_digest = last_digest,
                            .today = policy::JstDate::of(2026, 11, 24)};
    const auto plan = plan_import(policy::Registry(), made, rules);
    return !plan.guards.empty() && plan.guards[0].approval == Approval::rollback;
  };
  EXPECT_TRUE(refused(12, "of another list"));
  EXPECT_FALSE(refused(12, "of another list", false)) << "unsigned lists may go on as they did";
  EXPECT_FALSE(refused(12, "d1")) << "the same list, verified again";
  EXPECT_FALSE(refused(13, "of another list"));
  EXPECT_TRUE(refused(11, "of another list"));
  EXPECT_FALSE(refused(12, "of another list", true, {Approval::rollback})) << "somebody answers for it";
}

}  // namespace
}  // namespace sekisho::config
