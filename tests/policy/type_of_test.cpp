// Orders whose number type is derived from the numbers that they name: the locator type_of(...).
#include <gtest/gtest.h>

#include "policy/reading.h"

namespace sekisho::policy {
namespace {

Locator at(std::string_view text) { return std::get<Locator>(parse_locator(text)); }

NumberPattern pattern(NumberType type, std::string_view text, const char* from = "") {
  return {
      .type = type, .digits = std::get<NumberTemplate>(parse_template(text)), .from = JstDate::parse(from)};
}

// "2 fixed", or the sentence why the order cannot be read.
struct TypeOfNumbers : testing::Test {
  Carrier carrier{.name = "demo"};
  Route route{.method = "POST", .operation = Operation::allocate};
  NumberingPlan plan{.patterns = {pattern(NumberType::fixed, "0[1-9][1-9]-XXX-XXXX"),
                                  pattern(NumberType::toll_free_0120, "0120-XXX-XXX"),
                                  pattern(NumberType::toll_free_0800, "0800-XXX-XXXX"),
                                  pattern(NumberType::mobile, "060-[1-9]XXX-XXXX", "2026-07-01")},
                     .last = {NumberType::fixed}};
  JstDate today = JstDate::of(2026, 11, 24);

  std::string read(const std::string& body,
                   std::vector<std::pair<std::string, std::string>> parameters = {}) {
    const auto headers = [](std::string_view name) {
      return name == "Content-Type" ? Given{"application/json", 1} : Given();
    };
    const Message message{.headers = headers, .body = body};
    const auto result = read_order({&carrier, &route, std::move(parameters)}, message, plan, today);
    if (const auto* refused = std::get_if<Unreadable>(&result)) {
      EXPECT_EQ(refused->reason, Reason::unreadable_order);
      return refused->detail;
    }
    const auto& order = std::get<Order>(result);
    return std::to_string(order.quantity) + " " +
           (order.number_type ? std::string(name(*order.number_type)) : "?");
  }
};

TEST_F(TypeOfNumbers, several_numbers_have_one_type) {
  route.order = {.number_type = at("type_of(json:/numbers/*)"), .numbers = at("json:/numbers/*")};
  const std::string field = "number_type (type_of(json:/numbers/*)) ";
  EXPECT_EQ(read(R"({"numbers":["+81 3-1234-5678","06-1234-5678"]})"), "2 fixed");
  EXPECT_EQ(read(R"({"numbers":["0120-123-456"]})"), "1 toll_free_0120");
  EXPECT_EQ(read(R"({"numbers":["０１２０－１２３－４５６"]})"), "1 toll_free_0120");
  EXPECT_EQ(read(R"({"numbers":["0312345678","0120123456","0120123457"]})"),
            field + "holds numbers of several types (fixed, toll_free_0120), and an order is of one");
  EXPECT_EQ(read(R"({"numbers":["0312345678","0800123456"]})"),
            field +
                "holds 0800123456, which is of no number type: it begins like toll_free_0800, which has 11 "
                "digits, not 10");
  EXPECT_EQ(read(R"({"numbers":["0312345678","+810312345679"]})"),
            field + "holds something that is not a telephone number");
  EXPECT_EQ(read(R"({"numbers":[312345678]})"), field + "holds something that is not a telephone number");
  EXPECT_EQ(read(R"({"numbers":[]})"), field + "is missing");
  EXPECT_EQ(read(R"({})"), field + "is missing");
}

TEST_F(TypeOfNumbers, counts_on_the_day_of_the_order) {
  route.order = {.quantity = at("const:1"), .number_type = at("type_of(json:/number)")};
  const std::string body = R"({"number":"+81 60 1234 5678"})";
  EXPECT_EQ(read(body), "1 mobile");
  today = JstDate::of(2026, 7, 1);
  EXPECT_EQ(read(body), "1 mobile");
  today = JstDate::of(2026, 6, 30);
  EXPECT_EQ(read(body),
            "number_type (type_of(json:/number)) holds 06012345678, which is of no number type: it is mobile "
            "only from "
            "2026-07-01 on");
}

TEST_F(TypeOfNumbers, is_found_outside_the_body_too) {
  route.order = {.quantity = at("const:1"), .number_type = at("type_of(path:number)")};
  EXPECT_EQ(read("", {{"number", "0312345678"}}), "1 fixed");
  EXPECT_EQ(read("", {{"number", "FIXED"}}),
            "number_type (type_of(path:number)) holds something that is not a telephone number");
}

TEST_F(TypeOfNumbers, words_of_the_carrier_mean_nothing_to_it) {
  carrier.number_types = {{"0312345678", NumberType::mobile}};
  route.order = {.quantity = at("const:1"), .number_type = at("type_of(json:/number)")};
  EXPECT_EQ(read(R"({"number":"0312345678"})"), "1 fixed");
}

TEST_F(TypeOfNumbers, a_search_may_come_without) {
  route.operation = Operation::search;
  route.order = {.number_type = at("type_of(json:/number?)")};
  EXPECT_EQ(read(R"({})"), "0 ?");
  EXPECT_EQ(read(R"({"number":"0312345678"})"), "0 fixed");
}

}  // namespace
}  // namespace sekisho::policy
