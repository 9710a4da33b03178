// Spans as a collector reads them: to the letter, and whatever stands in them.
#include "gateway/span.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace sekisho::gateway {
namespace {
namespace json = boost::json;

const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";

Span call() {
  return {.trace = trace,
          .id = 0xeee19b7ec3c1b174,
          .parent = "00f067aa0ba902b7",
          .parent_elsewhere = true,
          .kind = Span::Kind::server,
          .name = "POST /v1/number-orders",
          .start = 1544712660000000001,
          .end = 1544712661000000002,
          .attributes = {{"http.request.method", "POST"}, {"http.response.status_code", std::int64_t(201)}}};
}

TEST(ExportRequest, is_otlp_in_json_to_the_letter) {
  const std::vector<Span> spans = {
      call(),
      {.trace = trace, .id = 0x1f, .parent = "eee19b7ec3c1b174", .name = "hold", .start = 1, .end = 2},
      {.trace = trace, .id = 0x2f, .kind = Span::Kind::client, .name = "POST", .failed = true},
  };
  EXPECT_EQ(
      export_request({.version = "1.2.3", .gateway = "gw-7"}, spans),
      R"({"resourceSpans":[{"resource":{"attributes":[)"
      R"({"key":"service.name","value":{"stringValue":"sekisho"}},)"
      R"({"key":"service.version","value":{"stringValue":"1.2.3"}},)"
      R"({"key":"service.instance.id","value":{"stringValue":"gw-7"}}]},)"
      R"("scopeSpans":[{"scope":{"name":"sekisho","version":"1.2.3"},"spans":[)"
      R"({"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"eee19b7ec3c1b174",)"
      R"("parentSpanId":"00f067aa0ba902b7","flags":769,"name":"POST /v1/number-orders","kind":2,)"
      R"("startTimeUnixNano":"1544712660000000001","endTimeUnixNano":"1544712661000000002",)"
      R"("attributes":[{"key":"http.request.method","value":{"stringValue":"POST"}},)"
      R"({"key":"http.response.status_code","value":{"intValue":"201"}}]},)"
      R"({"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"000000000000001f",)"
      R"("parentSpanId":"eee19b7ec3c1b174","flags":257,"name":"hold","kind":1,)"
      R"("startTimeUnixNano":"1","endTimeUnixNano":"2","attributes":[]},)"
      R"({"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"000000000000002f","flags":257,"name":"POST",)"
      R"("kind":3,"startTimeUnixNano":"0","endTimeUnixNano":"0","attributes":[],"status":{"code":2}}]}]}]})");
}

TEST(ExportRequest, whatever_stands_in_a_text_it_is_json) {
  for (const std::string text : {"\"}]", "\\", "\n\r\t\x1f", "新宿", ""}) {
    auto span = call();
    span.name = text;
    span.attributes.emplace_back("sekisho.carrier", text);
    const std::vector<Span> spans = {span};
    const auto read = json::parse(export_request({.version = text, .gateway = text}, spans));
    const auto& told = read.at("resourceSpans").at(0).at("scopeSpans").at(0).at("spans").at(0);
    EXPECT_EQ(told.at("name").as_string(), text);
    EXPECT_EQ(told.at("attributes").at(2).at("value").at("stringValue").as_string(), text);
  }
}

TEST(ExportRequest, of_no_spans_is_one_too) {
  const auto read = json::parse(export_request({}, {}));
  EXPECT_TRUE(read.at("resourceSpans").at(0).at("scopeSpans").at(0).at("spans").as_array().empty());
}

}  // namespace
}  // namespace sekisho::gateway
