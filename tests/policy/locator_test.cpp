#include <gtest/gtest.h>

#include "policy/adapter.h"

namespace sekisho::policy {
namespace {

using Kind = Locator::Kind;
using Function = Locator::Function;

struct Good {
  std::string text;
  Kind kind;
  Function function;
  bool optional;
  std::string name;
  std::vector<std::string> steps;
};

TEST(Locator, ReadsItsTextForm) {
  const Good table[] = {
      {"json:/quantity", Kind::json, Function::value, false, "", {"quantity"}},
      {"json:/a/0/b", Kind::json, Function::value, false, "", {"a", "0", "b"}},
      {"json:/areaCode?", Kind::json, Function::value, true, "", {"areaCode"}},
      {"json:/downstream/*?", Kind::json, Function::value, true, "", {"downstream", "*"}},
      {"json:/a~1b/c~0d/~01", Kind::json, Function::value, false, "", {"a/b", "c~d", "~1"}},
      {"json:/", Kind::json, Function::value, false, "", {""}},
      {"json:/番号", Kind::json, Function::value, false, "", {"番号"}},
      {"count(json:/numbers/*)", Kind::json, Function::count, false, "", {"numbers", "*"}},
      {"sum(json:/items/*/qty)", Kind::json, Function::sum, false, "", {"items", "*", "qty"}},
      {"count(json:/numbers/*)?", Kind::json, Function::count, true, "", {"numbers", "*"}},
      {"count(json:/numbers/*?)", Kind::json, Function::count, true, "", {"numbers", "*"}},
      {"type_of(json:/numbers/*)", Kind::json, Function::type_of, false, "", {"numbers", "*"}},
      {"type_of(json:/number?)", Kind::json, Function::type_of, true, "", {"number"}},
      {"type_of(path:number)", Kind::path, Function::type_of, false, "number", {}},
      {"header:Idempotency-Key?", Kind::header, Function::value, true, "Idempotency-Key", {}},
      {"query:reference", Kind::query, Function::value, false, "reference", {}},
      {"path:number", Kind::path, Function::value, false, "number", {}},
      {"const:1", Kind::constant, Function::value, false, "1", {}},
      {"const:ip_050", Kind::constant, Function::value, false, "ip_050", {}},
      {"const:a:b(c)", Kind::constant, Function::value, false, "a:b(c)", {}},
  };
  for (const auto& row : table) {
    const auto result = parse_locator(row.text);
    ASSERT_TRUE(std::holds_alternative<Locator>(result)) << row.text << ": " << std::get<std::string>(result);
    const auto& locator = std::get<Locator>(result);
    EXPECT_EQ(locator.kind, row.kind) << row.text;
    EXPECT_EQ(locator.function, row.function) << row.text;
    EXPECT_EQ(locator.optional, row.optional) << row.text;
    EXPECT_EQ(locator.text, row.name) << row.text;
    EXPECT_EQ(locator.steps, row.steps) << row.text;
    EXPECT_EQ(locator.source, row.text);
  }
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
      {"json:/**/quantity", "not supported by this version"},
      {"json:/orderItem/[action=add]/quantity", "not supported by this version"},
      {"form:quantity", "not supported by this version"},
      {"xml:/Order/Quantity", "not supported by this version"},
      {"token:claim", "not supported by this version"},
      {"span(json:/first, json:/last)", "not supported by this version"},
      {"recall(json:/searchId)", "not supported by this version"},
      {"type_of(const:0312345678)", "takes the type of a constant"},
      {"type_of(numbers)", "has no kind"},
      {"type_of(count(json:/numbers/*))", "function inside a function"},
      {"amount(json:/capacity)", "not supported by this version"},
      {"jsn:/quantity", "unknown kind 'jsn'"},
      {"max(json:/quantity)", "unknown function 'max'"},
      {"count(json:/numbers/*", "lacks its closing ')'"},
      {"count(count(json:/numbers/*))", "function inside a function"},
      {"count(header:X)", "not in the body"},
      {"count()", "not in the body"},
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
