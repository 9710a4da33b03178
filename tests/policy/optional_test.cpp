// What "?" means at each kind of place and function: absent is allowed, and nothing else is.
#include <gtest/gtest.h>

#include "tests/policy/reads.h"

namespace sekisho::policy {
namespace {

struct Optional : testing::Test, OneRoute {
  enum class Field { reference, channels, numbers };
  struct Row {
    std::string locator;
    Field field;
    Call absent, there, broken;
    std::string read, refusal;  // of `there`, of `broken`
  };
};

const std::string json = "application/json", form = "application/x-www-form-urlencoded",
                  xml = "application/xml";

TEST_F(Optional, lets_be_absent_and_no_more) {
  using enum Field;
  const Row table[] = {
      {"json:/ref?",
       reference,
       {"{}", json},
       {R"({"ref":"r"})", json},
       {R"({"ref":[]})", json},
       "1 reference=r",
       "is not a text"},
      {"json:/ref?",
       reference,
       {R"({"ref":null})", json},
       {R"({"ref":7})", json},
       {R"({"Ref":"r"})", json},
       "1 reference=7",
       "only in case"},
      {"json:/a/0/ref?",
       reference,
       {R"({"a":[]})", json},
       {R"({"a":[{"ref":"r"}]})", json},
       {R"({"a":7})", json},
       "1 reference=r",
       "not an object"},
      {"json:/a/[k=v]/ref?",
       reference,
       {R"({"a":[{"k":"w"}]})", json},
       {R"({"a":[{"k":"v","ref":"r"}]})", json},
       {R"({"a":[{}]})", json},
       "1 reference=r",
       "has no 'k'"},
      {"json:/**/ref?",
       reference,
       {R"({"a":{}})", json},
       {R"({"a":{"ref":"r"}})", json},
       {R"({"ref":"r","a":{"ref":"s"}})", json},
       "1 reference=r",
       "is both 'r' and 's'"},
      {"form:ref?",
       reference,
       {"a=1", form},
       {"ref=r", form},
       {"ref=", form},
       "1 reference=r",
       "is not a text"},
      {"form:ref?",
       reference,
       {"", form},
       {"ref=r", form},
       {"Ref=r", form},
       "1 reference=r",
       "some servers take for"},
      {"xml:/O/Ref?",
       reference,
       {"<O/>", xml},
       {"<O><Ref>r</Ref></O>", xml},
       {"<O><Ref/></O>", xml},
       "1 reference=r",
       "is not a text"},
      {"xml:/O/@ref?",
       reference,
       {"<O/>", xml},
       {"<O ref='r'/>", xml},
       {"<O Ref='r'/>", xml},
       "1 reference=r",
       "only in case"},
      {"xml:/O/P/Ref?",
       reference,
       {"<P/>", xml},
       {"<O><P><Ref>r</Ref></P></O>", xml},
       {"<O><P/><P/></O>", xml},
       "1 reference=r",
       "more than once"},
      {"query:ref?",
       reference,
       {},
       {.query = "ref=r"},
       {.query = "ref=r&ref=r"},
       "1 reference=r",
       "more than once"},
      {"path:ref?",
       reference,
       {},
       {.parameters = {{"ref", "r"}}},
       {.parameters = {{"ref", "\t"}}},
       "1 reference=r",
       "is not a text"},
      {"header:Ref?",
       reference,
       {},
       {.headers = {{"Ref", "r"}}},
       {.headers = {{"Ref", ""}}},
       "1 reference=r",
       "is not a text"},
      {"header:Ref?",
       reference,
       {},
       {.headers = {{"Ref", "r"}}},
       {.headers = {{"Ref", "r"}, {"Ref", ""}}},
       "1 reference=r",
       "more than once"},
      {"token:ref?",
       reference,
       {},
       {.claims = {{"ref", "r"}}},
       {.claims = {{"ref", "\xe9"}}},
       "1 reference=r",
       "is not a text"},
      {"count(json:/c/*)?",
       channels,
       {"{}", json},
       {R"({"c":[1,2]})", json},
       {R"({"c":7})", json},
       "1 channels=2",
       "not a list"},
      {"count(json:/c/*?)",
       channels,
       {R"({"c":null})", json},
       {R"({"c":[1,2]})", json},
       {R"({"c":[1,null]})", json},
       "1 channels=2",
       "missing in others"},
      {"sum(form:c)?",
       channels,
       {"a=1", form},
       {"c=1&c=20", form},
       {"c=1&c=x", form},
       "1 channels=21",
       "adds up something"},
      {"amount(xml:/O/C)?",
       channels,
       {"<O/>", xml},
       {"<O><C>5 ea</C></O>", xml},
       {"<O><C>5 k</C></O>", xml},
       "1 channels=5",
       "with the unit 'ea'"},
      {"span(json:/f, json:/l)?",
       channels,
       {"{}", json},
       {R"({"f":1,"l":5})", json},
       {R"({"f":1})", json},
       "1 channels=5",
       "only one of its two ends"},
      {"span(query:f, query:l)?",
       channels,
       {},
       {.query = "f=1&l=5"},
       {.query = "l=5"},
       "1 channels=5",
       "only one of its two ends"},
      {"json:/n/*?",
       numbers,
       {"{}", json},
       {R"({"n":["0312345678"]})", json},
       {R"({"n":["7"]})", json},
       "1 numbers=0312345678",
       "is not a telephone number"},
      {"span(form:f, form:l)?",
       numbers,
       {"a=1", form},
       {"f=0312345678&l=0312345678", form},
       {"f=1&l=1", form},
       "1 numbers=0312345678",
       "not a telephone number"},
  };
  for (const auto& row : table) {
    for (const bool optional : {true, false}) {
      std::string text = row.locator;
      if (!optional) text.erase(text.rfind('?'), 1);
      route.order = {.quantity = located("const:1")};
      auto& place = row.field == reference  ? route.order.reference
                    : row.field == channels ? route.order.channels
                                            : route.order.numbers;
      place = located(text);
      const auto absent = told(row.absent), broken = told(row.broken);
      EXPECT_EQ(told(row.there), row.read) << text;
      EXPECT_NE(broken.find(optional ? row.refusal : "unreadable-order"), broken.npos)
          << text << ": " << broken;
      if (optional)
        EXPECT_EQ(absent, "1") << text;
      else
        EXPECT_NE(absent.find("is missing"), absent.npos) << text << ": " << absent;
    }
  }
}

TEST_F(Optional, a_type_or_an_earlier_answer) {
  route.order = {.quantity = located("const:1"), .number_type = located("type_of(json:/n/*?)")};
  EXPECT_EQ(told({"{}", json}), "1");
  EXPECT_NE(told({R"({"n":["0312345678"]})", json}).find("which is of no number type"), std::string::npos);
  EXPECT_NE(told({R"({"n":["7"]})", json}).find("is not a telephone number"), std::string::npos);
  route.order = {.quantity = located("const:1"), .number_type = located("recall(json:/id?)")};
  EXPECT_EQ(told({"{}", json}), "1");
  EXPECT_EQ(told({R"({"id":"s-1"})", json}), "1 recall=s-1");
  EXPECT_NE(told({R"({"id":{}})", json}).find("is not a text"), std::string::npos);
}

}  // namespace
}  // namespace sekisho::policy
