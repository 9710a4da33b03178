#include "policy/reason.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sekisho::policy {
namespace {

TEST(Reason, every_row_can_be_looked_up_by_value_and_by_code) {
  for (const auto& entry : all_reasons()) {
    EXPECT_EQ(&row(entry.reason), &entry);
    EXPECT_EQ(parse_reason(entry.code), entry.reason);
    EXPECT_EQ(code(entry.reason), entry.code);
  }
  for (const auto* stranger : {"", "ETOC-REVOKED", "etoc_revoked", "etoc-revoked "})
    EXPECT_FALSE(parse_reason(stranger));
}

TEST(Reason, every_row_speaks_both_languages) {
  for (const auto& entry : all_reasons()) {
    const auto ja = static_cast<std::size_t>(Language::ja), en = static_cast<std::size_t>(Language::en);
    EXPECT_TRUE(entry.title[en].ends_with('.')) << entry.code;
    EXPECT_TRUE(entry.remedy[en].ends_with('.')) << entry.code;
    EXPECT_TRUE(entry.title[ja].ends_with("。")) << entry.code;
    EXPECT_TRUE(entry.remedy[ja].ends_with("。")) << entry.code;
    const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; };
    EXPECT_TRUE(std::all_of(entry.code.begin(), entry.code.end(), plain)) << entry.code;
  }
}

// The next step of the caller is told by the family alone.
TEST(Reason, families_and_statuses_never_mix) {
  for (const auto& entry : all_reasons()) {
    switch (entry.family) {
      case Family::decision:
        EXPECT_EQ(entry.status, 403) << entry.code;
        break;
      case Family::not_now:
        EXPECT_EQ(entry.status, 429) << entry.code;
        break;
      case Family::unsure:
        EXPECT_TRUE(entry.status == 503 || entry.status == 500) << entry.code;
        break;
      case Family::carrier:
        EXPECT_TRUE(entry.status == 502 || entry.status == 504) << entry.code;
        break;
      case Family::request:
        EXPECT_TRUE(entry.status / 100 == 4 && entry.status != 403 && entry.status != 429) << entry.code;
    }
  }
}

TEST(Reason, the_ladder_puts_what_stays_certain_before_what_may_be_old) {
  const Reason ladder[] = {Reason::draining,       Reason::unauthenticated, Reason::route_not_governed,
                           Reason::not_yours,      Reason::etoc_revoked,    Reason::supply_refused,
                           Reason::registry_stale, Reason::plan_missing,    Reason::etoc_expired,
                           Reason::policy_denied,  Reason::quota_exceeded,  Reason::ledger_unavailable};
  for (std::size_t i = 0; i + 1 < std::size(ladder); ++i) {
    EXPECT_EQ(first_of(ladder[i], ladder[i + 1]), ladder[i]) << code(ladder[i]);
    EXPECT_EQ(first_of(ladder[i + 1], ladder[i]), ladder[i]) << code(ladder[i]);
  }
}

// Nothing outward may tell that a police request is the cause.
TEST(Reason, the_refusal_list_is_not_named) {
  const auto& entry = row(Reason::supply_refused);
  for (const auto& texts : {entry.title, entry.remedy})
    for (const auto* hint : {"police", "refusal list", "request", "fraud", "警察", "拒否", "捜査"})
      for (int language : {0, 1}) EXPECT_EQ(texts[language].find(hint), std::string_view::npos) << hint;
}

}  // namespace
}  // namespace sekisho::policy
