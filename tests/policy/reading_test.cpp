#include "policy/reading.h"

#include <gtest/gtest.h>

#include "tests/policy/reads.h"

namespace sekisho::policy {
namespace {

using namespace std::string_literals;

const auto at = located;

ResultRule on(int from, int to) { return {.status_from = from, .status_to = to}; }

// The carrier of contract/carrier.yaml, and a few shapes more.
struct Api {
  Carrier carrier{.name = "demo"};
  Route allocate{.method = "POST", .operation = Operation::allocate};
  Route status{.method = "GET", .operation = Operation::status};
  Route release{.method = "DELETE", .operation = Operation::release};

  Api() {
    carrier.number_types = {
        {"FIXED", NumberType::fixed}, {"IP050", NumberType::ip_050}, {"MOBILE", NumberType::mobile}};
    allocate.order = {.quantity = at("json:/quantity"),
                      .number_type = at("json:/numberType"),
                      .area = at("json:/areaCode?"),
                      .chain = at("json:/downstream/*?"),
                      .reference = at("header:Idempotency-Key?"),
                      .partial = at("json:/allowPartial?")};
    auto created = on(201, 201);
    created.granted = at("count(json:/numbers/*)");
    created.numbers = at("json:/numbers/*");
    created.order_id = at("json:/orderId");
    auto accepted = on(202, 202);
    accepted.pending = true;
    accepted.order_id = at("json:/orderId");
    auto refused = on(400, 499);
    refused.granted = at("const:0");
    allocate.results = {created, accepted, refused};

    status.order.order_id = at("path:id");
    auto seen = on(200, 200);
    seen.state = at("json:/state");
    seen.states = {{"completed", CarrierState::done},
                   {"partial", CarrierState::done},
                   {"failed", CarrierState::failed},
                   {"pending", CarrierState::pending}};
    seen.granted = at("count(json:/numbers/*)");
    seen.numbers = at("json:/numbers/*");
    status.results = {seen};

    release.order.numbers = at("path:number");
    auto gone = on(200, 299);
    gone.released = at("const:1");
    release.results = {gone};
  }

  RouteMatch match(const Route& route,
                   std::vector<std::pair<std::string, std::string>> parameters = {}) const {
    return {&carrier, &route, std::move(parameters)};
  }
};

const HeaderList json_headers = {{"Content-Type", "application/json"}};

ReadOrder read(const RouteMatch& match, const std::string& body, const HeaderList& headers = json_headers,
               std::string_view query = {}) {
  const Message message{
      .query = query, .headers = [&](std::string_view name) { return given(headers, name); }, .body = body};
  return read_order(match, message, {}, {});
}

// "10 fixed", or "unreadable_order: <detail>".
std::string told(const ReadOrder& result) {
  if (const auto* refused = std::get_if<Unreadable>(&result))
    return std::string(code(refused->reason)) + ": " + refused->detail;
  const auto& order = std::get<Order>(result);
  return std::to_string(order.quantity) +
         (order.number_type ? " " + std::string(name(*order.number_type)) : "");
}

std::string nested(int levels) {
  return R"({"quantity":1,"numberType":"FIXED","x":)" + std::string(levels - 1, '[') +
         std::string(levels - 1, ']') + "}";
}

TEST(ReadOrder, ReadsEveryField) {
  const Api api;
  HeaderList headers = json_headers;
  headers.emplace_back("Idempotency-Key", "order 7");
  const auto result = read(api.match(api.allocate), R"({"quantity":10,"numberType":"IP050","areaCode":"03",
      "downstream":["jp:8999900000001","Kaze"],"allowPartial":true,"note":null})",
                           headers);
  ASSERT_TRUE(std::holds_alternative<Order>(result)) << told(result);
  const auto& order = std::get<Order>(result);
  EXPECT_EQ(order.operation, Operation::allocate);
  EXPECT_EQ(order.carrier, "demo");
  EXPECT_EQ(order.quantity, 10);
  EXPECT_EQ(order.number_type, NumberType::ip_050);
  EXPECT_EQ(order.area, "03");
  EXPECT_EQ(order.chain, (std::vector<std::string>{"jp:8999900000001", "Kaze"}));
  EXPECT_EQ(order.reference, "order 7");
  EXPECT_TRUE(order.partial);
  EXPECT_TRUE(order.quantity_span);
}

TEST(ReadOrder, AcceptsBodiesThatReadOneWayOnly) {
  const Api api;
  const std::pair<std::string, std::string> table[] = {
      {R"({"quantity":1,"numberType":"FIXED"})", "1 fixed"},
      {" \r\n\t{ \"quantity\" : 10 , \"numberType\" : \"FIXED\" } \n", "10 fixed"},
      {R"({"quantity":"10","numberType":"FIXED"})", "10 fixed"},
      {R"({"quantity":"\u0031\u0030","numberType":"FIXED"})", "10 fixed"},
      {R"({"quantit\u0079":7,"numberType":"FIXED"})", "7 fixed"},
      {R"({"quantity":9007199254740991,"numberType":"FIXED"})", "9007199254740991 fixed"},
      {R"({"quantity":"999999999999999999","numberType":"FIXED"})", "999999999999999999 fixed"},
      {R"({"quantity":1,"numberType":"MOBILE","areaCode":null})", "1 mobile"},
      {R"({"quantity":1,"numberType":"FIXED","areaCode":3})", "1 fixed"},
      {R"({"quantity":1,"numberType":"FIXED","downstream":[]})", "1 fixed"},
      {R"({"quantity":1,"numberType":"FIXED","downstream":null})", "1 fixed"},
      {R"({"quantity":1,"numberType":"FIXED","allowPartial":false})", "1 fixed"},
      {R"({"quantity":1,"numberType":"FIXED","allowPartial":null})", "1 fixed"},
      {R"({"quantity":1,"numberType":"FIXED","x":{"quantity":5},"y":[{"quantity":6},{"quantity":7}]})",
       "1 fixed"},
      {R"({"quantity":1,"numberType":"FIXED","price":1.5,"far":1e300,"id":18446744073709551615})", "1 fixed"},
      {R"({"quantity":1,"numberType":"FIXED","メモ":"番号 \ud83d\ude00"})", "1 fixed"},
      {R"({"quantity":1,"numberType":"FIXED","note":"Note","Note":1})", "1 fixed"},
      {nested(32), "1 fixed"},
  };
  for (const auto& [body, expected] : table)
    EXPECT_EQ(told(read(api.match(api.allocate), body)), expected) << body;
}

TEST(ReadOrder, RefusesQuantitiesThatAreNotPlainWholeNumbers) {
  const Api api;
  const std::string table[] = {
      "1.0",
      "10.0",
      "1e1",
      "1E1",
      "1E+1",
      "10e-1",
      "0",
      "-0",
      "-1",
      "0.0",
      "-0.0",
      "1.5",
      "1e400",
      "true",
      "false",
      "null",
      "[]",
      "[1]",
      "{}",
      "{\"value\":1}",
      "\"\"",
      "\"0\"",
      "\"01\"",
      "\"007\"",
      "\"+1\"",
      "\"-1\"",
      "\" 1\"",
      "\"1 \"",
      "\"1.0\"",
      "\"1e1\"",
      "\"1,000\"",
      "\"0x10\"",
      "\"１０\"",
      "\"ten\"",
      "\"1\\u0000\"",
      "\"1\\n\"",
      "\"1000000000000000000\"",
      "\"9999999999999999999999\"",
      "9007199254740992",
      "1000000000000000000",
      "9223372036854775807",
      "9223372036854775808",
      "18446744073709551615",
      "18446744073709551616",
      "99999999999999999999999999",
      "01",
      "+1",
      ".5",
      "1.",
      "0x10",
      "1_000",
      "NaN",
      "Infinity",
      "１０",
      "'1'",
      "",
  };
  for (const auto& quantity : table) {
    const auto body = R"({"numberType":"FIXED","quantity":)" + quantity + "}";
    const auto answer = told(read(api.match(api.allocate), body));
    EXPECT_TRUE(answer.starts_with("unreadable-order: ")) << body << " " << answer;
    EXPECT_TRUE(answer.find("quantity (json:/quantity)") != answer.npos ||
                answer.find("the body") != answer.npos)
        << answer;
  }
}

TEST(ReadOrder, RefusesBodiesThatParsersReadDifferently) {
  const Api api;
  const std::pair<std::string, std::string> table[] = {
      {"", "quantity (json:/quantity) is missing"},
      {" ", "the body cannot be read as JSON"},
      {"{}", "quantity (json:/quantity) is missing"},
      {"null", "is missing"},
      {"[]", "cannot be read"},
      {"1", "cannot be read"},
      {R"([{"quantity":1,"numberType":"FIXED"}])", "was looked for in a list"},
      {R"({"quantity":1})", "number_type (json:/numberType) is missing"},
      {R"({"quantity":1,"numberType":null})", "number_type (json:/numberType) is missing"},
      {R"({"quantity":1,"quantity":1,"numberType":"FIXED"})", "the key 'quantity' is repeated"},
      {R"({"quantity":1,"numberType":"FIXED","quantity":1000})", "repeated"},
      {R"({"quantity":1,"numberType":"FIXED","quantit\u0079":1000})", "repeated"},
      {R"({"quantity":1,"numberType":"FIXED","x":{"a":1,"b":[{"a":1,"a":2}]}})", "the key 'a' is repeated"},
      {R"({"quantity":1,"numberType":"FIXED","":1,"":2})", "repeated"},
      {R"({"quantity":1,"Quantity":1000,"numberType":"FIXED"})", "only in case"},
      {R"({"QUANTITY":1000,"quantity":1,"numberType":"FIXED"})", "only in case"},
      {R"({"quantity":1,"numberType":"FIXED","AllowPartial":true})", "only in case"},
      {R"({"quantity":1,"numberType":"FIXED","quantity\u0000":1000})", "holds a NUL"},
      {R"({"quantity":1,"numberType":"FIXED","x\udc00":1})", "the body cannot be read as JSON"},
      {R"({"quantity":1,"numberType":"FIXED","x":"\ud800"})", "the body cannot be read as JSON"},
      {R"({"quantity":1,"numberType":"FIXED","x":"\udc00"})", "the body cannot be read as JSON"},
      {R"({"quantity":1,"numberType":"FIXED"}{"quantity":1000})", "the body cannot be read as JSON"},
      {R"({"quantity":1,"numberType":"FIXED"} x)", "the body cannot be read as JSON"},
      {R"({"quantity":1,"numberType":"FIXED"},)", "the body cannot be read as JSON"},
      {R"({"quantity":1,"numberType":"FIXED",})", "the body cannot be read as JSON"},
      {R"({"quantity":1,"numberType":"FIXED"}// x)", "the body cannot be read as JSON"},
      {R"({"quantity":1,/* x */"numberType":"FIXED"})", "the body cannot be read as JSON"},
      {R"({quantity:1,"numberType":"FIXED"})", "the body cannot be read as JSON"},
      {R"({'quantity':1,"numberType":"FIXED"})", "the body cannot be read as JSON"},
      {R"({"quantity":1,"numberType":"FIXED")", "the body cannot be read as JSON"},
      {R"({"quantity":1,"numberType":"FIX)", "the body cannot be read as JSON"},
      {"{\"quantity\":1,\"numberType\":\"FIX\nED\"}", "the body cannot be read as JSON"},
      {"\xef\xbb\xbf{\"quantity\":1,\"numberType\":\"FIXED\"}", "byte order mark"},
      {"{\"quantity\":1,\"numberType\":\"FIXED\",\"x\":\"\xff\"}", "not valid UTF-8"},
      {"{\"quantity\":1,\"numberType\":\"FIXED\",\"x\":\"\xc0\xaf\"}", "not valid UTF-8"},
      {"{\"quantity\":1,\"numberType\":\"FIXED\",\"x\":\"\xed\xa0\x80\"}", "not valid UTF-8"},
      {"{\"quantity\":1,\"numberType\":\"FIXED\"}\0"s, "the body cannot be read as JSON"},
      {"{\"quantity\":1,\"numberType\":\"FIXED\"}\0{}"s, "the body cannot be read as JSON"},
      {"{\0\"quantity\":1,\"numberType\":\"FIXED\"}"s, "the body cannot be read as JSON"},
      {"\xfe\xff\0{\0}"s, "the body cannot be read as JSON"},
      {"{\0\"\0q\0\"\0:\0001\0}\0"s, "the body cannot be read as JSON"},
      {nested(33), "deeper than 32 levels"},
      {std::string(100000, '['), "the body cannot be read as JSON"},
      {R"({"quantity":1,"numberType":"fixed"})",
       "number_type (json:/numberType) is not one of the carrier's"},
      {R"({"quantity":1,"numberType":"SATELLITE"})", "number_type"},
      {R"({"quantity":1,"numberType":""})", "number_type"},
      {R"({"quantity":1,"numberType":["FIXED"]})", "number_type"},
      {R"({"quantity":1,"numberType":"FIXED","areaCode":["03"]})", "area (json:/areaCode?)"},
      {R"({"quantity":1,"numberType":"FIXED","areaCode":"0\n3"})", "area"},
      {R"({"quantity":1,"numberType":"FIXED","areaCode":"\u009b3"})", "area"},
      {R"({"quantity":1,"numberType":"FIXED","areaCode":3.0})", "area"},
      {R"({"quantity":1,"numberType":"FIXED","areaCode":9007199254740993})", "area"},
      {R"({"quantity":1,"numberType":"FIXED","allowPartial":"true"})", "partial (json:/allowPartial?)"},
      {R"({"quantity":1,"numberType":"FIXED","allowPartial":1})", "partial"},
      {R"({"quantity":1,"numberType":"FIXED","downstream":"jp:8999900000001"})",
       "chain (json:/downstream/*?)"},
      {R"({"quantity":1,"numberType":"FIXED","downstream":{"a":"b"}})", "chain"},
      {R"({"quantity":1,"numberType":"FIXED","downstream":["a",null]})", "chain"},
      {R"({"quantity":1,"numberType":"FIXED","downstream":["a",{}]})", "chain"},
      {R"({"quantity":1,"numberType":"FIXED","downstream":[""]})", "chain"},
  };
  for (const auto& [body, part] : table) {
    const auto answer = told(read(api.match(api.allocate), body));
    EXPECT_TRUE(answer.starts_with("unreadable-order: ")) << body << " " << answer;
    EXPECT_NE(answer.find(part), answer.npos) << body.substr(0, 200) << " " << answer;
  }
}

TEST(ReadOrder, TakesOnlyPlainJsonBodies) {
  const Api api;
  const std::string body = R"({"quantity":1,"numberType":"FIXED"})";
  const std::pair<HeaderList, bool> table[] = {
      {{{"Content-Type", "application/json"}}, true},
      {{{"Content-Type", "Application/JSON"}}, true},
      {{{"Content-Type", "application/json; charset=utf-8"}}, true},
      {{{"Content-Type", "application/json;charset=\"UTF-8\""}}, true},
      {{{"Content-Type", "application/json;"}}, true},
      {{{"Content-Type", "application/json"}, {"Content-Encoding", "identity"}}, true},
      {{}, false},
      {{{"Content-Type", ""}}, false},
      {{{"Content-Type", "application/json"}, {"Content-Type", "application/json"}}, false},
      {{{"Content-Type", "application/json, application/json"}}, false},
      {{{"Content-Type", "application/json"}, {"Content-Type", "text/plain"}}, false},
      {{{"Content-Type", "text/json"}}, false},
      {{{"Content-Type", "application/x-www-form-urlencoded"}}, false},
      {{{"Content-Type", "application/jsonp"}}, false},
      {{{"Content-Type", "application/vnd.api+json"}}, true},
      {{{"Content-Type", "application/json; charset=shift_jis"}}, false},
      {{{"Content-Type", "application/json; charset=utf-16"}}, false},
      {{{"Content-Type", "application/json; charset=utf-8; charset=utf-7"}}, false},
      {{{"Content-Type", "application/json; charset=utf-8; charset=utf-8"}}, false},
      {{{"Content-Type", "application/json; boundary=x"}}, false},
      {{{"Content-Type", "application/json"}, {"Content-Encoding", "gzip"}}, false},
      {{{"Content-Type", "application/json"}, {"Content-Encoding", "identity"}, {"Content-Encoding", "br"}},
       false},
      {{{"Content-Type", "application/json"}, {"Content-Encoding", "identity, gzip"}}, false},
      {{{"Content-Type", "application/json"}, {"Content-Encoding", ""}}, false},
  };
  for (const auto& [headers, accepted] : table) {
    const auto answer = told(read(api.match(api.allocate), body, headers));
    EXPECT_EQ(answer.starts_with(accepted ? "1 fixed" : "unsupported-body"), true) << answer;
  }
}

TEST(ReadOrder, TakesOneReferenceOfReasonableLength) {
  const Api api;
  const std::string body = R"({"quantity":1,"numberType":"FIXED"})";
  const std::pair<std::vector<std::string>, bool> table[] = {
      {{}, true},
      {{"k"}, true},
      {{std::string(255, 'k')}, true},
      {{std::string(256, 'k')}, false},
      {{""}, false},
      {{"a", "a"}, false},
      {{"a", "b"}, false},
      {{"a\x01"}, false},
      {{"a\x7f"}, false},
      {{"é"}, false},
  };
  for (const auto& [values, accepted] : table) {
    HeaderList headers = json_headers;
    for (const auto& value : values) headers.emplace_back("Idempotency-Key", value);
    const auto answer = told(read(api.match(api.allocate), body, headers));
    EXPECT_EQ(answer == "1 fixed", accepted) << answer;
    if (!accepted) {
      EXPECT_NE(answer.find("reference (header:Idempotency-Key?)"), answer.npos) << answer;
    }
  }
}

TEST(ReadOrder, CountsAndAddsUp) {
  Api api;
  api.allocate.order = {.quantity = at("sum(json:/items/*/qty)")};
  const std::pair<std::string, std::string> sums[] = {
      {R"({"items":[{"qty":1},{"qty":"20"},{"qty":300}]})", "321"},
      {R"({"items":[{"qty":1}]})", "1"},
      {R"({"items":[]})", "unreadable-order"},
      {R"({"items":[{"qty":1},{}]})", "unreadable-order"},
      {R"({"items":[{"qty":1},{"qty":null}]})", "unreadable-order"},
      {R"({"items":[{"qty":1},{"qty":0}]})", "unreadable-order"},
      {R"({"items":[{"qty":5},{"qty":-4}]})", "unreadable-order"},
      {R"({"items":[{"qty":1},{"qty":1.0}]})", "unreadable-order"},
      {R"({"items":[{"qty":1},{"qty":[1]}]})", "unreadable-order"},
      {R"({"items":[{"qty":1},7]})", "unreadable-order"},
      {R"({"items":{"qty":1}})", "unreadable-order"},
      {R"({"items":null})", "unreadable-order"},
      {R"({})", "unreadable-order"},
      {R"({"items":[{"qty":999999999999999999},{"qty":999999999999999999}]})", "unreadable-order"},
  };
  for (const auto& [body, expected] : sums) {
    const auto answer = told(read(api.match(api.allocate), body));
    EXPECT_TRUE(answer.starts_with(expected)) << body << " " << answer;
  }

  api.allocate.order = {.quantity = at("count(json:/phone_numbers/*)"),
                        .numbers = at("json:/phone_numbers/*")};
  const std::pair<std::string, std::string> counts[] = {
      {R"({"phone_numbers":["+81312345678","03-1234-5679"]})", "2"},
      {R"({"phone_numbers":["0312345678","x"]})", "unreadable-order"},
      {R"({"phone_numbers":[312345678]})", "unreadable-order"},
      {R"({"phone_numbers":[]})", "unreadable-order"},
      {R"({"phone_numbers":"0312345678"})", "unreadable-order"},
      {R"({"phone_numbers":{"0":"0312345678"}})", "unreadable-order"},
      {R"({})", "unreadable-order"},
  };
  for (const auto& [body, expected] : counts) {
    const auto answer = told(read(api.match(api.allocate), body));
    EXPECT_TRUE(answer.starts_with(expected)) << body << " " << answer;
  }
}

TEST(ReadOrder, NeverTakesAQuantityForZero) {
  Api api;
  api.allocate.order = {.quantity = at("json:/quantity?")};
  EXPECT_EQ(told(read(api.match(api.allocate), "{}")), "unreadable-order: quantity is missing");
  EXPECT_EQ(told(read(api.match(api.allocate), "")), "unreadable-order: quantity is missing");
  api.allocate.order = {.quantity = at("count(json:/numbers/*)?")};
  EXPECT_EQ(told(read(api.match(api.allocate), "{}")), "unreadable-order: quantity is missing");
  api.allocate.order = {};
  EXPECT_EQ(told(read(api.match(api.allocate), "{}")), "unreadable-order: quantity is missing");
  api.allocate.order = {.quantity = at("json:/items/*/quantity")};
  EXPECT_TRUE(told(read(api.match(api.allocate), R"({"items":[{"quantity":1},{"quantity":2}]})"))
                  .starts_with("unreadable-order: quantity (json:/items/*/quantity) stands in 2 places"));
  api.allocate.order = {.quantity = at("json:/quantity"), .numbers = at("json:/numbers/*?")};
  EXPECT_EQ(told(read(api.match(api.allocate), R"({"quantity":1,"numbers":["0312345678","0312345679"]})")),
            "unreadable-order: quantity is 1, but 2 numbers are named");
  api.allocate.order = {.numbers = at("json:/numbers/*")};
  EXPECT_EQ(told(read(api.match(api.allocate), R"({"numbers":["0312345678","0312345679"]})")), "2");
}

TEST(ReadOrder, ReadsPathQueryAndConstants) {
  Api api;
  EXPECT_EQ(std::get<Order>(read(api.match(api.release, {{"number", "+81 3-1234-5678"}}), "")).numbers,
            std::vector<std::string>{"0312345678"});
  EXPECT_TRUE(
      told(read(api.match(api.release, {{"number", "12"}}), "")).starts_with("unreadable-order: numbers"));
  EXPECT_EQ(std::get<Order>(read(api.match(api.status, {{"id", "o-1"}}), "")).order_id, "o-1");

  api.allocate.order = {
      .quantity = at("const:1"), .number_type = at("const:mobile"), .reference = at("query:ref?")};
  const std::pair<std::string, std::string> table[] = {
      {"", "1 mobile "},
      {"ref=a%2Fb+c", "1 mobile a/b c"},
      {"x=1&ref=a&y", "1 mobile a"},
      {"ref=a&ref=b", "unreadable-order"},
      {"ref=a&%72ef=b", "unreadable-order"},
      {"ref=a;ref=b", "unreadable-order"},
      {"ref=a%", "unreadable-order"},
      {"ref=%zz", "unreadable-order"},
      {"ref=", "unreadable-order"},
      {"ref=a%00", "unreadable-order"},
  };
  for (const auto& [query, expected] : table) {
    const auto result = read(api.match(api.allocate), "not read", {}, query);
    const auto* order = std::get_if<Order>(&result);
    const auto answer = told(result) + (order ? " " + order->reference : "");
    EXPECT_TRUE(order ? answer == expected : answer.starts_with(expected)) << query << " " << answer;
  }
}

TEST(ReadOrder, FindsTheQuantityForATrim) {
  Api api;
  const std::pair<std::string, std::string> table[] = {
      {R"({"quantity":10,"numberType":"FIXED","allowPartial":true})",
       R"({"quantity":7,"numberType":"FIXED","allowPartial":true})"},
      {R"({"quantity":"10","numberType":"FIXED","allowPartial":true})",
       R"({"quantity":"7","numberType":"FIXED","allowPartial":true})"},
      {R"({"numberType":"FIXED","allowPartial":true, "quantity" : 10  })",
       R"({"numberType":"FIXED","allowPartial":true, "quantity" : 7  })"},
      {R"({"a":{"quantity":10},"numberType":"FIXED","allowPartial":true,"b":"\"quantity\":10","quantity":10})",
       R"({"a":{"quantity":10},"numberType":"FIXED","allowPartial":true,"b":"\"quantity\":10","quantity":7})"},
      {R"({"quantit\u0079":"\u0031\u0030","numberType":"FIXED","allowPartial":true})",
       R"({"quantit\u0079":"7","numberType":"FIXED","allowPartial":true})"},
      {"{\"番号\":[1,2,{\"quantity\":3}],\r\n\"quantity\":\t10\r\n,\"numberType\":\"FIXED\",\"allowPartial\":"
       "true}",
       "{\"番号\":[1,2,{\"quantity\":3}],\r\n\"quantity\":\t7\r\n,\"numberType\":\"FIXED\",\"allowPartial\":"
       "true}"},
  };
  for (const auto& [body, trimmed] : table) {
    const auto result = read(api.match(api.allocate), body);
    ASSERT_TRUE(std::holds_alternative<Order>(result)) << told(result);
    const auto& order = std::get<Order>(result);
    ASSERT_TRUE(order.quantity_span) << body;
    EXPECT_EQ(rewrite_quantity(body, *order.quantity_span, 7), trimmed);
    EXPECT_EQ(told(read(api.match(api.allocate), trimmed)), "7 fixed");
  }

  api.allocate.order.quantity = at("json:/items/1/qty");
  const std::string body =
      R"({"items":[{"qty":5},{"x":[],"qty":9}],"numberType":"FIXED","allowPartial":true})";
  const auto order = std::get<Order>(read(api.match(api.allocate), body));
  ASSERT_TRUE(order.quantity_span);
  EXPECT_EQ(rewrite_quantity(body, *order.quantity_span, 2),
            R"({"items":[{"qty":5},{"x":[],"qty":2}],"numberType":"FIXED","allowPartial":true})");
}

TEST(ReadOrder, OffersNoTrimWhereItIsNotOneTokenOrNotAskedFor) {
  Api api;
  const auto span = [&](const std::string& body) {
    return std::get<Order>(read(api.match(api.allocate), body)).quantity_span.has_value();
  };
  EXPECT_FALSE(span(R"({"quantity":10,"numberType":"FIXED"})"));
  EXPECT_FALSE(span(R"({"quantity":10,"numberType":"FIXED","allowPartial":false})"));
  EXPECT_FALSE(span(R"({"quantity":1,"numberType":"FIXED","allowPartial":true})"));
  api.allocate.order.quantity = at("sum(json:/items/*/qty)");
  EXPECT_FALSE(span(R"({"items":[{"qty":5}],"numberType":"FIXED","allowPartial":true})"));
  api.allocate.order.quantity = at("json:/items/*/qty");
  EXPECT_FALSE(span(R"({"items":[{"qty":5}],"numberType":"FIXED","allowPartial":true})"));
  api.allocate.order.quantity = at("const:5");
  EXPECT_FALSE(span(R"({"numberType":"FIXED","allowPartial":true})"));
}

// "finished 2/0 o-1 [0312345678 0312345679]"
std::string told(const Outcome& outcome) {
  static const char* kinds[] = {"unsent", "finished", "pending", "unknown"};
  std::string out = kinds[int(outcome.kind)];
  out += " " + std::to_string(outcome.granted) + "/" + std::to_string(outcome.released);
  if (!outcome.order_id.empty()) out += " " + outcome.order_id;
  for (const auto& number : outcome.numbers) out += " " + number;
  return out;
}

TEST(ReadOutcome, ReadsWhatTheCarrierDid) {
  const Api api;
  struct {
    int status;
    std::string body, expected;
  } table[] = {
      {201, R"({"orderId":"o-1","numbers":["0312345678","+81-3-1234-5679"]})",
       "finished 2/0 o-1 0312345678 0312345679"},
      {201, R"({"orderId":42,"numbers":["0312345678"]})", "finished 1/0 42 0312345678"},
      {201, R"({"orderId":"o-1","numbers":[]})", "finished 0/0 o-1"},
      {201, R"({"OrderId":"x","orderId":"o-1","numbers":[]})", "finished 0/0 o-1"},
      {201, R"({"orderId":"o-1"})", "unknown 0/0"},
      {201, R"({"orderId":"o-1","numbers":null})", "unknown 0/0"},
      {201, R"({"orderId":"o-1","numbers":"0312345678"})", "unknown 0/0"},
      {201, R"({"orderId":"o-1","numbers":["0312345678"],"numbers":[]})", "unknown 0/0"},
      {201, "", "unknown 0/0"},
      {201, "Created", "unknown 0/0"},
      {201, R"({"orderId":"o-1","numbers":["0312345678")", "unknown 0/0"},
      {202, R"({"orderId":"o-2"})", "pending 0/0 o-2"},
      {202, R"({})", "unknown 0/0"},
      {202, "", "unknown 0/0"},
      {400, "<html>", "finished 0/0"},
      {404, "", "finished 0/0"},
      {499, "", "finished 0/0"},
      {200, R"({"orderId":"o-1","numbers":["0312345678"]})", "unknown 0/0"},
      {204, "", "unknown 0/0"},
      {302, "", "unknown 0/0"},
      {500, "", "unknown 0/0"},
      {503, "", "unknown 0/0"},
  };
  for (const auto& row : table) {
    const auto outcome = read_outcome(api.match(api.allocate), row.status, row.body);
    EXPECT_EQ(told(outcome), row.expected) << row.status << " " << row.body;
    if (outcome.kind == Outcome::Kind::unknown) {
      EXPECT_NE(outcome.detail.find(std::to_string(row.status)), std::string::npos) << outcome.detail;
    }
  }
}

TEST(ReadOutcome, KeepsTheCountWhenAnIdOrANumberCannotBeRead) {
  const Api api;
  auto outcome = read_outcome(api.match(api.allocate), 201, R"({"numbers":["0312345678"]})");
  EXPECT_EQ(told(outcome), "finished 1/0 0312345678");
  EXPECT_NE(outcome.detail.find("order_id"), std::string::npos);
  outcome = read_outcome(api.match(api.allocate), 201, R"({"orderId":"o-1","numbers":["0312345678","abc"]})");
  EXPECT_EQ(told(outcome), "finished 2/0 o-1");
  EXPECT_NE(outcome.detail.find("numbers"), std::string::npos);
}

TEST(ReadOutcome, WithoutARuleOnlyARefusalIsCertain) {
  Api api;
  api.allocate.results.clear();
  EXPECT_EQ(told(read_outcome(api.match(api.allocate), 422, "")), "finished 0/0");
  for (int status : {100, 200, 201, 301, 500, 504, 999})
    EXPECT_EQ(told(read_outcome(api.match(api.allocate), status, "{}")), "unknown 0/0") << status;
}

TEST(ReadOutcome, ARuleThatDoesNotTellWhatWasGrantedLeavesItUnknown) {
  Api api;
  api.allocate.results = {on(200, 299), on(400, 499)};
  EXPECT_EQ(told(read_outcome(api.match(api.allocate), 200, "{}")), "unknown 0/0");
  EXPECT_EQ(told(read_outcome(api.match(api.allocate), 400, "{}")), "finished 0/0");
  api.allocate.results[0].granted = at("json:/granted?");
  EXPECT_EQ(told(read_outcome(api.match(api.allocate), 200, "{}")), "unknown 0/0");
  EXPECT_EQ(told(read_outcome(api.match(api.allocate), 200, R"({"granted":"3"})")), "finished 3/0");
  EXPECT_EQ(told(read_outcome(api.match(api.allocate), 200, R"({"granted":0})")), "finished 0/0");
  EXPECT_EQ(told(read_outcome(api.match(api.allocate), 200, R"({"granted":-1})")), "unknown 0/0");
  EXPECT_EQ(told(read_outcome(api.match(api.allocate), 200, R"({"granted":3.0})")), "unknown 0/0");
}

TEST(ReadOutcome, TheFirstFittingRuleApplies) {
  Api api;
  auto general = on(200, 299);
  general.granted = at("const:9");
  api.allocate.results.insert(api.allocate.results.begin(), general);
  EXPECT_EQ(told(read_outcome(api.match(api.allocate), 201, R"({"numbers":[]})")), "finished 9/0");
}

TEST(ReadOutcome, ReadsTheStateOfAnEarlierOrder) {
  const Api api;
  struct {
    int status;
    std::string body, expected;
  } table[] = {
      {200, R"({"state":"completed","numbers":["0312345678"]})", "finished 1/0 0312345678"},
      {200, R"({"state":"partial","numbers":[]})", "finished 0/0"},
      {200, R"({"state":"failed"})", "finished 0/0"},
      {200, R"({"state":"failed","numbers":["0312345678"]})", "finished 0/0"},
      {200, R"({"state":"pending"})", "pending 0/0"},
      {200, R"({"state":"completed"})", "unknown 0/0"},
      {200, R"({"state":"cancelled"})", "unknown 0/0"},
      {200, R"({"state":""})", "unknown 0/0"},
      {200, R"({"numbers":["0312345678"]})", "unknown 0/0"},
      {200, "", "unknown 0/0"},
      {404, "", "pending 0/0"},
      {401, "", "pending 0/0"},
      {429, "", "pending 0/0"},
      {500, "", "pending 0/0"},
  };
  for (const auto& row : table)
    EXPECT_EQ(told(read_outcome(api.match(api.status), row.status, row.body)), row.expected)
        << row.status << " " << row.body;
}

TEST(ReadOutcome, ReadsWhatWasReleased) {
  Api api;
  EXPECT_EQ(told(read_outcome(api.match(api.release), 204, "")), "finished 0/1");
  EXPECT_EQ(told(read_outcome(api.match(api.release), 404, "")), "finished 0/0");
  EXPECT_EQ(told(read_outcome(api.match(api.release), 500, "")), "unknown 0/0");
  api.release.results[0].released = at("count(json:/released/*)");
  EXPECT_EQ(told(read_outcome(api.match(api.release), 200, R"({"released":[1,2]})")), "finished 0/2");
  EXPECT_EQ(told(read_outcome(api.match(api.release), 200, R"({})")), "unknown 0/0");
}

TEST(NationalNumber, NormalisesWhatIsANumberAndNothingElse) {
  const std::pair<std::string, std::string> table[] = {
      {"0312345678", "0312345678"},
      {"03-1234-5678", "0312345678"},
      {"(03) 1234 5678", "0312345678"},
      {"+81312345678", "0312345678"},
      {"+81 3-1234-5678", "0312345678"},
      {"０３－１２３４－５６７８", "0312345678"},
      {"＋81　3 1234 5678", "0312345678"},
      {"05012345678", "05012345678"},
      {"08001234567", "08001234567"},
      {"02001234567890", "02001234567890"},
      {"+810312345678", ""},
      {"+1 212 555 0100", ""},
      {"81312345678", ""},
      {"0081312345678", ""},
      {"312345678", ""},
      {"031234567", ""},
      {"020012345678901", ""},
      {"", ""},
      {"+", ""},
      {"++81312345678", ""},
      {"03+12345678", ""},
      {"03/1234/5678", ""},
      {"0312345678x1", ""},
      {"03１2345678\xef", ""},
      {"tel:0312345678", ""},
  };
  for (const auto& [text, expected] : table) EXPECT_EQ(national_number(text).value_or(""), expected) << text;
}

}  // namespace
}  // namespace sekisho::policy
