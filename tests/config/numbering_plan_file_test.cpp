// The shipped numbering plan against examples written by hand from the Ministry's tables, and what is said of
// broken files.
#include "config/numbering_plan_file.h"

#include <gtest/gtest.h>

#include <chrono>
#include <iostream>
#include <random>

#include "config/installation.h"
#include "config/text.h"
#include "tests/config/written.h"

namespace sekisho::config {
namespace {

using policy::JstDate;
using policy::NumberType;

const policy::NumberingPlan& shipped() {
  static const auto plan = [] {
    auto loaded = load_numbering_plan();
    EXPECT_TRUE(loaded) << print(loaded.errors);
    return loaded.value.value_or(policy::NumberingPlan{});
  }();
  return plan;
}

// The type's word, or why there is none.
std::string type_of(std::string_view text, const char* day = "2026-11-24") {
  const auto on = *JstDate::parse(day);
  const auto number = policy::normal_form(normalised(text));
  if (!number) return number.trouble;
  const auto type = policy::type_of(shipped(), number.digits, on);
  return type ? std::string(policy::name(*type)) : policy::why_no_type(shipped(), number.digits, on);
}

TEST(ShippedPlan, is_the_file) {
  EXPECT_EQ(shipped_numbering_plan(),
            contents(std::filesystem::path(SEKISHO_SOURCE_DIR) / "config/numbering-plan.yaml"));
  std::string compiled_in, read;
  ASSERT_TRUE(load_numbering_plan({}, compiled_in));
  ASSERT_TRUE(
      load_numbering_plan(std::filesystem::path(SEKISHO_SOURCE_DIR) / "config/numbering-plan.yaml", read));
  EXPECT_EQ(compiled_in, read);
}

TEST(ShippedPlan, knows_every_type_by_its_first_and_last_numbers) {
  const std::pair<const char*, std::string> table[] = {
      // 0AB-J: Tokyo, Osaka, Sapporo, Naha, a village; the corners of 0[1-9][1-9].
      {"03-1234-5678", "fixed"},
      {"06-6123-4567", "fixed"},
      {"011-231-1111", "fixed"},
      {"098-866-1111", "fixed"},
      {"04992-2-1234", "fixed"},
      {"0110000000", "fixed"},
      {"0999999999", "fixed"},
      {"0121000000", "fixed"},
      {"0119999999", "fixed"},
      {"0571000000", "fixed"},
      {"0569999999", "fixed"},
      {"0171000000", "fixed"},
      {"0181000000", "fixed"},
      {"0991000000", "fixed"},
      {"0899999999", "fixed"},
      {"0920000000", "fixed"},
      // The special forms of ten digits, which have the shape of area codes.
      {"0120-000-000", "toll_free_0120"},
      {"0120-999-999", "toll_free_0120"},
      {"0570-000-000", "navi_0570"},
      {"0570-999-999", "navi_0570"},
      {"0170-000-000", "dial_0170"},
      {"0170-999-999", "dial_0170"},
      {"0180-000-000", "dial_0180"},
      {"0180-999-999", "dial_0180"},
      {"0990-000-000", "dial_0990"},
      {"0990-999-999", "dial_0990"},
      // Eleven digits.
      {"0800-000-0000", "toll_free_0800"},
      {"0800-999-9999", "toll_free_0800"},
      {"050-1000-0000", "ip_050"},
      {"050-9999-9999", "ip_050"},
      {"060-1000-0000", "mobile"},
      {"060-9999-9999", "mobile"},
      {"070-1000-0000", "mobile"},
      {"080-1000-0000", "mobile"},
      {"090-1000-0000", "mobile"},
      {"090-9999-9999", "mobile"},
      {"0600-000-0000", "fmc_0600"},
      {"0600-999-9999", "fmc_0600"},
      {"020-1000-0000", "m2m_020"},
      {"020-3999-9999", "m2m_020"},
      {"020-5000-0000", "m2m_020"},
      {"020-9999-9999", "m2m_020"},
      {"0204-000-0000", "pager_0204"},
      {"0204-999-9999", "pager_0204"},
      // Fourteen, and up to thirteen.
      {"0200-00000-00000", "m2m_020"},
      {"0200-99999-99999", "m2m_020"},
      {"0910000000", "connect_091"},
      {"09199999999", "connect_091"},
      {"091000000000", "connect_091"},
      {"0919999999999", "connect_091"},
  };
  for (const auto& [text, type] : table) EXPECT_EQ(type_of(text), type) << text;
}

TEST(ShippedPlan, one_digit_more_or_less_is_another_number_or_none) {
  const std::pair<const char*, std::string> table[] = {
      {"0800123456", "begins like toll_free_0800, which has 11 digits, not 10"},
      {"0501234567", "begins like ip_050, which has 11 digits, not 10"},
      {"0901234567", "begins like mobile, which has 11 digits, not 10"},
      {"0801234567", "begins like mobile, which has 11 digits, not 10"},
      {"0601234567", "begins like mobile, which has 11 digits, not 10"},
      {"0600123456", "begins like fmc_0600, which has 11 digits, not 10"},
      {"0201234567", "begins like m2m_020, which has 11 digits, not 10"},
      {"0204123456", "begins like pager_0204, which has 11 digits, not 10"},
      {"01201234567", "begins like toll_free_0120, which has 10 digits, not 11"},
      {"05701234567", "begins like navi_0570, which has 10 digits, not 11"},
      {"031234567890", "begins like fixed, which has 10 digits, not 12"},
      {"080012345678", "begins like toll_free_0800, which has 11 digits, not 12"},
      {"05001234567", "fits no pattern of the numbering plan"},  // 050 with C=0
      {"07001234567", "fits no pattern of the numbering plan"},
      {"09001234567", "fits no pattern of the numbering plan"},
      {"03012345678", "fits no pattern of the numbering plan"},
      {"04012345678", "fits no pattern of the numbering plan"},
      {"0101234567", "fits no pattern of the numbering plan"},
      {"0301234567", "fits no pattern of the numbering plan"},  // the third digit of a fixed number
      {"02001234567", "begins like m2m_020, which has 14 digits, not 11"},
      {"0200123456789", "begins like m2m_020, which has 14 digits, not 13"},
      {"02012345678901", "begins like m2m_020, which has 11 digits, not 14"},
      {"02041234567890", "begins like pager_0204, which has 11 digits, not 14"},
      {"09112345678901", "begins like connect_091, which has 10 or 11 or 12 or 13 digits, not 14"},
      {"091234567", "has 9 digits; a number has 10 to 14 digits"},
      {"440201234567890", "begins with neither 0 nor +81"},  // IMSI
  };
  for (const auto& [text, why] : table) EXPECT_EQ(type_of(text), why) << text;
}

TEST(ShippedPlan, however_a_number_is_written) {
  for (const char* text : {"０３－１２３４－５６７８", "（03）1234-5678", "+81 3 1234 5678",
                           "＋８１　３　１２３４　５６７８", " 03 1234 5678 "})
    EXPECT_EQ(type_of(text), "fixed") << text;
  EXPECT_EQ(type_of("+81 800 123 4567"), "toll_free_0800");
  EXPECT_EQ(type_of("+81 200 12345 67890"), "m2m_020");
  EXPECT_EQ(type_of("+810312345678"), "has both +81 and the national 0; one of them goes");
  EXPECT_EQ(type_of("81312345678"), "begins with 81; write +81, or the national 0");
}

TEST(ShippedPlan, mobile_060_counts_from_its_first_day_of_use) {
  for (const char* number : {"060-1000-0000", "060-5555-5555", "060-9999-9999", "+81 60 1234 5678"}) {
    for (const char* day : {"1999-01-01", "2024-12-19", "2024-12-20", "2026-06-30"})
      EXPECT_EQ(type_of(number, day), "is mobile only from 2026-07-01 on") << day;
    for (const char* day : {"2026-07-01", "2026-07-02", "2050-01-01"})
      EXPECT_EQ(type_of(number, day), "mobile") << day;
  }
  // What shares its digits is as it was on any day.
  for (const char* day : {"2024-12-20", "2026-06-30", "2026-07-01"}) {
    EXPECT_EQ(type_of("0600-123-4567", day), "fmc_0600") << day;
    EXPECT_EQ(type_of("090-1234-5678", day), "mobile") << day;
    EXPECT_EQ(type_of("06-1234-5678", day), "fixed") << day;
  }
}

// Numbers made from a template are of its type: all but those of `last`, where the special forms win.
TEST(ShippedPlan, every_number_of_a_template_is_of_its_type) {
  const auto seed = unsigned(std::chrono::steady_clock::now().time_since_epoch().count());
  std::cout << "seed " << seed << "\n";
  std::mt19937 random(seed);
  const auto day = JstDate::of(2026, 11, 24);
  for (const auto& pattern : shipped().patterns) {
    for (int i = 0; i < 2000; ++i) {
      std::string number;
      for (std::size_t at = 0; at < pattern.digits.length; ++at) {
        char digit = char('0' + random() % 10);
        while (!(pattern.digits.classes[at] >> (digit - '0') & 1)) digit = char('0' + random() % 10);
        number += digit;
      }
      ASSERT_EQ(policy::normal_form(number).digits, number);
      const auto* found = policy::pattern_of(shipped(), number, day);
      ASSERT_TRUE(found) << number;
      const bool special = pattern.type == NumberType::fixed && found->type != NumberType::fixed;
      ASSERT_TRUE(special || found->type == pattern.type) << number << " " << policy::name(found->type);
      if (special) {
        const auto head = number.substr(0, 4);
        ASSERT_TRUE(head == "0120" || head == "0170" || head == "0180" || head == "0570" || head == "0990" ||
                    head.starts_with("091"))
            << number;
      }
    }
  }
}

TEST(ShippedPlan, says_of_every_pattern_where_it_is_laid_down) {
  for (const auto& pattern : shipped().patterns) EXPECT_FALSE(pattern.basis.empty()) << pattern.digits.text;
}

// A plan with all types but those that a test writes itself.
std::string plan_with(const std::string& last, const std::string& types, const std::string& without = "") {
  std::string text = "schema: sekisho/numbering-plan/v1\n" + last + "types:\n" + types;
  const char* digits[] = {"0311111111",  "0120000000",  "08000000000", "0570000000",  "0170000000",
                          "0180000000",  "0990000000",  "05011111111", "07011111111", "06000000000",
                          "02011111111", "02040000000", "0910000000"};
  for (std::size_t i = 0; i < policy::count_of<NumberType>(); ++i) {
    const std::string word(policy::name(static_cast<NumberType>(i)));
    if (types.find("  " + word + ":") == types.npos && word != without)
      text += "  " + word + ": [ { digits: '" + digits[i] + "', basis: b } ]\n";
  }
  return text;
}

TEST(BrokenPlan, is_told_with_its_place) {
  const std::string not_a_plan = "schema: sekisho/numbering-plan/v1\n";
  const std::pair<std::string, std::string> table[] = {
      {not_a_plan, "f:1:1: the file needs 'types'\n"},
      {not_a_plan + "types: []\n", "f:2:8: expected 'types' as a map, not an empty list\n"},
      {plan_with("", "", "pager_0204"),
       "f:3:3: no pattern for the number type 'pager_0204': none of its numbers would be known\n"},
      {plan_with("", "  pager_0204: []\n"),
       "f:3:15: expected a list of patterns such as '- digits: 0120-XXX-XXX', not an empty list\n"},
      {plan_with("", "  pager_0205: [ { digits: '02050000000', basis: b } ]\n"),
       "f:3:3: unknown key 'pager_0205' in 'types'; did you mean 'pager_0204'?\n"},
      {plan_with("last: fixd\n", ""),
       "f:2:7: 'fixd' is not one of " + policy::all_words<NumberType>() + "; did you mean 'fixed'?\n"},
      {plan_with("lst: fixed\n", ""), "f:2:1: unknown key 'lst' in the file; did you mean 'last'?\n"},
      {plan_with("", "  mobile:\n    - digits: 090-XXX-XXX\n      basis: b\n"),
       "f:4:15: the template '090-XXX-XXX' has 9 digits; a number has 10 to 14 digits\n"},
      {plan_with("", "  mobile:\n    - digits: 090-[9-1]XXX-XXXX\n      basis: b\n"),
       "f:4:15: the template '090-[9-1]XXX-XXXX' has a range that runs backwards: '9-1'\n"},
      {plan_with("", "  mobile:\n    - digits: [090]\n      basis: b\n"),
       "f:4:15: expected a template such as '0120-XXX-XXX', not a list\n"},
      {plan_with("", "  mobile:\n    - digits: 090-[1-9]XXX-XXXX\n"), "f:4:7: a pattern needs 'basis'\n"},
      {plan_with("", "  mobile:\n    - basis: b\n"), "f:4:7: a pattern needs 'digits'\n"},
      {plan_with("", "  mobile:\n    - digits: 090-[1-9]XXX-XXXX\n      basis: b\n      form: 2026-07-01\n"),
       "f:6:7: unknown key 'form' in a pattern; did you mean 'from'?\n"},
      {plan_with("", "  mobile:\n    - digits: 090-[1-9]XXX-XXXX\n      basis: b\n      from: 2026-06-31\n"),
       "f:6:13: expected a date such as 2026-04-01, not '2026-06-31'\n"},
      {plan_with(
           "",
           "  mobile:\n    - digits: 090-[1-9]XXX-XXXX\n      basis: b\n      from: 2026-07-02\n      until: "
           "2026-07-01\n"),
       "f:7:14: until 2026-07-01 is before from 2026-07-02: this pattern would never count\n"},
      {plan_with("", "  mobile:\n    - digits: 060-XXXX-XXXX\n      basis: b\n      from: 2026-07-01\n"),
       "f:15:25: 06000000000 would be fmc_0600 and, by line 4, mobile on 2026-07-01; narrow one of them, or "
       "name the "
       "type that gives way in 'last'\n"},
      // Two that both stand last do not yield to each other.
      {plan_with("last: [fixed, navi_0570]\n",
                 "  fixed:\n    - digits: 0[1-9][1-9]-XXX-XXXX\n      basis: b\n"),
       "f:9:26: 0570000000 would be navi_0570 and, by line 5, fixed; narrow one of them, or "
       "name the "
       "type that gives way in 'last'\n"},
  };
  for (const auto& [text, errors] : table) {
    Folder folder;
    const auto loaded = load_numbering_plan(folder.write("f", text));
    EXPECT_FALSE(loaded) << text;
    EXPECT_EQ(print(loaded.errors), errors) << text;
  }
}

TEST(BrokenPlan, without_an_order_every_special_form_of_ten_digits_clashes_with_fixed) {
  Folder folder;
  auto text = std::string(shipped_numbering_plan());
  text.replace(text.find("last: fixed"), 11, "");
  const auto loaded = load_numbering_plan(folder.write("f", text));
  EXPECT_EQ(loaded.errors.size(), 6u) << print(loaded.errors);  // 0120, 0570, 0170, 0180, 0990, 091
}

TEST(PlanFile, dates_may_hand_a_pattern_from_one_type_to_another) {
  Folder folder;
  const auto file = folder.write(
      "f",
      plan_with("",
                "  mobile:\n    - digits: 060-XXXX-XXXX\n      basis: new\n      from: 2026-07-01\n"
                "  fmc_0600:\n    - digits: 060-XXXX-XXXX\n      basis: old\n      until: 2026-06-30\n"));
  const auto loaded = load_numbering_plan(file);
  ASSERT_TRUE(loaded) << print(loaded.errors);
  EXPECT_EQ(policy::type_of(*loaded.value, "06012345678", JstDate::of(2026, 6, 30)), NumberType::fmc_0600);
  EXPECT_EQ(policy::type_of(*loaded.value, "06012345678", JstDate::of(2026, 7, 1)), NumberType::mobile);
}

// The set of files: a plan of one's own takes the shipped one's place, is in the digest, and is refused when
// broken.
TEST(PlanFile, belongs_to_the_installation) {
  Folder folder;
  folder.write("plan.yaml", plan_with("", ""));
  const auto settings_with = [&](const std::string& line) {
    auto text = contents(contract / "sekisho.yaml");
    for (const auto* name : {"policy.yaml", "clients.yaml", "carrier.yaml"})
      folder.write(name, contents(contract / name));
    auto loaded = load_settings(folder.write("sekisho.yaml", text + line));
    EXPECT_TRUE(loaded) << print(loaded.errors);
    return loaded.value.value_or(Settings{});
  };
  const auto plain = load_installation(settings_with(""));
  ASSERT_TRUE(plain) << print(plain.errors);
  EXPECT_EQ((*plain.value)->numbering_plan.patterns.size(), shipped().patterns.size());
  const auto own = load_installation(settings_with("numbering_plan: plan.yaml\n"));
  ASSERT_TRUE(own) << print(own.errors);
  EXPECT_EQ((*own.value)->numbering_plan.patterns.size(), policy::count_of<NumberType>());
  EXPECT_NE((*own.value)->digest, (*plain.value)->digest);
  const Installation copy(**own.value);
  EXPECT_EQ(copy.numbering_plan.patterns.size(), policy::count_of<NumberType>());
  folder.write("plan.yaml", "schema: sekisho/numbering-plan/v1\n");
  EXPECT_EQ(print(load_installation(settings_with("numbering_plan: plan.yaml\n")).errors),
            "plan.yaml:1:1: the file needs 'types'\n");
}

// An adapter may take the type from the numbers, in the one field that is a type.
TEST(PlanFile, gives_adapters_type_of) {
  Folder folder;
  const auto errors_of = [&](const std::string& order) {
    const auto loaded =
        load_carrier(folder.write("c.yaml",
                                  "schema: sekisho/carrier/v1\ncarrier: demo\nupstream: { endpoints: "
                                  "['http://127.0.0.1:1'] }\nroutes:\n"
                                  "  - match: POST /a/{number}\n    operation: allocate\n    order: { " +
                                      order + " }\n    result: [ { on: 201, granted: 1 } ]\n"));
    return print(loaded.errors);
  };
  EXPECT_EQ(errors_of("numbers: json:/n/*, number_type: 'type_of(json:/n/*)'"), "");
  EXPECT_EQ(errors_of("quantity: const:1, number_type: type_of(path:number)"), "");
  EXPECT_EQ(errors_of("quantity: const:1, number_type: 'type_of(json:/n?)'"),
            "c.yaml:7:46: the locator 'type_of(json:/n?)' must not be optional: the gate decides by it\n");
  EXPECT_EQ(errors_of("quantity: const:1, number_type: type_of(path:nmber)"),
            "c.yaml:7:46: the locator 'type_of(path:nmber)' names no parameter of 'POST /a/{number}'\n");
  EXPECT_EQ(errors_of("quantity: type_of(json:/n), number_type: const:fixed"),
            "c.yaml:7:24: the locator 'type_of(json:/n)' is a number type, and this field is not\n");
  EXPECT_EQ(errors_of("quantity: const:1, number_type: const:fixed, area: type_of(json:/n)"),
            "c.yaml:7:65: the locator 'type_of(json:/n)' is a number type, and this field is not\n");
}

}  // namespace
}  // namespace sekisho::config
