#include "config/register_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "config/csv.h"
#include "config/text.h"

namespace sekisho::config {
namespace {

using policy::EtocState;
using policy::JstDate;
using policy::NumberType;
using policy::PlanState;
using policy::Register;

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/register-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::filesystem::path write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return path_ / name;
  }
  std::filesystem::path path_;
};

// The errors as "line:column text", one a line; empty when the file was read.
std::string errors_of(const Errors& errors) {
  std::string out;
  for (const auto& error : errors)
    out += std::to_string(error.line) + ":" + std::to_string(error.column) + " " + error.text + "\n";
  return out;
}

Loaded<RegisterFile> load(const std::string& bytes, const Mapping& mapping) {
  const Folder folder;
  return load_register(folder.write("list", bytes), mapping);
}

Mapping etoc_mapping(bool shift_jis = false) {
  return {.which = Register::etoc,
          .shift_jis = shift_jis,
          .columns = {{"corporate_number", "法人番号"},
                      {"name", "事業者名"},
                      {"valid_until", "有効期限"},
                      {"state", "状態"}},
          .etoc_states = {{"認証", EtocState::certified}, {"取消", EtocState::revoked}}};
}

constexpr auto etoc_csv =
    "法人番号,事業者名,備考,有効期限,状態\n"
    "8999900000001,あおぞら通信株式会社,,2027-01-31,認証\n"
    "7999900000002,風ネットワーク株式会社,\"a, \"\"b\"\"\nc\",2027-01-31,取消\n";

TEST(RegisterFile, ReadsAListThroughItsMapping) {
  const auto file = load(etoc_csv, etoc_mapping());
  ASSERT_TRUE(file) << errors_of(file.errors);
  EXPECT_EQ(file.value->which, Register::etoc);
  EXPECT_EQ(file.value->digest.size(), 64u);
  ASSERT_EQ(file.value->rows.size(), 2u);
  const auto& row = file.value->rows[0];
  EXPECT_EQ(row.id.text(), "jp:8999900000001");
  EXPECT_EQ(row.names.ja, "あおぞら通信株式会社");
  EXPECT_EQ(row.etoc.state, EtocState::certified);
  EXPECT_EQ(row.etoc.valid_until, JstDate::of(2027, 1, 31));
  EXPECT_EQ(row.line, 2);
  EXPECT_EQ(file.value->rows[1].etoc.state, EtocState::revoked);
  EXPECT_EQ(file.value->rows[1].line, 3);
}

TEST(RegisterFile, ReadsTheSameFromEveryEncodingAndLineEnding) {
  const auto plain = load(etoc_csv, etoc_mapping());
  ASSERT_TRUE(plain);
  std::string crlf;
  for (const char* c = etoc_csv; *c; ++c) crlf += *c == '\n' ? std::string("\r\n") : std::string(1, *c);
  // Shift-JIS of the same text, made by hand where it is not ASCII.
  const std::string sjis =
      "\x96\x40\x90\x6c\x94\xd4\x8d\x86,\x8e\x96\x8b\xc6\x8e\xd2\x96\xbc,\x94\xf5\x8d\x6c,"
      "\x97\x4c\x8c\xf8\x8a\xfa\x8c\xc0,\x8f\xf3\x91\xd4\r\n"
      "8999900000001,\x82\xa0\x82\xa8\x82\xbc\x82\xe7\x92\xca\x90\x4d\x8a\x94\x8e\xae\x89\xef\x8e\xd0,,"
      "2027-01-31,\x94\x46\x8f\xd8\r\n"
      "7999900000002,,,2027-01-31,\x8e\xe6\x8f\xc1\r\n";
  const std::pair<std::string, bool> table[] = {
      {crlf, false}, {"\xef\xbb\xbf" + std::string(etoc_csv), false}, {sjis, true}};
  for (const auto& [bytes, shift_jis] : table) {
    const auto file = load(bytes, etoc_mapping(shift_jis));
    ASSERT_TRUE(file) << errors_of(file.errors);
    ASSERT_EQ(file.value->rows.size(), 2u);
    EXPECT_EQ(file.value->rows[0].id, plain.value->rows[0].id);
    EXPECT_EQ(file.value->rows[0].names, plain.value->rows[0].names);
    EXPECT_EQ(file.value->rows[0].etoc, plain.value->rows[0].etoc);
    EXPECT_EQ(file.value->rows[1].etoc, plain.value->rows[1].etoc);
    EXPECT_NE(file.value->digest, plain.value->digest);
  }
}

TEST(RegisterFile, NormalisesNumbersWordsAndDates) {
  const std::pair<std::string, std::string> table[] = {
      {"４９９９９０００００００５,山,,２０２７／１／３１,　認証　", "jp:4999900000005 2027-01-31"},
      {"T4999900000005,山,,2027/1/31,認証", "jp:4999900000005 2027-01-31"},
      {"t4999900000005,山,,2027年1月31日,certified", "jp:4999900000005 2027-01-31"},
      {"Ｔ4999900000005,山,,令和9年1月31日,認証", "jp:4999900000005 2027-01-31"},
      {" 4999900000005 ,山,,R9.1.31,認証", "jp:4999900000005 2027-01-31"},
      {"\"4999900000005\",山,,\"令和9年1月31日\",認証", "jp:4999900000005 2027-01-31"},
      {"gb:01234567,Hill,,2027-01-31,認証", "gb:01234567 2027-01-31"},
      {"4999900000005,山,,,認証", "jp:4999900000005 never"},
  };
  for (const auto& [row, expected] : table) {
    const auto file = load("法人番号,事業者名,備考,有効期限,状態\n" + row + "\n", etoc_mapping());
    ASSERT_TRUE(file) << row << errors_of(file.errors);
    const auto& made = file.value->rows.at(0);
    EXPECT_EQ(made.etoc.state, EtocState::certified);
    EXPECT_EQ(made.id.text() + " " + (made.etoc.valid_until ? made.etoc.valid_until->text() : "never"),
              expected);
  }
}

TEST(RegisterFile, MayTakeTheValidityAsTheFirstDayWithout) {
  auto mapping = etoc_mapping();
  mapping.last_day_included = false;
  const auto file = load(etoc_csv, mapping);
  ASSERT_TRUE(file);
  EXPECT_EQ(file.value->rows[0].etoc.valid_until, JstDate::of(2027, 1, 30));
}

TEST(RegisterFile, TellsWhereAListIsWrong) {
  const std::string head = "法人番号,事業者名,備考,有効期限,状態\n";
  const std::string good = "8999900000001,,,2027-01-31,認証\n";
  const std::pair<std::string, std::string> table[] = {
      {"", "0:0 is empty"},
      {"\n\r\n\n", "0:0 is empty"},
      {"\xef\xbb\xbf", "0:0 is empty"},
      {"事業者名,備考,有効期限,状態\nあ,,2027-01-31,認証\n",
       "1:1 the column '法人番号' (corporate_number) is missing"},
      {"法人番号,事業者名,有効期眼,状態\n",
       "1:1 the column '有効期限' (valid_until) is missing; did you mean '有効期眼'?"},
      {"法人番号,事業者名,有効期限,状態,状態\n", "1:19 the column '状態' stands here twice"},
      {head + "9999900000001,,,2027-01-31,認証\n", "2:1 '9999900000001' fails the check digit"},
      {head + "899990000000,,,2027-01-31,認証\n", "2:1 '899990000000' is not a corporate number"},
      {head + "8.9999E+12,,,2027-01-31,認証\n", "2:1 '8.9999E+12' is not a corporate number"},
      {head + "TT999900000001,,,2027-01-31,認証\n", "2:1 'T999900000001' is not a corporate number"},
      {head + "jp:9999900000001,,,2027-01-31,認証\n", "2:1 'jp:9999900000001' is not"},
      {head + ",,,2027-01-31,認証\n", "2:1 the corporate number is missing"},
      {head + good + "8999900000001,い,,2027-01-31,取消\n",
       "3:1 jp:8999900000001 stands on line 2 already, and again on line 3"},
      {head + good + "T8999900000001,い,,2027-01-31,認証\n", "3:1 jp:8999900000001 stands on line 2"},
      {head + "8999900000001,あ,,2027-02-30,認証\n", "2:18 '2027-02-30' is not a date"},
      {head + "8999900000001,あ,,31/1/2027,認証\n", "2:18 '31/1/2027' is not a date"},
      {head + "8999900000001,あ,,2027-01-31x,認証\n", "2:18 '2027-01-31x' is not a date"},
      {head + "8999900000001,あ,,平成0年1月1日,認証\n", "2:18 '平成0年1月1日' is not a date"},
      {head + "8999900000001,あ,,2027-01-31,認定\n", "2:29 '認定' is not a known state"},
      {head + "8999900000001,あ,,2027-01-31,certifed\n", "did you mean 'certified'?"},
      {head + "8999900000001,あ,,2027-01-31,\n", "2:29 the state is missing"},
      {head + good + "7999900000002,い,,2027-01-31\n",
       "3:1 this row has 4 fields, the header has 5; the file seems to be cut"},
      {head + good + "7999900000002,い",
       "3:1 this row has 2 fields, the header has 5; the file seems to be cut"},
      {head + "7999900000002,い,,2027-01-31\n" + good, "2:1 this row has 4 fields, the header has 5\n"},
      {head + "7999900000002,い,,2027-01-31,認証,x\n", "2:32 this row has 6 fields"},
      {head + good + "7999900000002,\"い,,2027-01-31,認証\n", "3:15 this quoted field never ends"},
      {head + good + "\"7999900000002", "3:1 this quoted field never ends; the file seems to be cut"},
      {head + "8999900000001,\"あ\"い,,2027-01-31,認証\n", "2:18 text stands behind the closing quote"},
      {head + "8999900000001,あ\"い\",,2027-01-31,認証\n", "2:16 a quote stands inside a field"},
      {head + std::string("8999900000001,あ\0,,2027-01-31,認証\n", 38), "2:16 a control character"},
      {head + "8999900000001,あ\r,,2027-01-31,認証\n", "2:16 a control character"},
      {head + "8999900000001,\"あ\nい\",,2027-01-31,認証\n", "2:15 a line break"},
      {head + good + "7999900000002,\xe3\x81,,2027-01-31,認証\n", "3:15 is not UTF-8 text from here on"},
      {head + good + "7999900000002,\x82\xa0,,2027-01-31,認証\n",
       "3:15 is not UTF-8 text from here on; if it is Shift-JIS"},
  };
  for (const auto& [bytes, expected] : table) {
    const auto file = load(bytes, etoc_mapping());
    EXPECT_FALSE(file) << bytes;
    EXPECT_NE(errors_of(file.errors).find(expected), std::string::npos) << bytes << "\n"
                                                                        << errors_of(file.errors);
  }
}

TEST(RegisterFile, TellsEveryBadRowAndKeepsNone) {
  const auto file =
      load("法人番号,事業者名,有効期限,状態\n1,,,認証\n8999900000001,,,認証\n2,,x,認証\n", etoc_mapping());
  EXPECT_FALSE(file);
  ASSERT_EQ(file.errors.size(), 3u) << errors_of(file.errors);
  EXPECT_EQ(file.errors[0].line, 2);
  EXPECT_EQ(file.errors[1].line, 4);
  EXPECT_EQ(file.errors[2].column, 4);

  std::string many = "法人番号,事業者名,有効期限,状態\n";
  for (int i = 0; i < 1000; ++i) many += "1,,,認証\n";
  EXPECT_EQ(load(many, etoc_mapping()).errors.size(), 201u);
}

TEST(RegisterFile, ShiftJisMustBeShiftJis) {
  EXPECT_EQ(errors_of(load("a,b\n\x82\xa0,\xff\xff\n", etoc_mapping(true)).errors),
            "2:3 is not Shift-JIS text from here on\n");
  EXPECT_EQ(errors_of(load("a,b\n\x82", etoc_mapping(true)).errors),
            "2:1 is not Shift-JIS text from here on\n");
  EXPECT_EQ(errors_of(load("\xef\xbb\xbf"
                           "a,b\n",
                           etoc_mapping(true))
                          .errors),
            "1:1 begins with the mark of UTF-8, but the mapping says shift_jis\n");
}

TEST(RegisterFile, WithoutAMappingColumnsAreNamedAsTheFields) {
  auto file = load(
      "corporate_number,plan_state,number_types,forwards_calls,checked_on,checked_by\n"
      "8999900000001,certified,fixed ip_050 mobile,yes,2026-04-10,desk-1\n"
      "6999900000003,deemed,ip_050;mobile,no,2026-04-11,desk-1\n"
      "5999900000004,none,,,,\n",
      plain_mapping(Register::plan));
  ASSERT_TRUE(file) << errors_of(file.errors);
  const auto& plan = file.value->rows.at(0).plan;
  EXPECT_EQ(plan.state, PlanState::certified);
  EXPECT_EQ(policy::join(plan.number_types), "fixed ip_050 mobile");
  EXPECT_TRUE(plan.forwards_calls);
  EXPECT_EQ(plan.checked_on, JstDate::of(2026, 4, 10));
  EXPECT_EQ(plan.checked_by, "desk-1");
  EXPECT_EQ(policy::join(file.value->rows.at(1).plan.number_types), "ip_050 mobile");
  EXPECT_EQ(file.value->rows.at(2).plan, policy::PlanEntry{});

  file = load(
      "corporate_number,action,number_types,from,until,reference,confidential\n"
      "4999900000005,refuse_new,fixed ip_050,2026-05-01,,R-2026-017,yes\n"
      "4999900000005,investigate,,,2026-12-31,R-2026-018,no\n"
      "4999900000005,suspend_stock,,,,,\n",
      plain_mapping(Register::refusals));
  ASSERT_TRUE(file) << errors_of(file.errors);
  ASSERT_EQ(file.value->rows.size(), 3u);
  EXPECT_EQ(file.value->rows[0].refusal.from, JstDate::of(2026, 5, 1));
  EXPECT_FALSE(file.value->rows[0].refusal.until);
  EXPECT_TRUE(file.value->rows[0].refusal.confidential);
  EXPECT_EQ(file.value->rows[1].refusal.action, policy::RefusalAction::investigate);
  EXPECT_FALSE(file.value->rows[1].refusal.confidential);
  EXPECT_TRUE(file.value->rows[2].refusal.confidential) << "what is not said is kept confidential";

  file = load("first_supply,corporate_number\n2021-06-01,6999900000003\n",
              plain_mapping(Register::track_record));
  ASSERT_TRUE(file) << errors_of(file.errors);
  EXPECT_EQ(file.value->rows[0].track_record.first_supply, JstDate::of(2021, 6, 1));
  EXPECT_EQ(file.value->rows[0].track_record.numbers_elsewhere, 0);

  file = load("corporate_number,etoc_state\n8999900000001,revoked\n", plain_mapping(Register::etoc));
  ASSERT_TRUE(file) << errors_of(file.errors);
  EXPECT_EQ(file.value->rows[0].etoc.state, EtocState::revoked);
}

TEST(RegisterFile, WithoutAMappingEveryColumnMustBeKnown) {
  struct {
    Register which;
    std::string bytes, expected;
  } table[] = {
      {Register::plan, "corporate_number,plan_state,number_typs\n",
       "1:29 unknown column 'number_typs'; did you mean 'number_types'?"},
      {Register::plan, "corporate_number\n", "1:1 the column 'plan_state' is missing"},
      {Register::plan, "corporate_number,plan_sate\n",
       "1:1 the column 'plan_state' is missing; did you mean 'plan_sate'?"},
      {Register::plan, "corporate_number,plan_state,number_types\n8999900000001,certified,fixed ip050\n",
       "2:25 'ip050' is not a number type; did you mean 'ip_050'?"},
      {Register::plan, "corporate_number,plan_state,forwards_calls\n8999900000001,certified,maybe\n",
       "2:25 'maybe' is neither yes nor no"},
      {Register::refusals, "corporate_number,action\n8999900000001,refuse\n",
       "2:15 'refuse' is not a known state"},
      {Register::refusals,
       "corporate_number,action,from,until\n8999900000001,refuse_new,2026-02-01,2026-01-31\n",
       "2:37 the refusal ends before it begins"},
      {Register::track_record,
       "corporate_number,first_supply,numbers_elsewhere\n8999900000001,2020-04-01,-1\n",
       "2:26 '-1' is not a plain whole number"},
      {Register::track_record,
       "corporate_number,first_supply,numbers_elsewhere\n8999900000001,2020-04-01,1e3\n",
       "'1e3' is not a plain whole number"},
      {Register::track_record, "corporate_number,first_supply\n8999900000001,2020-04\n",
       "2:15 '2020-04' is not a date"},
      {Register::etoc,
       "corporate_number,state,certified_on,valid_until\n8999900000001,certified,2026-02-01,2026-01-31\n",
       "2:36 the certificate ends on 2026-01-31, before it begins on 2026-02-01"},
  };
  for (const auto& row : table) {
    const auto file = load(row.bytes, plain_mapping(row.which));
    EXPECT_FALSE(file) << row.bytes;
    EXPECT_NE(errors_of(file.errors).find(row.expected), std::string::npos)
        << row.bytes << errors_of(file.errors);
  }
}

TEST(RegisterFile, AHeaderAloneIsAListWithoutRows) {
  const auto file = load("corporate_number,action\n", plain_mapping(Register::refusals));
  ASSERT_TRUE(file);
  EXPECT_TRUE(file.value->rows.empty());
}

TEST(RegisterFile, ReadsJson) {
  const auto file = load(R"([
  {"corporate_number": "8999900000001", "plan_state": "certified", "number_types": ["fixed", "ip_050"],
   "forwards_calls": true, "checked_on": "2026-04-10", "checked_by": null},
  {"plan_state": "deemed", "corporate_number": 6999900000003, "number_types": "ip_050"}
]
)",
                         plain_mapping(Register::plan));
  ASSERT_TRUE(file) << errors_of(file.errors);
  ASSERT_EQ(file.value->rows.size(), 2u);
  EXPECT_EQ(file.value->rows[0].line, 2);
  EXPECT_EQ(policy::join(file.value->rows[0].plan.number_types), "fixed ip_050");
  EXPECT_TRUE(file.value->rows[0].plan.forwards_calls);
  EXPECT_EQ(file.value->rows[1].id.text(), "jp:6999900000003");
  EXPECT_EQ(file.value->rows[1].plan.state, PlanState::deemed);
  EXPECT_EQ(file.value->rows[1].line, 4);

  const auto empty = load("[]", plain_mapping(Register::plan));
  ASSERT_TRUE(empty);
  EXPECT_TRUE(empty.value->rows.empty());
}

TEST(RegisterFile, TellsWhereJsonIsWrong) {
  const std::pair<std::string, std::string> table[] = {
      {"{}", "1:1 expected a list of objects"},
      {"[1]", "1:2 expected an object"},
      {"[\n {},{}]", "2:2 expected an object"},
      {"[{\"corporate_number\":\"8999900000001\",\"plan_state\":\"certified\"},\n", "cannot be read as JSON"},
      {"[{\"corporate_number\":\"8999900000001\",\n \"plan_state\": certified}]",
       "2:16 cannot be read as JSON"},
      {"[{\"corporate_number\":\"8999900000001\",\"plan_state\":\"certified\"}", "cannot be read as JSON"},
      {"[{\"corporate_number\":\"8999900000001\",\"plan_state\":\"none\",\"plan_state\":\"certified\"}]",
       "repeated"},
      {"[{\"corporate_number\":\"8999900000001\",\n  \"plan_state\":  \"certifed\"}]",
       "2:18 'certifed' is not a known"},
      {"[{\"corporate_number\":\"8999900000001\",\n  \"plan_state\":{}}]", "2:16 'plan_state' must be text"},
      {"[{\"corporate_number\":8.9,\"plan_state\":\"none\"}]", "1:22 'corporate_number' must be text"},
      {"[{\"corporate_number\":\"8999900000001\",\"plan_sate\":\"none\"}]",
       "1:1 the column 'plan_state' is missing"},
      {"[{\"corporate_number\":\"8999900000001\",\"plan_state\":\"none\"},\n{\"plan_state\":\"none\"}]",
       "2:1 the corporate number is missing"},
      {"[{\"corporate_number\":\"8999900000001\",\"plan_state\":\"none\"},\n{\"corporate_number\":"
       "\"8999900000001\","
       "\"plan_state\":\"none\"}]",
       "2:21 jp:8999900000001 stands on line 1 already"},
      {"[{\"corporate_number\":\"8999900000001\",\"plan_state\":\"none\",\"checked_by\":\"a\\u001bb\"}]",
       "control character"},
  };
  for (const auto& [bytes, expected] : table) {
    const auto file = load(bytes, plain_mapping(Register::plan));
    EXPECT_FALSE(file) << bytes;
    EXPECT_NE(errors_of(file.errors).find(expected), std::string::npos) << bytes << "\n"
                                                                        << errors_of(file.errors);
  }
}

TEST(RegisterFile, WhatIsNotAFileIsTold) {
  const Folder folder;
  auto file = load_register(folder.path_ / "nothing.csv", plain_mapping(Register::plan));
  ASSERT_EQ(file.errors.size(), 1u);
  EXPECT_NE(file.errors[0].print().find("nothing.csv: cannot be read"), std::string::npos);
  file = load_register(folder.path_, plain_mapping(Register::plan));
  ASSERT_EQ(file.errors.size(), 1u);
  EXPECT_NE(file.errors[0].text.find("directory"), std::string::npos);
}

constexpr auto mapping_yaml = R"(schema: sekisho/mapping/v1
register: etoc
encoding: utf-8                # or shift_jis
columns:
  corporate_number: 法人番号
  name: 事業者名
  state: 状態
states: { 認証: certified, 取消: revoked, 更新審査中: renewal_pending }
)";

TEST(Mapping, IsRead) {
  const Folder folder;
  const auto mapping = load_mapping(folder.write("m.yaml", mapping_yaml));
  ASSERT_TRUE(mapping) << errors_of(mapping.errors);
  EXPECT_EQ(mapping.value->which, Register::etoc);
  EXPECT_FALSE(mapping.value->shift_jis);
  EXPECT_TRUE(mapping.value->last_day_included);
  EXPECT_EQ(mapping.value->columns.at("name"), "事業者名");
  EXPECT_EQ(mapping.value->etoc_states.at("更新審査中"), EtocState::renewal_pending);
}

TEST(Mapping, IsRefusedWithTheLineOfItsMistake) {
  const std::tuple<std::string, std::string, std::string> table[] = {
      {"register: etoc", "register: etok", "2:11 "},
      {"register: etoc\n", "", "needs 'register'"},
      {"encoding: utf-8", "encoding: utf-9", "3:11 "},
      {"  name: 事業者名", "  nmae: 事業者名", "6:3 unknown key 'nmae' in 'columns'; did you mean 'name'?"},
      {"  corporate_number: 法人番号\n", "", "needs 'corporate_number'"},
      {"  name: 事業者名", "  name: 状態", "the column '状態' stands for 'name' already"},
      {"取消: revoked", "取消: revokt", "did you mean 'revoked'?"},
      {"register: etoc", "register: refusals", "has no states"},
      {"encoding:", "encodng:", "unknown key 'encodng'"},
      {"sekisho/mapping/v1", "sekisho/mapping/v2", "1:9 "},
      {"states: {", "states: [", "not YAML"},
  };
  for (const auto& [old, fresh, expected] : table) {
    std::string text = mapping_yaml;
    text.replace(text.find(old), old.size(), fresh);
    const Folder folder;
    const auto mapping = load_mapping(folder.write("m.yaml", text));
    EXPECT_FALSE(mapping) << text;
    EXPECT_NE(errors_of(mapping.errors).find(expected), std::string::npos)
        << text << errors_of(mapping.errors);
  }
}

TEST(Text, ReadsDates) {
  const std::pair<std::string, std::string> table[] = {
      {"2026-02-01", "2026-02-01"},
      {"2026/2/1", "2026-02-01"},
      {"2026年2月1日", "2026-02-01"},
      {"令和8年2月1日", "2026-02-01"},
      {"令和元年5月1日", "2019-05-01"},
      {"平成31年4月30日", "2019-04-30"},
      {"R8.2.1", "2026-02-01"},
      {"H30.12.31", "2018-12-31"},
      {"2028-02-29", "2028-02-29"},
      {"2027-02-29", ""},
      {"2026-13-01", ""},
      {"2026-00-01", ""},
      {"26-02-01", ""},
      {"2026-02", ""},
      {"2026-02/01", ""},
      {"20260201", ""},
      {"令和元年4月30日", ""},
      {"令和0年5月1日", ""},
      {"R8-2-1", ""},
      {"M45.7.30", ""},
      {"2026-02-01 00:00", ""},
      {"", ""},
      {"2026-002-01", ""},
      {"９", ""},
  };
  for (const auto& [text, expected] : table) {
    const auto date = parse_date(text);
    EXPECT_EQ(date ? date->text() : "", expected) << text;
  }
}

TEST(Text, NormalisesWidthAndSpaces) {
  EXPECT_EQ(normalised("　ＡＢＣ１２３　ｶﾌﾞｼｷｶﾞｲｼｬ　"), "ABC123 カブシキガイシャ");
  EXPECT_EQ(normalised(" plain\t"), "plain");
  EXPECT_EQ(normalised("  "), "");
  EXPECT_EQ(normalised("㈱山"), "(株)山");
}

}  // namespace
}  // namespace sekisho::config
