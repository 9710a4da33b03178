// Form bodies: what every server reads alike is read, everything else is refused.
#include "policy/form.h"

#include <gtest/gtest.h>

#include "tests/policy/reads.h"

namespace sekisho::policy {
namespace {

const std::string form = "application/x-www-form-urlencoded";

struct FormOrder : testing::Test, OneRoute {
  FormOrder() {
    route.order = {.quantity = located("form:Quantity"),
                   .number_type = located("const:fixed"),
                   .area = located("form:Area?"),
                   .partial = located("form:Partial?")};
  }
  std::string told(const std::string& body, const std::string& query = {}) {
    return OneRoute::told({body, form, query});
  }
};

TEST_F(FormOrder, reads_what_every_server_reads_alike) {
  const std::pair<std::string, std::string> table[] = {
      {"Quantity=10", "10 fixed"},
      {"Quantity=10&Area=03", "10 fixed area=03"},
      {"Area=Tokyo+West&Quantity=1", "1 fixed area=Tokyo West"},
      {"Area=Tokyo%20West&Quantity=1", "1 fixed area=Tokyo West"},
      {"Area=a%2Bb%3D%26%3b&Quantity=1", "1 fixed area=a+b=&;"},
      {"Area=%E6%9D%B1%E4%BA%AC&Quantity=1", "1 fixed area=東京"},
      {"%51uantity=%31%30", "10 fixed"},
      {"Quantity=10&", "10 fixed"},
      {"&Quantity=10&&Note=", "10 fixed"},
      {"Note&Quantity=10", "10 fixed"},
      {"Note=a=b&Quantity=10", "10 fixed"},
      {"Note=line%0D%0Abreak&Quantity=10", "10 fixed"},
      {"Quantity=999999999999999999", "999999999999999999 fixed"},
      {"QuantityNote=5&Quantity=10&MyQuantity=7", "10 fixed"},
      {"Meta[Quantity]=5&Quantity=10", "10 fixed"},
  };
  for (const auto& [body, expected] : table) EXPECT_EQ(told(body), expected) << body;
}

TEST_F(FormOrder, refuses_what_servers_read_differently) {
  const std::pair<std::string, std::string> table[] = {
      {"", "quantity (form:Quantity) is missing"},
      {"quantity=10", "which some servers take for 'Quantity'"},
      {"Area=03", "quantity (form:Quantity) is missing"},
      {"Quantity=1&Quantity=1000", "the field 'Quantity' is repeated"},
      {"Quantity=1&%51uantity=1000", "the field 'Quantity' is repeated"},
      {"Quantity=1&Quantity=1", "the field 'Quantity' is repeated"},
      {"Quantity=1&Note=a&Note=b", "the field 'Note' is repeated"},
      {"Quantity=1&QUANTITY=1000", "a field 'QUANTITY', which some servers take for 'Quantity'"},
      {"Quantity=1&Quantity[]=1000", "a field 'Quantity[]', which some servers take"},
      {"Quantity=1&Quantity%5B%5D=1000", "a field 'Quantity[]', which some servers take"},
      {"Quantity=1&Quantity[0]=1000", "some servers take"},
      {"Quantity=1&Quantity[a][b]=1000", "some servers take"},
      {"Quantity=1&[Quantity]=1000", "some servers take"},
      {"Quantity=1&Quantity]=1000", "some servers take"},
      {"Quantity=1&+Quantity=1000", "some servers take"},
      {"Quantity=1&Quantity+=1000", "some servers take"},
      {"Quantity=1&Quantity%00=1000", "a name holds a control character"},
      {"Quantity=1&%0AQuantity=1000", "a name holds a control character"},
      {"Quantity=1;Quantity=1000", "it holds ';'"},
      {"Quantity=1&Area=a;b", "it holds ';'"},
      {"Quantity=1&Area=%", "broken escape"},
      {"Quantity=1&Area=%4", "broken escape"},
      {"Quantity=1&Area=%zz", "broken escape"},
      {"Quantity=1&%u0041=1", "broken escape"},
      {"Quantity=1&Area=%FF", "text that is not UTF-8"},
      {"Quantity=1&Area=%C0%AF", "text that is not UTF-8"},
      {"Quantity=1&Area=%ED%A0%80", "text that is not UTF-8"},
      {"Quantity=1&Area=%93%8C%8B%9E", "text that is not UTF-8"},
      {"Quantity=1&Area=東京", "must be escaped"},
      {"Quantity=1&Area=a b", "must be escaped"},
      {"Quantity=1\r\n", "must be escaped"},
      {"Quantity=1\n&Area=1", "must be escaped"},
      {"\xef\xbb\xbfQuantity=1", "must be escaped"},
      {"Quantity=1&=1", "a field has no name"},
      {"Quantity=1&_method=DELETE", "the field '_method' makes some servers read the call differently"},
      {"Quantity=1&_charset_=utf-7", "the field '_charset_'"},
      {"Quantity=1&Area=a%09b", "area (form:Area?) is not a text"},
      {"Quantity=1&Area=", "area (form:Area?) is not a text"},
      {"Quantity=1&Partial=1", "partial (form:Partial?) is neither true nor false"},
  };
  for (const auto& [body, part] : table) {
    const auto answer = told(body);
    EXPECT_TRUE(answer.starts_with("unreadable-order: ")) << body << " " << answer;
    EXPECT_NE(answer.find(part), answer.npos) << body << " " << answer;
  }
}

TEST_F(FormOrder, takes_plain_whole_numbers_only) {
  for (const auto* value : {"", "0", "-1", "%2B1", "+1", "1+", "01", "1.0", "1e3", "0x10", "1%2C000",
                            "%EF%BC%91", "1%00", "1%0A", "ten", "true", "1000000000000000000", "NaN", "[1]"})
    EXPECT_EQ(told("Quantity=" + std::string(value)),
              "unreadable-order: quantity (form:Quantity) is not a plain whole number of at least 1")
        << value;
}

TEST_F(FormOrder, is_not_also_in_the_query) {
  EXPECT_EQ(told("Quantity=1", "trace=7"), "1 fixed");
  for (const auto* query :
       {"Quantity=1", "Quantity=1000", "quantity=1000", "a=1&%51uantity=2", "Quantity[]=2"})
    EXPECT_EQ(told("Quantity=1", query),
              "unreadable-order: quantity (form:Quantity) cannot be read: the query has it too")
        << query;
  EXPECT_EQ(told("Quantity=1", "Area=03"),
            "unreadable-order: area (form:Area?) cannot be read: the query has it too");
  EXPECT_NE(told("Quantity=1", "a=%zz").find("the query cannot be read: it holds a broken escape"),
            std::string::npos);
  // And the other way round.
  route.order = {.quantity = located("query:Quantity"), .number_type = located("const:fixed")};
  EXPECT_EQ(told("", "Quantity=3"), "3 fixed");
  EXPECT_EQ(told("Other=1", "Quantity=3"), "3 fixed");
  EXPECT_EQ(told("Quantity=1000", "Quantity=3"),
            "unreadable-order: quantity (query:Quantity) cannot be read: the body has it too");
}

TEST_F(FormOrder, repeats_a_name_where_a_list_is_meant) {
  route.order = {.quantity = located("sum(form:qty)"), .number_type = located("const:fixed")};
  EXPECT_EQ(told("qty=1&qty=20&qty=300"), "321 fixed");
  EXPECT_NE(told("qty=1&qty=0").find("adds up something"), std::string::npos);
  EXPECT_NE(told("qty=1&qty[]=5").find("some servers take"), std::string::npos);
  EXPECT_NE(told("qty=1&other=1&other=2").find("'other' is repeated"), std::string::npos);
  route.order = {.number_type = located("const:fixed"), .numbers = located("form:number[]")};
  EXPECT_EQ(told("number[]=0312345678&number%5B%5D=%2B81312345679"), "2 fixed numbers=0312345678,0312345679");
  EXPECT_NE(told("number[]=0312345678&number=0312345679").find("some servers take"), std::string::npos);
  // Not escaped, "+" is a space: the number has lost its sign.
  EXPECT_NE(told("number[]=+81312345679").find("not a telephone number"), std::string::npos);
  route.order = {.quantity = located("count(form:PhoneNumber)"), .number_type = located("const:fixed")};
  EXPECT_EQ(told("PhoneNumber=a&PhoneNumber=b"), "2 fixed");
}

TEST_F(FormOrder, is_trimmed_in_place) {
  const std::pair<std::string, std::string> table[] = {
      {"Quantity=10&Partial=true", "Quantity=7&Partial=true"},
      {"Partial=true&%51uantity=%31%30&Note=Quantity%3D10", "Partial=true&%51uantity=7&Note=Quantity%3D10"},
      {"Partial=true&Note=10&Quantity=10", "Partial=true&Note=10&Quantity=7"},
      {"Quantity=10", "no trim"},
      {"Quantity=1&Partial=true", "no trim"},
  };
  for (const auto& [body, expected] : table) EXPECT_EQ(trimmed({body, form}, 7), expected) << body;
}

}  // namespace
}  // namespace sekisho::policy
