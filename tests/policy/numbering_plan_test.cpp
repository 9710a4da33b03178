// The machinery of the numbering plan. What the shipped plan says is
// tests/config/numbering_plan_file_test.cpp's.
#include "policy/numbering_plan.h"

#include <gtest/gtest.h>

#include <chrono>
#include <iostream>
#include <random>

namespace sekisho::policy {
namespace {

const JstDate day = JstDate::of(2026, 11, 24);

NumberPattern pattern(NumberType type, std::string_view text, const char* from = "", const char* until = "") {
  return {.type = type,
          .digits = std::get<NumberTemplate>(parse_template(text)),
          .from = JstDate::parse(from),
          .until = JstDate::parse(until)};
}

std::string clashed(const NumberPattern& a, const NumberPattern& b) {
  const auto both = clash(a, b);
  const auto again = clash(b, a);
  EXPECT_EQ(both.has_value(), again.has_value());
  if (!both || !again) return "";
  EXPECT_EQ(both->number, again->number);
  EXPECT_EQ(both->day, again->day);
  return both->number + (both->day ? " " + both->day->text() : "");
}

TEST(NumberTemplate, is_a_class_for_each_digit) {
  const auto digits = pattern(NumberType::m2m_020, "020-[1-35-9]XXX-XXXX").digits;
  EXPECT_EQ(digits.length, 11u);
  EXPECT_EQ(digits.classes[0], 1u);
  EXPECT_EQ(digits.classes[3], 0b1111101110u);
  EXPECT_EQ(digits.classes[4], 0x3ffu);
  for (const char* good : {"02010000000", "02039999999", "02050000000", "02099999999"})
    EXPECT_TRUE(digits.fits(good));
  for (const char* bad :
       {"02000000000", "02040000000", "0201000000", "020100000000", "12010000000", "0201000000X", ""})
    EXPECT_FALSE(digits.fits(bad)) << bad;
}

TEST(NumberTemplate, what_cannot_be_one_is_told_in_a_sentence) {
  const std::pair<std::string, std::string> table[] = {
      {"", "has 0 digits; a number has 10 to 14 digits"},
      {"0120-XXX-XX", "has 9 digits; a number has 10 to 14 digits"},
      {"0200-XXXXX-XXXXXX", "is too long; a number has 10 to 14 digits"},
      {"120-XXX-XXXX", "does not begin with 0; templates are written as in Japan, '03-...'"},
      {"X120-XXX-XXX", "does not begin with 0; templates are written as in Japan, '03-...'"},
      {"0XXX-XXX-XXX", "may begin with 00, which no number does"},
      {"0120-xxx-xxx", "has an 'x'; any digit is written 'X'"},
      {"0120 XXX XXX", "is made of digits, 'X' for any digit, classes such as '[1-35-9]', and hyphens"},
      {"0120-XXX-XXX?", "is made of digits, 'X' for any digit, classes such as '[1-35-9]', and hyphens"},
      {"0[1-9-XXX-XXXX", "lacks its closing ']'"},
      {"0[]20-XXX-XXX", "has empty brackets: no digit could stand there"},
      {"0[9-1]20-XXX-XXX", "has a range that runs backwards: '9-1'"},
      {"0[1-33]20-XXX-XXX", "names '3' twice between its brackets"},
      {"0[^1]20-XXX-XXX", "has brackets that are not digits and ranges of them, as in '[1-35-9]'"},
      {"0[1-]20-XXX-XXX", "has brackets that are not digits and ranges of them, as in '[1-35-9]'"},
  };
  for (const auto& [text, trouble] : table) {
    const auto parsed = parse_template(text);
    ASSERT_TRUE(std::holds_alternative<std::string>(parsed)) << text;
    EXPECT_EQ(std::get<std::string>(parsed), "the template '" + text + "' " + trouble);
  }
}

TEST(Clash, is_a_number_and_the_first_day_that_two_patterns_share) {
  using enum NumberType;
  EXPECT_EQ(clashed(pattern(fixed, "0[1-9][1-9]XXXXXXX"), pattern(navi_0570, "0570XXXXXX")), "0570000000");
  EXPECT_EQ(clashed(pattern(fixed, "0[1-9][1-9]XXXXXXX"), pattern(toll_free_0800, "0800XXXXXXX")),
            "");  // lengths
  EXPECT_EQ(clashed(pattern(mobile, "0[6-9]0[1-9]XXXXXXX"), pattern(fmc_0600, "0600XXXXXXX")), "");
  EXPECT_EQ(clashed(pattern(mobile, "0[6-9]0XXXXXXXX"), pattern(fmc_0600, "0600XXXXXXX")), "06000000000");
  EXPECT_EQ(clashed(pattern(fixed, "0[1-4]1XXXXXX[3-7]"), pattern(mobile, "0[46]XXXXXXX[7-9]")),
            "0410000007");
}

TEST(Clash, needs_a_common_day) {
  using enum NumberType;
  const auto on = [](const char* from, const char* until) {
    return pattern(mobile, "060XXXXXXXX", from, until);
  };
  const auto other = pattern(fmc_0600, "0600XXXXXXX", "2026-07-01", "2026-12-31");
  EXPECT_EQ(clashed(other, on("", "")), "06000000000 2026-07-01");
  EXPECT_EQ(clashed(other, on("", "2026-06-30")), "");
  EXPECT_EQ(clashed(other, on("", "2026-07-01")), "06000000000 2026-07-01");
  EXPECT_EQ(clashed(other, on("2026-12-31", "")), "06000000000 2026-12-31");
  EXPECT_EQ(clashed(other, on("2027-01-01", "")), "");
  EXPECT_EQ(clashed(on("", "1999-12-31"), on("", "2026-01-01")), "06000000000");
}

// Against trying every number: short products, so that all of them can be counted.
TEST(Clash, is_exact) {
  const auto seed = unsigned(std::chrono::steady_clock::now().time_since_epoch().count());
  std::cout << "seed " << seed << "\n";
  std::mt19937 random(seed);
  const auto some = [&] {
    std::string text = "01";
    for (int i = 0; i < 2; ++i) {
      std::string inside;
      for (char digit = '0'; digit <= '9'; ++digit)
        if (random() % 4 == 0) inside += digit;
      text += "[" + (inside.empty() ? "5" : inside) + "]";
    }
    return pattern(NumberType::fixed, text + (random() % 2 ? "000000" : "[04]00000"));
  };
  for (int round = 0; round < 300; ++round) {
    const auto a = some(), b = some();
    bool both = false;
    for (int middle = 0; middle < 1000 && !both; ++middle) {
      auto number = std::to_string(middle + 1000);
      number = "01" + number.substr(1) + "00000";
      both = a.digits.fits(number) && b.digits.fits(number);
    }
    const auto found = clash(a, b);
    ASSERT_EQ(found.has_value(), both) << a.digits.text << " " << b.digits.text;
    if (found) {
      EXPECT_TRUE(a.digits.fits(found->number) && b.digits.fits(found->number)) << found->number;
    }
  }
}

TEST(TypeOf, days_are_whole_and_included) {
  const NumberingPlan plan{
      .patterns = {pattern(NumberType::mobile, "060[1-9]XXXXXXX", "2026-07-01", "2026-12-31")}};
  const auto on = [&](const char* at) { return type_of(plan, "06012345678", *JstDate::parse(at)); };
  EXPECT_EQ(on("2026-06-30"), std::nullopt);
  EXPECT_EQ(on("2026-07-01"), NumberType::mobile);
  EXPECT_EQ(on("2026-12-31"), NumberType::mobile);
  EXPECT_EQ(on("2027-01-01"), std::nullopt);
  EXPECT_EQ(why_no_type(plan, "06012345678", JstDate::of(2026, 6, 30)), "is mobile only from 2026-07-01 on");
  EXPECT_EQ(why_no_type(plan, "06012345678", JstDate::of(2027, 1, 1)), "was mobile until 2026-12-31");
}

TEST(TypeOf, a_type_that_stands_last_takes_what_is_left_whatever_the_order) {
  using enum NumberType;
  const auto wide = pattern(fixed, "0[1-9][1-9]XXXXXXX"),
             narrow = pattern(navi_0570, "0570XXXXXX", "2026-01-01");
  for (const auto& patterns : {std::vector{wide, narrow}, std::vector{narrow, wide}}) {
    const NumberingPlan plan{.patterns = patterns, .last = {fixed}};
    EXPECT_EQ(type_of(plan, "0570123456", day), navi_0570);
    EXPECT_EQ(type_of(plan, "0570123456", JstDate::of(2025, 12, 31)), fixed);
    EXPECT_EQ(type_of(plan, "0312345678", day), fixed);
  }
}

TEST(TypeOf, says_why_there_is_none) {
  using enum NumberType;
  const NumberingPlan plan{
      .patterns = {pattern(fixed, "0[1-9][1-9]XXXXXXX"), pattern(toll_free_0800, "0800XXXXXXX"),
                   pattern(connect_091, "091XXXXXXX"), pattern(connect_091, "091XXXXXXXX")},
      .last = {fixed}};
  EXPECT_EQ(why_no_type(plan, "0800123456", day), "begins like toll_free_0800, which has 11 digits, not 10");
  EXPECT_EQ(why_no_type(plan, "091123456789", day),
            "begins like connect_091, which has 10 or 11 digits, not 12");
  EXPECT_EQ(why_no_type(plan, "03123456789", day), "begins like fixed, which has 10 digits, not 11");
  EXPECT_EQ(why_no_type(plan, "0501234567", day), "fits no pattern of the numbering plan");
  EXPECT_EQ(type_of(plan, "", day), std::nullopt);
  EXPECT_EQ(type_of(plan, "03 1234567", day), std::nullopt);
  EXPECT_EQ(type_of({}, "0312345678", day), std::nullopt);
}

TEST(NormalForm, is_national_digits_or_a_reason) {
  struct Row {
    std::string text, digits, trouble;
    bool bare = false;
  };
  const std::string lengths = "; a number has 10 to 14 digits";
  const Row table[] = {
      {"0312345678", "0312345678", ""},
      {"03-1234-5678", "0312345678", ""},
      {"(03) 1234-5678", "0312345678", ""},
      {"+81 3 1234 5678", "0312345678", ""},
      {"+81-(3)-1234-5678", "0312345678", ""},
      {"+8190-1234-5678", "09012345678", ""},
      {"+812001234567890", "02001234567890", ""},
      {"+810312345678", "", "has both +81 and the national 0; one of them goes"},
      {"+81 (0)3 1234 5678", "", "has both +81 and the national 0; one of them goes"},
      {"+1 212 555 0100", "", "is of another country: Japan's code is +81"},
      {"+82312345678", "", "is of another country: Japan's code is +81"},
      {"+8", "", "is of another country: Japan's code is +81"},
      {"+81", "", "has 1 digits" + lengths},
      {"81312345678", "", "begins with 81; write +81, or the national 0"},
      {"0081312345678", "", "begins with 0081; write +81, or the national 0"},
      {"81312345678", "0312345678", "", true},
      {"0081312345678", "0312345678", "", true},
      {"810312345678", "", "has both +81 and the national 0; one of them goes", true},
      {"00810312345678", "", "has both +81 and the national 0; one of them goes", true},
      {"0012125550100", "", "begins with 00, which no number of Japan does", true},
      {"0312345678", "0312345678", "", true},
      {"312345678", "", "begins with neither 0 nor +81"},
      {"441012345678901", "", "begins with neither 0 nor +81"},  // an IMSI is not dialled
      {"110", "", "begins with neither 0 nor +81"},
      {"031234567", "", "has 9 digits" + lengths},
      {"020012345678901", "", "has 15 digits" + lengths},
      {"0012345678", "", "begins with 00, which no number of Japan does"},
      {"+8101", "", "has both +81 and the national 0; one of them goes"},
      {"", "", "has no digits"},
      {"+", "", "is of another country: Japan's code is +81"},
      {"--", "", "has no digits"},
      {"++81312345678", "", "has a '+' that does not stand first"},
      {"03+12345678", "", "has a '+' that does not stand first"},
      {"0120-CALL-ME", "", "holds 'C', which is no part of a number"},
      {"tel:0312345678", "", "holds 't', which is no part of a number"},
      {"03.1234.5678", "", "holds '.', which is no part of a number"},
      {"03\t12345678", "", "holds a character that is no part of a number"},
      {"０３12345678", "", "holds a character that is no part of a number"},
      {std::string("0312345678\0", 11), "", "holds a character that is no part of a number"},
      {std::string(40, '0'), "", "has more than 32 digits" + lengths},
  };
  for (const auto& row : table) {
    const auto found = normal_form(row.text, {.bare_country_code = row.bare});
    EXPECT_EQ(found.digits, row.digits) << row.text;
    EXPECT_EQ(found.trouble, row.trouble) << row.text;
    EXPECT_NE(found.digits.empty(), found.trouble.empty()) << row.text;
  }
}

}  // namespace
}  // namespace sekisho::policy
