#include "cache/record_codec.h"

#include <gtest/gtest.h>

#include <random>

namespace sekisho::cache {
namespace {

using policy::JstDate;
using policy::OperatorId;
using policy::OperatorRecord;

// Any record that could be: every part is there or not by chance.
class Chance {
 public:
  explicit Chance(unsigned seed) : engine_(seed) {}

  OperatorRecord record() {
    OperatorRecord made{.id = *OperatorId::parse("gb:" + std::to_string(pick(1000000)))};
    if (flip()) made.names = {.ja = text(), .kana = text(), .en = text(), .former = texts()};
    if (flip())
      made.etoc = {.state = word<policy::EtocState>(),
                   .certificate = text(),
                   .certified_on = day(),
                   .valid_until = day()};
    if (flip())
      made.plan = {.state = word<policy::PlanState>(),
                   .number_types = types(),
                   .forwards_calls = flip(),
                   .checked_on = day(),
                   .checked_by = text()};
    for (int i = pick(4); i > 0; --i)
      made.refusals.push_back({.action = word<policy::RefusalAction>(),
                               .number_types = types(),
                               .from = day(),
                               .until = day(),
                               .reference = text(),
                               .confidential = flip()});
    if (flip()) made.track_record = {.first_supply = day(), .numbers_elsewhere = pick(1000)};
    if (flip())
      made.act = policy::RevocationAct{.revoked = flip(),
                                       .at = policy::from_ms(std::int64_t(engine_() % 4000000000000)),
                                       .by = text(),
                                       .reason = text()};
    made.country = flip() ? "jp" : text();
    made.domestic_agent = text();
    made.owner_group = text();
    if (flip()) made.merged_into = *OperatorId::parse("jp:8999900000001");
    made.notification_number = text();
    made.version.serial = flip() ? 0 : engine_();
    if (flip()) made.version.known_at = policy::from_ms(std::int64_t(engine_() % 4000000000000));
    made.version.effective = day();
    return made;
  }

 private:
  int pick(int below) { return int(engine_() % unsigned(below)); }
  bool flip() { return pick(2) == 0; }
  std::string text() {
    static const std::string some[] = {
        "", "a", "株式会社山", "\"quoted\" \\ \n\t", "😀", std::string(300, 'x')};
    return some[pick(6)];
  }
  std::vector<std::string> texts() {
    std::vector<std::string> all(std::size_t(pick(3)));
    for (auto& each : all) each = text();
    return all;
  }
  std::optional<JstDate> day() {
    if (flip()) return std::nullopt;
    return JstDate::of(2000, 1, 1).plus(pick(20000));
  }
  template <class E>
  E word() {
    return static_cast<E>(pick(int(policy::count_of<E>())));
  }
  policy::NumberTypes types() {
    policy::NumberTypes made;
    for (int i = pick(4); i > 0; --i) made.add(word<policy::NumberType>());
    return made;
  }
  std::mt19937_64 engine_;
};

TEST(RecordCodec, WhatIsWrittenIsReadAgain) {
  for (unsigned seed = 0; seed < 5000; ++seed) {
    const auto record = Chance(seed).record();
    const auto line = encode(record);
    ASSERT_EQ(line.find('\n'), std::string::npos) << line;
    const auto again = decode(line);
    ASSERT_TRUE(again) << seed << ": " << line;
    ASSERT_TRUE(record == *again) << seed << ": " << line << "\n" << encode(*again);
    ASSERT_EQ(encode(*again), line);
  }
}

TEST(RecordCodec, LeavesOutWhatIsDefault) {
  OperatorRecord record{.id = *OperatorId::parse("jp:8999900000001")};
  EXPECT_EQ(encode(record), R"({"serial":0,"operator":"jp:8999900000001"})");
  record.etoc = {.state = policy::EtocState::certified, .valid_until = JstDate::of(2027, 1, 31)};
  record.plan.number_types = {policy::NumberType::fixed, policy::NumberType::ip_050};
  record.version.serial = 12;
  EXPECT_EQ(
      encode(record),
      R"({"serial":12,"operator":"jp:8999900000001","etoc":{"state":"certified","valid_until":"2027-01-31"},)"
      R"("plan":{"number_types":"fixed ip_050"}})");
}

TEST(RecordCodec, IgnoresFieldsThatItDoesNotKnow) {
  const auto record = decode(
      R"({"operator":"jp:8999900000001","new":[1,{"a":null}],"etoc":{"state":"revoked","score":0.5}})");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->etoc.state, policy::EtocState::revoked);
  EXPECT_EQ(record->country, "jp");
}

TEST(RecordCodec, RefusesWhatItCannotUnderstand) {
  const std::string table[] = {
      "",
      "{}",
      "[]",
      "null",
      "x",
      R"({"operator":"jp:8999900000001")",
      R"({"operator":"jp:8999900000001"} x)",
      R"({"operator":"jp:9999900000001"})",
      R"({"operator":7})",
      R"({"etoc":{"state":"certified"}})",
      R"({"operator":"jp:8999900000001","etoc":{"state":"blessed"}})",
      R"({"operator":"jp:8999900000001","etoc":{"state":1}})",
      R"({"operator":"jp:8999900000001","etoc":"certified"})",
      R"({"operator":"jp:8999900000001","etoc":{"valid_until":"2027-02-30"}})",
      R"({"operator":"jp:8999900000001","etoc":{"valid_until":"soon"}})",
      R"({"operator":"jp:8999900000001","plan":{"number_types":"fixed satellite"}})",
      R"({"operator":"jp:8999900000001","plan":{"forwards_calls":"yes"}})",
      R"({"operator":"jp:8999900000001","refusals":{}})",
      R"({"operator":"jp:8999900000001","refusals":[{}]})",
      R"({"operator":"jp:8999900000001","refusals":[{"action":"forgive"}]})",
      R"({"operator":"jp:8999900000001","names":{"former":[1]}})",
      R"({"operator":"jp:8999900000001","act":{"revoked":1}})",
      R"({"operator":"jp:8999900000001","act":true})",
      R"({"operator":"jp:8999900000001","serial":-1})",
      R"({"operator":"jp:8999900000001","serial":1.5})",
      R"({"operator":"jp:8999900000001","serial":"1"})",
      R"({"operator":"jp:8999900000001","track_record":{"numbers_elsewhere":1e3}})",
  };
  for (const auto& text : table) EXPECT_FALSE(decode(text)) << text;
}

}  // namespace
}  // namespace sekisho::cache
