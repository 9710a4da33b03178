// Orders whose fields stand in the path, also with text behind the parameter: "{number}:rent".
#include <gtest/gtest.h>

#include "tests/policy/reads.h"

namespace sekisho::policy {
namespace {

// One route; the path of a call, and what is read of it.
struct PathParameters : testing::Test, OneRoute {
  void expect(const std::vector<std::string>& segments,
              const std::vector<std::pair<std::string, std::string>>& table) {
    route.path.segments = segments;
    carrier.routes = {route};
    for (const auto& [path, part] : table) {
      const std::vector<Carrier> carriers = {carrier};
      const auto match = match_route(carriers, "POST", path);
      const auto answer = match ? told({.parameters = match->parameters}) : "no route";
      EXPECT_TRUE(answer == part || (answer.starts_with("unreadable") && answer.find(part) != answer.npos))
          << path << "\n"
          << answer << "\nexpected " << part;
    }
  }
};

TEST_F(PathParameters, name_the_number_in_front_of_the_text) {
  route.order = {.quantity = located("const:1"), .numbers = located("path:number")};
  expect({"numbers", "{number}:rent"}, {{"/numbers/+81312345678:rent", "1 numbers=0312345678"},
                                        {"/numbers/%2B81312345678:rent", "1 numbers=0312345678"},
                                        {"/numbers/%2B81312345678%3Arent", "1 numbers=0312345678"},
                                        {"/numbers/03-1234-5678:rent", "1 numbers=0312345678"},
                                        {"/numbers/0312345678:rent:rent", "is not a telephone number"},
                                        {"/numbers/0312345678,0312345679:rent", "is not a telephone number"},
                                        {"/numbers/0312345678%20:rent", "1 numbers=0312345678"},
                                        {"/numbers/x:rent", "is not a telephone number"},
                                        {"/numbers/:rent", "no route"},
                                        {"/numbers/0312345678", "no route"},
                                        {"/numbers/0312345678:Rent", "no route"},
                                        {"/numbers/0312345678:rent.", "no route"},
                                        {"/numbers/0312345678:rent/", "no route"},
                                        {"/numbers/0312345678:rent;a=1", "no route"},
                                        {"/numbers/0312345678:%72ent", "no route"},
                                        {"/numbers/0312345678/:rent", "no route"}});
}

TEST_F(PathParameters, are_quantities_types_and_references) {
  route.order = {.quantity = located("path:count"),
                 .number_type = located("path:type"),
                 .reference = located("path:ref")};
  expect({"{type}", "x{count}", "{ref}.xml"}, {{"/FIXED/x{count}/r.xml", "no route"}});
  expect({"{type}", "{count}-numbers", "{ref}.xml"},
         {{"/FIXED/12-numbers/r-1.xml", "12 fixed reference=r-1"},
          {"/FIXED/12-numbers/r.xml.xml", "12 fixed reference=r.xml"},
          {"/FIXED/12-numbers/a%20b.xml", "12 fixed reference=a b"},
          {"/fixed/12-numbers/r.xml", "is not one of the carrier's number types"},
          {"/FIXED/012-numbers/r.xml", "is not a plain whole number"},
          {"/FIXED/0-numbers/r.xml", "is not a plain whole number"},
          {"/FIXED/+5-numbers/r.xml", "is not a plain whole number"},
          {"/FIXED/1-numbers-numbers/r.xml", "is not a plain whole number"},
          {"/FIXED/-numbers/r.xml", "no route"}});
}

TEST_F(PathParameters, give_ranges_amounts_and_types_of_numbers) {
  plan.patterns = {
      {.type = NumberType::fixed, .digits = std::get<NumberTemplate>(parse_template("0[1-9][1-9]-XXX-XXXX"))},
      {.type = NumberType::ip_050, .digits = std::get<NumberTemplate>(parse_template("050-XXXX-XXXX"))}};
  route.order = {.quantity = located("span(path:first, path:last)"),
                 .number_type = located("type_of(span(path:first, path:last))")};
  expect({"blocks", "{first}", "{last}:buy"},
         {{"/blocks/0312345670/0312345679:buy", "10 fixed"},
          {"/blocks/0312345670/+81312345679:buy", "10 fixed"},
          {"/blocks/0399999999/05000000000:buy", "has ends of different lengths"},
          {"/blocks/0312345670/9:buy", "an integer at one end"},
          {"/blocks/1/9:buy", "is not a telephone number"},
          {"/blocks/0312345679/0312345670:buy", "ends before it begins"}});
  route.order = {.quantity = located("amount(path:n)")};
  expect({"buy", "{n}:now"},
         {{"/buy/10%20ea:now", "10"}, {"/buy/10:now", "10"}, {"/buy/10ea:now", "plain whole"}});
}

}  // namespace
}  // namespace sekisho::policy
