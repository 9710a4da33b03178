#include "policy/locator.h"

#include <gtest/gtest.h>

namespace sekisho::policy {
namespace {

using Kind = Locator::Kind;
using Function = Locator::Function;

// "a * ** [k=v] @b", so that a table can say a path in a line.
std::string told(const std::vector<PathStep>& steps) {
  std::string out;
  for (const auto& step : steps) {
    if (!out.empty()) out += ' ';
    if (step.kind == PathStep::Kind::any) out += '*';
    if (step.kind == PathStep::Kind::deep) out += "**";
    if (step.kind == PathStep::Kind::attribute) out += '@';
    if (step.kind == PathStep::Kind::matching)
      out += '[' + step.name + '=' + step.value + ']';
    else
      out += step.name;
    if (step.index) out += '#';
  }
  return out;
}

struct Good {
  std::string text;
  Kind kind;
  Function function;
  bool optional;
  std::string name;
  std::string steps;
};

TEST(Locator, ReadsItsTextForm) {
  const Good table[] = {
      {"json:/quantity", Kind::json, Function::value, false, "", "quantity"},
      {"json:/a/0/b", Kind::json, Function::value, false, "", "a 0# b"},
      {"json:/a/01/10", Kind::json, Function::value, false, "", "a 01 10#"},
      {"json:/areaCode?", Kind::json, Function::value, true, "", "areaCode"},
      {"json:/downstream/*?", Kind::json, Function::value, true, "", "downstream *"},
      {"json:/a~1b/c~0d/~01", Kind::json, Function::value, false, "", "a/b c~d ~1"},
      {"json:/", Kind::json, Function::value, false, "", ""},
      {"json:/番号", Kind::json, Function::value, false, "", "番号"},
      {"json:/orderItem/[action=add]/quantity", Kind::json, Function::value, false, "",
       "orderItem [action=add] quantity"},
      {"json:/a/[k~1=v=~0w]", Kind::json, Function::value, false, "", "a [k/=v=~w]"},
      {"sum(json:/**/productOrderItem/[action=add]/quantity)", Kind::json, Function::sum, false, "",
       "** productOrderItem [action=add] quantity"},
      {"count(json:/numbers/*)", Kind::json, Function::count, false, "", "numbers *"},
      {"sum(json:/items/*/qty)", Kind::json, Function::sum, false, "", "items * qty"},
      {"count(json:/numbers/*)?", Kind::json, Function::count, true, "", "numbers *"},
      {"count(json:/numbers/*?)", Kind::json, Function::count, true, "", "numbers *"},
      {"type_of(json:/numbers/*)", Kind::json, Function::type_of, false, "", "numbers *"},
      {"type_of(json:/number?)", Kind::json, Function::type_of, true, "", "number"},
      {"type_of(path:number)", Kind::path, Function::type_of, false, "number", ""},
      {"recall(json:/searchId)", Kind::json, Function::recall, false, "", "searchId"},
      {"recall(path:id)", Kind::path, Function::recall, false, "id", ""},
      {"form:Quantity", Kind::form, Function::value, false, "Quantity", ""},
      {"form:items[0][qty]?", Kind::form, Function::value, true, "items[0][qty]", ""},
      {"count(form:PhoneNumber)", Kind::form, Function::count, false, "PhoneNumber", ""},
      {"xml:/Order/Quantity", Kind::xml, Function::value, false, "", "Order Quantity"},
      {"xml:/Order/@id?", Kind::xml, Function::value, true, "", "Order @id"},
      {"sum(xml:/Order/*/Quantity)", Kind::xml, Function::sum, false, "", "Order * Quantity"},
      {"header:Idempotency-Key?", Kind::header, Function::value, true, "Idempotency-Key", ""},
      {"query:reference", Kind::query, Function::value, false, "reference", ""},
      {"path:number", Kind::path, Function::value, false, "number", ""},
      {"token:sub", Kind::token, Function::value, false, "sub", ""},
      {"token:https://example.jp/area?", Kind::token, Function::value, true, "https://example.jp/area", ""},
      {"const:1", Kind::constant, Function::value, false, "1", ""},
      {"const:ip_050", Kind::constant, Function::value, false, "ip_050", ""},
      {"const:a:b(c)", Kind::constant, Function::value, false, "a:b(c)", ""},
  };
  for (const auto& row : table) {
    const auto result = parse_locator(row.text);
    ASSERT_TRUE(std::holds_alternative<Locator>(result)) << row.text << ": " << std::get<std::string>(result);
    const auto& locator = std::get<Locator>(result);
    EXPECT_EQ(locator.kind, row.kind) << row.text;
    EXPECT_EQ(locator.function, row.function) << row.text;
    EXPECT_EQ(locator.optional, row.optional) << row.text;
    EXPECT_EQ(locator.text, row.name) << row.text;
    EXPECT_EQ(told(locator.steps), row.steps) << row.text;
    EXPECT_EQ(locator.source, row.text);
    EXPECT_FALSE(locator.amounts);
  }
}

TEST(Locator, ReadsAmountsAndSpans) {
  const auto amount = std::get<Locator>(parse_locator("amount(json:/capacity)"));
  EXPECT_TRUE(amount.amounts);
  EXPECT_EQ(amount.function, Function::value);
  const auto amounts = std::get<Locator>(parse_locator("sum(amount(json:/items/*/capacity))"));
  EXPECT_TRUE(amounts.amounts);
  EXPECT_EQ(amounts.function, Function::sum);

  for (const std::string text : {"span(json:/a,b, json:/c)", "span(json:/a,b,json:/c)"}) {
    const auto span = std::get<Locator>(parse_locator(text));
    EXPECT_EQ(span.function, Function::span);
    EXPECT_EQ(told(span.steps), "a,b");
    ASSERT_TRUE(span.last);
    EXPECT_EQ(told(span.last->steps), "c");
    EXPECT_FALSE(span.optional);
  }
  const auto types = std::get<Locator>(parse_locator("type_of(span(xml:/R/@from, xml:/R/@to))?"));
  EXPECT_EQ(types.function, Function::type_of);
  ASSERT_TRUE(types.last);
  EXPECT_TRUE(types.optional && types.last->optional);
}

TEST(Locator, RefusesWhatItCannotReadWithASentence) {
  const std::pair<std::string, std::string> table[] = {
      {"", "has no kind"},
      {"quantity", "has no kind"},
      {"/quantity", "has no kind"},
      {"json", "has no kind"},
      {"json:", "names the whole body"},
      {"json:?", "names the whole body"},
      {"json:quantity", "must begin with '/'"},
      {"json:/a~2b", "'~'"},
      {"json:/a~", "'~'"},
      {"json:/a/-", "'-'"},
      {"json:/a/**", "ends with '**'"},
      {"json:/**/a/**/b", "uses '**' twice"},
      {"json:/a/[action]/b", "has the filter '[action]'; write it as '[key=value]'"},
      {"json:/a/[=add]/b", "write it as '[key=value]'"},
      {"json:/a/[action=add/b", "write it as '[key=value]'"},
      {"json:/a/[action=~2]/b", "'~'"},
      {"xml:", "names the whole body"},
      {"xml:Order", "must begin with '/', as in 'xml:/Order/Quantity'"},
      {"xml:/", "has '', which is no plain name of an element"},
      {"xml:/Order//Quantity", "has '', which is no plain name"},
      {"xml:/b:Order", "namespace prefix in 'b:Order'"},
      {"xml:/Order/[a=b]", "has '[a=b]', which is no plain name"},
      {"xml:/Order/**", "has '**', which is no plain name"},
      {"xml:/数量", "no plain name"},
      {"xml:/*/Quantity", "must begin with the name of the outermost element"},
      {"xml:/@id", "must begin with the name of the outermost element"},
      {"xml:/Order/@id/x", "goes on behind an attribute"},
      {"form:", "nothing behind 'form:'"},
      {"form:a b", "is not a name"},
      {"token:", "nothing behind 'token:'"},
      {"span(json:/first)", "needs a first and a last number"},
      {"span(json:/first, last)", "needs a first and a last number"},
      {"span(json:/first, json:)", "names the whole body"},
      {"span(json:/first, xml:/R/L)", "looks into a body of two formats"},
      {"span(json:/a/*, json:/b)", "may find several first or last numbers"},
      {"span(count(json:/a), json:/b)", "has no kind"},
      {"last(json:/last)-first(json:/first)+1", "has the unknown function 'last'"},
      {"recall(const:1)", "recalls a constant"},
      {"recall(json:/a/*)", "may find several ids"},
      {"recall(sum(json:/a/*))", "function inside a function"},
      {"type_of(const:0312345678)", "takes the type of a constant"},
      {"type_of(numbers)", "has no kind"},
      {"type_of(count(json:/numbers/*))", "function inside a function"},
      {"amount(sum(json:/capacity))", "function inside a function"},
      {"count(amount(json:/a/*))", "function inside a function"},
      {"amount()", "has no kind"},
      {"jsn:/quantity", "unknown kind 'jsn'"},
      {"max(json:/quantity)", "unknown function 'max'"},
      {"count(json:/numbers/*", "lacks its closing ')'"},
      {"count(count(json:/numbers/*))", "function inside a function"},
      {"count(header:X)", "not in the body"},
      {"sum(query:x)", "not in the body"},
      {"count()", "has no kind"},
      {"header:", "nothing behind 'header:'"},
      {"header:?", "nothing behind 'header:'"},
      {"header:X Y", "is not a name"},
      {"path:{id}", "is not a name"},
      {"const:", "nothing behind 'const:'"},
      {"const:1?", "never absent"},
  };
  for (const auto& [text, part] : table) {
    const auto result = parse_locator(text);
    ASSERT_TRUE(std::holds_alternative<std::string>(result)) << text;
    EXPECT_NE(std::get<std::string>(result).find(part), std::string::npos) << std::get<std::string>(result);
    EXPECT_NE(std::get<std::string>(result).find("'" + text + "'"), std::string::npos);
  }
}

}  // namespace
}  // namespace sekisho::policy
