// Fields with several places: exactly one of them is filled, or the constant at the end stands for none.
#include "tests/policy/json_order.h"

namespace sekisho::policy {
namespace {

using Places = JsonOrder;

TEST_F(Places, one_and_only_one_has_the_quantity) {
  route.order = {.quantity =
                     places({"json:/quantity", "count(json:/numbers/*)", "span(json:/first, json:/last)"})};
  expect({{R"({"quantity":3})", "3"},
          {R"({"numbers":["a","b"]})", "2"},
          {R"({"first":5,"last":8})", "4"},
          {R"({"quantity":3,"numbers":null,"first":null})", "3"},
          {R"({"quantity":3,"numbers":[]})", "3"},
          {R"({"quantity":3,"numbers":["a"]})", "stands there and at json:/quantity too"},
          {R"({"quantity":3,"first":5,"last":8})", "stands there and at json:/quantity too"},
          // Half a range is there too.
          {R"({"quantity":3,"first":5})", "stands there and at json:/quantity too"},
          {R"({"quantity":3,"last":8})", "stands there and at json:/quantity too"},
          {R"({"first":5})", "is missing"},
          {R"({"last":8})", "is missing"},
          {R"({"quantity":0})", "is not a plain whole number"},
          {R"({"quantity":"three","numbers":["a"]})", "stands there and at json:/quantity too"},
          {R"({"numbers":[]})", "is missing, and stands nowhere else"},
          {R"({"numbers":{"0":"a"}})", "not a list"},
          {R"({})", "is missing, and stands nowhere else"},
          {R"({"Quantity":3})", "only in case"},
          {R"({"Quantity":9,"numbers":["a"]})", "only in case"}});
}

TEST_F(Places, a_constant_at_the_end_stands_for_none) {
  route.order = {.quantity = places({"json:/quantity", "sum(json:/items/*/n)", "const:1"})};
  expect({{R"({"quantity":3})", "3"},
          {R"({"items":[{"n":2},{"n":2}]})", "4"},
          {R"({})", "1"},
          {R"({"items":[]})", "1"},
          {R"({"quantity":null})", "1"},
          {R"({"quantity":0})", "is not a plain whole number"},
          {R"({"quantity":3,"items":[{"n":2}]})", "too"},
          {R"({"items":[{"n":2},{}]})", "missing in others"}});
}

TEST_F(Places, texts_and_numbers_have_them_too) {
  route.order = {.quantity = located("const:1"),
                 .number_type = places({"json:/type", "json:/order/type", "const:ip_050"}),
                 .area = places({"json:/area", "json:/city"}),
                 .reference = places({"header:X-Reference", "json:/reference", "const:none"})};
  expect({{R"({"type":"FIXED","area":"03"})", "1 fixed area=03 reference=none"},
          {R"({"order":{"type":"FIXED"},"city":"03","reference":"r"})", "1 fixed area=03 reference=r"},
          {R"({"city":"03"})", "1 ip_050 area=03 reference=none"},
          {R"({"type":"FIXED","order":{"type":"FIXED"},"city":"03"})", "stands there and at json:/type too"},
          {R"({"type":"fixed","city":"03"})", "is not one of the carrier's number types"},
          {R"({"order":[],"city":"03"})", "was looked for in a list"},
          {R"({"area":"03","city":"03"})", "stands there and at json:/area too"},
          {R"({})", "area (json:/area) is missing, and stands nowhere else"}});
  const auto with_header = [&](const std::string& body, const HeaderList& headers) {
    return OneRoute::told({.body = body, .type = "application/json", .headers = headers});
  };
  EXPECT_EQ(with_header(R"({"area":"3"})", {{"X-Reference", "h"}}), "1 ip_050 area=3 reference=h");
  EXPECT_NE(with_header(R"({"area":"3","reference":"r"})", {{"X-Reference", "h"}}).find("too"),
            std::string::npos);
  EXPECT_NE(
      with_header(R"({"area":"3"})", {{"X-Reference", "h"}, {"X-Reference", "h"}}).find("more than once"),
      std::string::npos);

  route.order = {.numbers = places({"json:/numbers/*", "span(json:/first, json:/last)"})};
  expect({{R"({"numbers":["0312345678"]})", "1 numbers=0312345678"},
          {R"({"first":"0312345678","last":"0312345679"})", "2 numbers=0312345678,0312345679"},
          {R"({"numbers":["0312345678"],"last":"0312345679"})", "too"},
          {R"({"last":"0312345679"})", "is missing"}});
}

TEST_F(Places, of_xml_and_forms) {
  route.order = {.quantity = places({"xml:/Order/Search/Quantity", "count(xml:/Order/Numbers/Number)"})};
  const auto xml = [&](const std::string& inside) {
    return OneRoute::told({"<Order>" + inside + "</Order>", "application/xml"});
  };
  EXPECT_EQ(xml("<Search><Quantity>3</Quantity></Search>"), "3");
  EXPECT_EQ(xml("<Numbers><Number>a</Number><Number>b</Number></Numbers>"), "2");
  EXPECT_NE(xml("<Search><Quantity>3</Quantity></Search><Numbers><Number>a</Number></Numbers>").find("too"),
            std::string::npos);
  EXPECT_NE(xml("<Search><Quantity>3</Quantity><Quantity>3</Quantity></Search>").find("unreadable-order"),
            std::string::npos);
  EXPECT_NE(xml("<Numbers/>").find("stands nowhere else"), std::string::npos);

  route.order = {.quantity = places({"form:Quantity", "form:Count", "const:1"})};
  const auto form = [&](const std::string& body) {
    return OneRoute::told({body, "application/x-www-form-urlencoded"});
  };
  EXPECT_EQ(form("Quantity=3"), "3");
  EXPECT_EQ(form("Count=4"), "4");
  EXPECT_EQ(form("x=4"), "1");
  EXPECT_NE(form("Count=4&Quantity=4").find("too"), std::string::npos);
  EXPECT_NE(form("Quantity=").find("is not a plain whole number"), std::string::npos);
  EXPECT_NE(form("Quantity=3&Quantity=3").find("repeated"), std::string::npos);
}

}  // namespace
}  // namespace sekisho::policy
