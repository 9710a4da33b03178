// Filters, any depth, ranges, amounts, recalls and claims; and which body a Content-Type makes.
#include <gtest/gtest.h>

#include "policy/media_type.h"
#include "tests/policy/json_order.h"

namespace sekisho::policy {
namespace {

TEST_F(JsonOrder, adds_up_the_elements_that_match) {
  expect(
      "sum(json:/orderItem/[action=add]/quantity)",
      {{R"({"orderItem":[{"action":"add","quantity":2},{"action":"delete","quantity":9},{"action":"add","quantity":30}]})",
        "32"},
       {R"({"orderItem":[{"action":"add","quantity":2},{"quantity":9}]})",
        "an element has no 'action' to tell whether it is meant"},
       {R"({"orderItem":[{"action":"add","quantity":2},{"action":null,"quantity":9}]})", "has no 'action'"},
       {R"({"orderItem":[{"action":"add","quantity":2},{"action":["add"],"quantity":9}]})",
        "has no 'action'"},
       {R"({"orderItem":[{"action":"add","quantity":2},{"action":"Add","quantity":9}]})",
        "'action' differs from 'add' only in case"},
       {R"({"orderItem":[{"action":"add","quantity":2},{"Action":"add","quantity":9}]})", "only in case"},
       {R"({"orderItem":[{"action":"add","quantity":2},{"action":"add"}]})", "missing in others"},
       {R"({"orderItem":[{"action":"delete","quantity":9}]})", "is not a plain whole number of at least 1"},
       {R"({"orderItem":[]})", "is not a plain whole number of at least 1"},
       {R"({"orderItem":{"action":"add","quantity":2}})", "not a list"},
       {R"({"orderItem":[7]})", "has no 'action'"},
       {R"({})", "is missing"}});
  expect("json:/orderItem/[action=add]/quantity",
         {{R"({"orderItem":[{"action":"add","quantity":2},{"action":"delete","quantity":9}]})", "2"},
          {R"({"orderItem":[{"action":"add","quantity":2},{"action":"add","quantity":9}]})",
           "stands in 2 places"},
          {R"({"orderItem":[{"action":"delete","quantity":9}]})", "is missing"}});
  expect("sum(json:/items/[new=true]/n)", {{R"({"items":[{"new":true,"n":4},{"new":false,"n":9}]})", "4"}});
  expect("sum(json:/items/[kind=2]/n)",
         {{R"({"items":[{"kind":2,"n":4},{"kind":"2","n":9},{"kind":3,"n":1}]})", "13"}});
}

TEST_F(JsonOrder, looks_at_any_depth) {
  expect("sum(json:/**/productOrderItem/[action=add]/quantity)",
         {{R"({"productOrderItem":[{"action":"add","quantity":2,"relatedParty":[{"id":"a"}],
              "productOrderItem":[{"action":"add","quantity":30},{"action":"modify","quantity":9}]}]})",
           "32"},
          {R"({"productOrderItem":[{"action":"add","quantity":2,"productOrderItem":[{"quantity":30}]}]})",
           "has no 'action'"},
          {R"({"productOrderItem":[{"action":"add","quantity":2,"x":{"ProductOrderItem":[]}}]})",
           "only in case"},
          {R"({"other":1})", "is missing"}});
  expect(
      "sum(json:/**/[action=add]/quantity)",
      {{R"({"a":[{"action":"add","quantity":2,"party":[{"id":"a"}],"b":[{"action":"add","quantity":30}]}]})",
        "32"},
       {R"({"a":[{"action":"add","quantity":2,"b":[{"quantity":30}]}]})", "has no 'action'"}});
  expect("sum(json:/**/quantity)",
         {{R"({"quantity":1,"a":{"quantity":2,"b":[{"quantity":"3"},[{"quantity":4}]]}})", "10"},
          {R"({"quantity":1,"a":{"quantity":null}})", "missing in others"},
          {R"({"quantity":1,"a":{"quantity":{"quantity":1}}})", "adds up something"},
          {R"({"a":[]})", "is missing"}});
  expect("count(json:/a/**/*)", {{R"({"a":[1,2,3],"b":[4]})", "3"}});
}

TEST_F(JsonOrder, reads_amounts_with_their_unit) {
  const auto amount = [&](const std::string& value) {
    return quantity("amount(json:/capacity)", R"({"capacity":)" + value + "}");
  };
  EXPECT_EQ(amount(R"("10000 ea")"), "10000");
  EXPECT_EQ(amount(R"("10000")"), "10000");
  EXPECT_EQ(amount("10000"), "10000");
  for (const auto* value :
       {R"("10000ea")", R"("10000  ea")", R"("10000 EA")", R"("10 dz")", R"("10 k")", R"("ea")", R"(" ea")",
        R"("10,000 ea")", R"("10.0 ea")", R"("1e4 ea")", R"("010 ea")", R"("0 ea")", R"("-1 ea")",
        R"("10 ea ")", R"("１０ ea")", "10.0", "null", "[]"})
    EXPECT_TRUE(amount(value).starts_with("unreadable-order: quantity (amount(json:/capacity)) is "))
        << value;
  expect("sum(amount(json:/items/*/capacity))",
         {{R"({"items":[{"capacity":"10000 ea"},{"capacity":"24 ea"}]})", "10024"},
          {R"({"items":[{"capacity":"10000 ea"},{"capacity":"2 blocks"}]})", "adds up something"}});
}

TEST_F(JsonOrder, counts_a_range_from_its_ends) {
  expect(
      "span(json:/first, json:/last)",
      {{R"({"first":100,"last":199})", "100"},
       {R"({"first":"9","last":"10"})", "2"},
       {R"({"first":5,"last":5})", "1"},
       {R"({"first":"0312340000","last":"0312349999"})", "10000"},
       {R"({"first":"+81 3-1234-0000","last":"03-1234-0099"})", "100"},
       {R"({"first":1,"last":"999999999999999999"})", "999999999999999999"},
       {R"({"first":10,"last":9})", "ends before it begins"},
       {R"({"first":"0312340000","last":"05012340000"})", "has ends of different lengths"},
       {R"({"first":"0312340000","last":"5"})", "an integer at one end and a telephone number at the other"},
       {R"({"first":"a","last":"5"})", "neither a plain integer nor a telephone number"},
       {R"({"first":1.0,"last":5})", "an end that is no number"},
       {R"({"first":-1,"last":5})", "neither a plain integer"},
       {R"({"first":1})", "is missing"},
       {R"({"last":1})", "is missing"}});
  expect("span(json:/first?, json:/last?)",
         {{"{}", "quantity is missing"}, {R"({"first":1})", "only one of its two ends"}});
}

TEST_F(JsonOrder, names_each_number_of_a_range) {
  route.order = {.numbers = located("span(json:/first, json:/last)")};
  EXPECT_EQ(told(R"({"first":"0312345678","last":"03-1234-5680"})"),
            "3 numbers=0312345678,0312345679,0312345680");
  EXPECT_TRUE(told(R"({"first":"0312300000","last":"0312399999"})").starts_with("100000 "));
  EXPECT_NE(told(R"({"first":"0312300000","last":"0312400000"})").find("names more than 100000 numbers"),
            std::string::npos);
  EXPECT_NE(told(R"({"first":312300000,"last":312300001})").find("not a telephone number"),
            std::string::npos);
  EXPECT_NE(told(R"({"first":"0312300001","last":"0312300000"})").find("ends before"), std::string::npos);
}

TEST_F(JsonOrder, recalls_an_earlier_answer) {
  route.order = {.quantity = located("recall(json:/searchId)"),
                 .number_type = located("recall(json:/searchId)")};
  EXPECT_EQ(told(R"({"searchId":"s-1"})"), "0 recall=s-1");
  EXPECT_EQ(told(R"({"searchId":17})"), "0 recall=17");
  EXPECT_EQ(told(R"({})"), "unreadable-order: quantity (recall(json:/searchId)) is missing");
  EXPECT_NE(told(R"({"searchId":""})").find("is not a text"), std::string::npos);
  EXPECT_NE(told(R"({"searchId":["s-1"]})").find("is not a text"), std::string::npos);
  route.order.number_type = located("recall(json:/other)");
  EXPECT_EQ(told(R"({"searchId":"s-1","other":"s-1"})"), "0 recall=s-1");
  EXPECT_NE(told(R"({"searchId":"s-1","other":"s-2"})").find("recalls another answer than the quantity does"),
            std::string::npos);
  route.order.number_type = located("const:fixed");
  EXPECT_EQ(told(R"({"searchId":"s-1"})"), "0 fixed recall=s-1");
  route.order = {.quantity = located("const:2"), .number_type = located("recall(json:/searchId)")};
  EXPECT_EQ(told(R"({"searchId":"s-1"})"), "2 recall=s-1");
}

TEST_F(JsonOrder, asks_the_token_for_claims) {
  route.order = {
      .quantity = located("const:1"), .area = located("token:area?"), .reference = located("token:ref")};
  EXPECT_EQ(OneRoute::told({"", "", "", {{"ref", "r-1"}, {"area", "03"}}}), "1 area=03 reference=r-1");
  EXPECT_EQ(OneRoute::told({"", "", "", {}}), "unreadable-order: reference (token:ref) is missing");
  EXPECT_NE(OneRoute::told({"", "", "", {{"ref", "a"}, {"ref", "b"}}}).find("is given more than once"),
            std::string::npos);
  // A caller without a token has no claims.
  const Message bare{.headers = [](std::string_view) { return Given(); }};
  EXPECT_TRUE(std::holds_alternative<Unreadable>(read_order({&carrier, &route, {}}, bare, {}, {})));
}

TEST(MediaType, says_which_reader_a_body_gets) {
  using Kind = Locator::Kind;
  const std::pair<std::string, std::optional<Kind>> table[] = {
      {"application/json", Kind::json},
      {"application/vnd.api+json", Kind::json},
      {"application/merge-patch+json; charset=utf-8", Kind::json},
      {"application/x-www-form-urlencoded", Kind::form},
      {"Application/X-WWW-Form-URLEncoded;charset=UTF-8", Kind::form},
      {"application/xml", Kind::xml},
      {"text/xml; charset=\"utf-8\"", Kind::xml},
      {"application/vnd.carrier.v1+xml", Kind::xml},
      {"", {}},
      {"json", {}},
      {"text/json", {}},
      {"text/plain", {}},
      {"text/html", {}},
      {"text/a+xml", {}},
      {"application/+json", {}},
      {"application/a/b+json", {}},
      {"application/a b+json", {}},
      {"application/jsonp", {}},
      {"application/json-seq", {}},
      {"application/json, application/xml", {}},
      {"application/json application/xml", {}},
      {"application/json;charset=utf-8, text/xml", {}},
      {"multipart/form-data; boundary=x", {}},
      {"multipart/form-data", {}},
      {"application/x-www-form-urlencoded; charset=shift_jis", {}},
      {"application/xml; charset=utf-16", {}},
      {"application/xml; charset=us-ascii", {}},
      {"application/json; charset=utf-8; charset=utf-8", {}},
      {"application/json; charset='utf-8'", {}},
      {"application/json; profile=x", {}},
  };
  for (const auto& [type, expected] : table) EXPECT_EQ(format_of(type), expected) << type;
}

TEST(MediaType, agrees_with_the_locators) {
  OneRoute one;
  const auto answer = [&](const char* locator, const char* body, const char* type) {
    one.route.order = {.quantity = located(locator)};
    return one.told({body, type});
  };
  EXPECT_EQ(answer("json:/q", R"({"q":1})", "application/json"), "1");
  EXPECT_EQ(answer("form:q", "q=1", "application/x-www-form-urlencoded"), "1");
  EXPECT_EQ(answer("xml:/q", "<q>1</q>", "text/xml"), "1");
  EXPECT_EQ(answer("json:/q", "q=1", "application/x-www-form-urlencoded"),
            "unsupported-body: the body is not application/json in UTF-8");
  EXPECT_EQ(answer("form:q", R"({"q":1})", "application/json"),
            "unsupported-body: the body is not application/x-www-form-urlencoded in UTF-8");
  EXPECT_EQ(answer("xml:/q", "<q>1</q>", "application/json"),
            "unsupported-body: the body is not application/xml in UTF-8");
  EXPECT_EQ(answer("form:q", "q=1", "multipart/form-data; boundary=x"),
            "unsupported-body: the body is not application/x-www-form-urlencoded in UTF-8");
  // A body that the adapter does not look into is the carrier's business.
  EXPECT_EQ(answer("const:1", "anything", "text/plain"), "1");
}

}  // namespace
}  // namespace sekisho::policy
