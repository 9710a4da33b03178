// Filters in a row, and behind any depth: which elements an order's quantity is read from.
#include "tests/policy/json_order.h"

namespace sekisho::policy {
namespace {

using Filters = JsonOrder;

TEST_F(Filters, in_a_row_are_about_the_same_element) {
  expect(
      "sum(json:/items/[action=add]/[kind=number]/n)",
      {{R"({"items":[{"action":"add","kind":"number","n":4},{"action":"add","kind":"number","n":30}]})",
        "34"},
       {R"({"items":[{"action":"add","kind":"number","n":4},{"action":"add","kind":"channel","n":9},
                        {"action":"delete","kind":"number","n":100}]})",
        "4"},
       // What the first filter passes over need not say what the second asks.
       {R"({"items":[{"action":"add","kind":"number","n":4},{"action":"delete","n":9}]})", "4"},
       {R"({"items":[{"action":"add","kind":"number","n":4},{"action":"add","n":9}]})",
        "an element has no 'kind' to tell whether it is meant"},
       {R"({"items":[{"action":"add","kind":"number","n":4},{"kind":"number","n":9}]})", "has no 'action'"},
       {R"({"items":[{"action":"add","kind":"Number","n":4}]})", "'kind' differs from 'number' only in case"},
       {R"({"items":[{"action":"add","Kind":"number","n":4}]})", "only in case"},
       {R"({"items":[{"action":"add","kind":"number","n":4},{"action":"add","kind":"number"}]})",
        "missing in others"},
       {R"({"items":[{"action":"delete","kind":"number","n":4}]})", "at least 1"},
       {R"({"items":{"action":"add","kind":"number","n":4}})", "not a list"},
       {R"({"items":[[{"action":"add","kind":"number","n":4}]]})", "has no 'action'"}});
  expect("json:/items/[a=1]/[b=true]/[c=]/n",
         {{R"({"items":[{"a":1,"b":true,"c":"","n":7},{"a":"1","b":false,"c":"","n":8}]})", "7"},
          {R"({"items":[{"a":1,"b":true,"c":"","n":7},{"a":"1","b":"true","c":"","n":8}]})",
           "stands in 2 places"},
          {R"({"items":[{"a":1.0,"b":true,"c":"","n":7}]})", "has no 'a'"},
          {R"({"items":[{"a":1,"b":null,"c":"","n":7}]})", "has no 'b'"},
          {R"({"items":[{"a":1,"b":true,"c":[],"n":7}]})", "has no 'c'"}});
}

TEST_F(Filters, at_any_depth_pass_over_what_holds_nothing_of_what_is_looked_for) {
  expect("sum(json:/**/[action=add]/n)",
         {{R"({"items":[{"action":"add","n":2,"party":[{"id":"a"},7,"x",null,[]]}]})", "2"},
          {R"({"items":[{"action":"add","n":2,"items":[{"action":"add","n":30}]}]})", "32"},
          {R"({"items":[{"action":"delete","n":2,"items":[{"action":"add","n":30}]}]})", "30"},
          {R"([{"action":"add","n":2}])", "2"},
          {R"({"action":"add","n":2})", "is missing"},  // no list: a filter is about elements
          {R"({"items":[{"action":"add","n":2},{"n":9}]})", "has no 'action'"},
          // For a parser that ignores case this one holds what is looked for.
          {R"({"items":[{"action":"add","n":2},{"N":9}]})", "has no 'action'"},
          {R"({"items":[{"action":"add","n":2},{"action":"add"}]})", "missing in others"}});
  expect(
      "sum(json:/**/[action=add]/[kind=number]/n)",
      {{R"({"items":[{"action":"add","kind":"number","n":2,"party":[{"id":"a"}]}]})", "2"},
       {R"({"items":[{"action":"add","kind":"number","n":2},{"kind":"number","n":9}]})", "has no 'action'"},
       {R"({"items":[{"action":"add","kind":"number","n":2},{"n":9}]})", "has no 'action'"},
       {R"({"items":[{"action":"add","kind":"number","n":2},{"action":"add","n":9}]})", "has no 'kind'"}});
  expect("sum(json:/**/items/[action=add]/n)",
         {{R"({"items":[{"action":"add","n":2}],"x":{"items":[{"action":"add","n":30}]}})", "32"},
          {R"({"items":[{"action":"add","n":2}],"x":[{"n":9}]})", "2"},
          {R"({"items":[{"action":"add","n":2}],"x":{"items":[{"n":9}]}})", "has no 'action'"},
          {R"({"items":[{"action":"add","n":2}],"x":{"items":null}})", "missing in others"},
          {R"({"items":[{"action":"add","n":2}],"x":{"items":"none"}})", "not a list"}});
}

TEST_F(Filters, are_steps_of_their_own) {
  for (const auto* text : {"json:/items/[a=b][c=d]/n", "json:/items/[a=b][c=]", "json:/[a=][b=c]"}) {
    const auto result = parse_locator(text);
    ASSERT_TRUE(std::holds_alternative<std::string>(result)) << text;
    EXPECT_NE(std::get<std::string>(result).find("write each as a step, as in '/[a=b]/[c=d]'"),
              std::string::npos)
        << std::get<std::string>(result);
  }
  expect("json:/items/[a=[x]]/n", {{R"({"items":[{"a":"[x]","n":3},{"a":"x","n":9}]})", "3"}});
}

}  // namespace
}  // namespace sekisho::policy
