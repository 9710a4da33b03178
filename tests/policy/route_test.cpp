#include <gtest/gtest.h>

#include "policy/adapter.h"

namespace sekisho::policy {
namespace {

Route route(std::string method, std::vector<std::string> segments, Operation operation) {
  Route made{.method = method, .operation = operation};
  made.path.segments = segments;
  made.pattern = method;
  for (const auto& segment : segments) made.pattern += (&segment == &segments.front() ? " /" : "/") + segment;
  return made;
}

std::vector<Carrier> carriers() {
  Carrier demo{.name = "demo"};
  demo.routes = {
      route("POST", {"v1", "number-orders"}, Operation::allocate),
      route("GET", {"v1", "number-orders", "{id}"}, Operation::status),
      route("GET", {"v1", "number-orders", "search"}, Operation::search),
      route("DELETE", {"v1", "numbers", "{number}"}, Operation::release),
      route("GET", {"v1", "available-numbers"}, Operation::search),
  };
  Carrier rents{.name = "rents"};
  rents.routes = {
      route("POST", {"numbers", "{number}:rent"}, Operation::allocate),
      route("POST", {"numbers", "{number}:release"}, Operation::release),
      route("POST", {"numbers", "{number}"}, Operation::pass),
      route("POST", {"numbers", "any:rent"}, Operation::search),
      route("POST", {"numbers", "{number}e:rent"}, Operation::modify),
  };
  Carrier other{.name = "other"};
  other.routes = {route("POST", {"other", "{tenant}", "orders"}, Operation::allocate)};
  return {demo, rents, other};
}

std::string matched(std::string_view method, std::string_view path) {
  static const auto all = carriers();
  const auto match = match_route(all, method, path);
  if (!match) return "none";
  std::string out = match->carrier->name + " " + match->route->pattern;
  for (const auto& [name, value] : match->parameters) out += " " + name + "=" + value;
  return out;
}

TEST(Route, FitsPlainPaths) {
  EXPECT_EQ(matched("POST", "/v1/number-orders"), "demo POST /v1/number-orders");
  EXPECT_EQ(matched("GET", "/v1/number-orders/o-1"), "demo GET /v1/number-orders/{id} id=o-1");
  EXPECT_EQ(matched("DELETE", "/v1/numbers/0312345678"),
            "demo DELETE /v1/numbers/{number} number=0312345678");
  EXPECT_EQ(matched("DELETE", "/v1/numbers/+81312345678"),
            "demo DELETE /v1/numbers/{number} number=+81312345678");
  EXPECT_EQ(matched("POST", "/other/t/orders"), "other POST /other/{tenant}/orders tenant=t");
  EXPECT_EQ(matched("GET", "/v1/number-orders/..o"), "demo GET /v1/number-orders/{id} id=..o");
}

TEST(Route, PrefersTheLiteralSegment) {
  EXPECT_EQ(matched("GET", "/v1/number-orders/search"), "demo GET /v1/number-orders/search");
}

TEST(Route, TakesTextBehindAParameter) {
  EXPECT_EQ(matched("POST", "/numbers/+81312345678:rent"),
            "rents POST /numbers/{number}:rent number=+81312345678");
  EXPECT_EQ(matched("POST", "/numbers/%2B81312345678:release"),
            "rents POST /numbers/{number}:release number=+81312345678");
  EXPECT_EQ(matched("POST", "/numbers/1:rent:rent"), "rents POST /numbers/{number}:rent number=1:rent");
  // The parameter is never empty, and the text is compared as it stands.
  EXPECT_EQ(matched("POST", "/numbers/:rent"), "rents POST /numbers/{number} number=:rent");
  EXPECT_EQ(matched("POST", "/numbers/1:RENT"), "rents POST /numbers/{number} number=1:RENT");
  EXPECT_EQ(matched("POST", "/numbers/1:rents"), "rents POST /numbers/{number} number=1:rents");
  // Plain text first, then whatever fixes more of the segment.
  EXPECT_EQ(matched("POST", "/numbers/any:rent"), "rents POST /numbers/any:rent");
  EXPECT_EQ(matched("POST", "/numbers/one:rent"), "rents POST /numbers/{number}e:rent number=on");
  // An escape that a server may resolve is resolved: the call is not passed as another one.
  EXPECT_EQ(matched("POST", "/numbers/1%3Arent"), "rents POST /numbers/{number}:rent number=1");
  EXPECT_EQ(matched("POST", "/numbers/1%3arent"), "rents POST /numbers/{number}:rent number=1");
}

TEST(Route, ResolvesHarmlessEscapesInParameters) {
  EXPECT_EQ(matched("DELETE", "/v1/numbers/%2B81312345678"),
            "demo DELETE /v1/numbers/{number} number=+81312345678");
  EXPECT_EQ(matched("DELETE", "/v1/numbers/%2b81%203"), "demo DELETE /v1/numbers/{number} number=+81 3");
}

TEST(Route, ComparesTheMethodExactly) {
  for (auto method : {"HEAD", "get", "PUT", "OPTIONS", "", "GET "})
    EXPECT_EQ(matched(method, "/v1/available-numbers"), "none") << method;
}

TEST(Route, FitsNoPathThatServersReadDifferently) {
  const char* table[] = {
      "",
      "v1/number-orders/o",
      "/",
      "//",
      "/v1",
      "/v1/number-orders/",
      "/v1//number-orders/o",
      "//v1/number-orders/o",
      "/v1/number-orders//",
      "/v1/./number-orders/o",
      "/v1/../v1/number-orders/o",
      "/v1/number-orders/.",
      "/v1/number-orders/..",
      "/v1/number-orders/o/..",
      "/v1/number-orders/...",
      "/v1/number-orders/o.",
      "/v1/number-orders./o",
      "/v1/number-orders/o%2e",
      "/v1/number-orders/o/.",
      "/v1/number-orders/o/",
      "/v1/number-orders/%2e%2e",
      "/v1/number-orders/%2E",
      "/v1/number-orders/.%2e",
      "/v1/number-orders/a%2Fb",
      "/v1/number-orders/a%2fb",
      "/v1%2Fnumber-orders/o",
      "/v1/number-orders/a%5Cb",
      "/v1/number-orders/a\\b",
      "/v1/number-orders/a;b=c",
      "/v1;x/number-orders/o",
      "/v1/number-orders/a%3Bb",
      "/v1/number%2Dorders/o",
      "/v1/number-orders/%61",
      "/v1/number-orders/%7E",
      "/v1/number-orders/a%252Fb",
      "/v1/number-orders/a%25",
      "/v1/number-orders/a%",
      "/v1/number-orders/a%2",
      "/v1/number-orders/a%zz",
      "/v1/number-orders/a%00",
      "/v1/number-orders/a%0a",
      "/v1/number-orders/a%7f",
      "/v1/number-orders/%E7%95%AA",
      "/v1/number-orders/番",
      "/v1/number-orders/a b",
      "/v1/number-orders/a\tb",
      "/v1/number-orders/a?b",
      "/v1/number-orders/a#b",
      "/v1/number-orders/a%3Fb",
      "/v1/number-orders/{id}",
      "/v1/number-orders/a\"b",
      "/V1/number-orders/o",
      "/v1/Number-Orders/o",
      "http://host/v1/number-orders/o",
  };
  for (auto path : table) EXPECT_EQ(matched("GET", path), "none") << path;
}

TEST(PathPattern, NamesItsParameters) {
  PathPattern pattern{{"a", "{b}", "c", "{d}"}};
  std::vector<std::pair<std::string, std::string>> parameters;
  EXPECT_TRUE(pattern.matches("/a/1/c/2", parameters));
  EXPECT_EQ(parameters, (std::vector<std::pair<std::string, std::string>>{{"b", "1"}, {"d", "2"}}));
  EXPECT_FALSE(pattern.matches("/a//c/2", parameters));
  EXPECT_FALSE(pattern.matches("/a/1/c", parameters));
  EXPECT_FALSE(pattern.matches("/a/1/c/2/3", parameters));
}

}  // namespace
}  // namespace sekisho::policy
