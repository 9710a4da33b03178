#include "policy/types.h"

#include <gtest/gtest.h>

#include "tests/policy/builders.h"

namespace sekisho::policy {
namespace {

TEST(OperatorId, a_country_and_an_identifier_make_an_id) {
  const std::string forty(40, 'a');
  const std::pair<std::string, bool> table[] = {
      {"jp:8999900000001", true},
      {"jp:7999900000002", true},
      {"jp:7000012050002", true},   // the National Tax Agency's own
      {"jp:8999900000002", false},  // the check digit of another number
      {"jp:9999900000001", false},
      {"jp:899990000001", false},  // 12 digits
      {"jp:89999000000010", false},
      {"jp:899990000000a", false},
      {"jp:", false},
      {"jp", false},
      {"", false},
      {":8999900000001", false},
      {"JP:8999900000001", false},
      {"jpn:8999900000001", false},
      {" jp:8999900000001", false},
      {"us:delaware-12.3", true},
      {"us:" + forty, true},
      {"us:" + forty + "a", false},
      {"us:a b", false},
      {"us:a{b}", false},  // braces would move the keys to another slot
      {"us:a|b", false},
      {"us:a:b", false},
      {std::string("us:a\0b", 6), false},
  };
  for (const auto& [text, fine] : table) {
    const auto id = OperatorId::parse(text);
    EXPECT_EQ(id.has_value(), fine) << text;
    if (id) {
      EXPECT_EQ(id->text(), text);
    }
  }
}

TEST(OperatorId, every_base_number_has_exactly_one_check_digit) {
  for (const std::string base :
       {"000000000000", "000000000009", "123456789012", "999999999999", "010401089998"}) {
    int fitting = 0;
    for (char check = '0'; check <= '9'; ++check) fitting += is_corporate_number(check + base);
    EXPECT_EQ(fitting, 1) << base;
  }
}

TEST(Operation, what_hands_out_is_what_certification_and_quota_apply_to) {
  for (std::size_t i = 0; i < count_of<Operation>(); ++i) {
    const auto operation = static_cast<Operation>(i);
    const bool gives_back_or_looks = operation == Operation::release || operation == Operation::cancel ||
                                     operation == Operation::status || operation == Operation::search ||
                                     operation == Operation::pass;
    EXPECT_NE(hands_out(operation), gives_back_or_looks) << name(operation);
  }
}

template <class E>
void words_are_sound() {
  for (std::size_t i = 0; i < count_of<E>(); ++i) {
    const auto word = name(static_cast<E>(i));
    EXPECT_FALSE(word.empty());
    EXPECT_EQ(parse_word<E>(word), static_cast<E>(i)) << word << " stands twice";
  }
  EXPECT_FALSE(parse_word<E>(""));
  EXPECT_FALSE(parse_word<E>("Fixed"));
}

TEST(Words, each_names_one_value) {
  words_are_sound<NumberType>();
  words_are_sound<Operation>();
  words_are_sound<EtocState>();
  words_are_sound<PlanState>();
  words_are_sound<RefusalAction>();
  words_are_sound<Register>();
  words_are_sound<Basis>();
  words_are_sound<Mode>();
  words_are_sound<Family>();
  words_are_sound<HoldState>();
}

TEST(WordSet, behaves_as_a_set) {
  NumberTypes set{NumberType::fixed, NumberType::ip_050};
  EXPECT_TRUE(set.has(NumberType::fixed));
  EXPECT_FALSE(set.has(NumberType::mobile));
  EXPECT_EQ(join(set), "fixed ip_050");
  EXPECT_EQ(set.inverse().inverse(), set);
  EXPECT_FALSE(set.meets(set.inverse()));
  EXPECT_TRUE(set.meets(NumberTypes::all()));
  EXPECT_TRUE(NumberTypes::all().has(NumberType::connect_091));
  EXPECT_TRUE(NumberTypes::all().inverse().empty());
  set.remove(NumberType::fixed);
  EXPECT_EQ(set, NumberTypes{NumberType::ip_050});
}

}  // namespace
}  // namespace sekisho::policy
