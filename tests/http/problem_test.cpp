#include "gateway/http/problem.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>

#include "gateway/http/writer.h"
#include "tests/http/feed.h"

namespace sekisho::http {
namespace {

namespace json = boost::json;
using policy::Language;
using policy::Reason;

json::object body(const Response& response) { return json::parse(response.body).as_object(); }
std::string_view text(const json::object& object, const char* name) {
  const auto& value = object.at(name).as_string();
  return {value.data(), value.size()};
}

TEST(Problem, EveryReasonHasACompleteAnswerInBothLanguages) {
  for (const auto& row : policy::all_reasons()) {
    for (Language language : {Language::en, Language::ja}) {
      SCOPED_TRACE(row.code);
      const Response response = to_response({.reason = row.reason}, language);
      const auto in = static_cast<std::size_t>(language);
      const json::object told = body(response);
      EXPECT_EQ(response.status, row.status);
      EXPECT_EQ(text(told, "type"), "https://sekisho.example/problems/" + std::string(row.code));
      EXPECT_EQ(text(told, "title"), row.title[in]);
      EXPECT_EQ(text(told, "detail"), row.title[in]);
      EXPECT_EQ(text(told, "code"), row.code);
      EXPECT_EQ(told.at("status").as_int64(), row.status);
      ASSERT_EQ(told.at("reasons").as_array().size(), 1u);
      const json::object& reason = told.at("reasons").as_array()[0].as_object();
      EXPECT_EQ(text(reason, "code"), row.code);
      EXPECT_EQ(text(reason, "text"), row.title[in]);
      EXPECT_EQ(text(reason, "remedy"), row.remedy[in]);
      EXPECT_FALSE(told.contains("decision") || told.contains("contact") || told.contains("limits") ||
                   told.contains("instance"));
      EXPECT_EQ(response.headers.find("Content-Type"), "application/problem+json");
      EXPECT_EQ(response.headers.find("Content-Language"), language == Language::ja ? "ja" : "en");
      EXPECT_EQ(response.headers.find("Cache-Control"), "no-store");
      EXPECT_EQ(response.headers.count("Retry-After"), row.status == 503 ? 1u : 0u);
      EXPECT_EQ(response.headers.count("WWW-Authenticate"), row.status == 401 ? 1u : 0u);
      EXPECT_EQ(response.headers.count("Allow"), row.status == 405 ? 1u : 0u);
      std::string bytes;
      write(bytes, response, false);
      EXPECT_EQ(read_response({bytes}, {}, false, false), tell(response));
    }
  }
}

TEST(Problem, ALimitIsToldWithWhatIsLeftAndWhenItResets) {
  Problem problem{.reason = Reason::quota_exceeded};
  problem.detail = "10 numbers were ordered, 3 are left today.";
  problem.instance = "/v1/number-orders";
  problem.decision = "d-01";
  problem.contact = "numbers@carrier.example";
  problem.reasons = {{"quota-exceeded", "daily-fixed", "contract", "too many", "order less"},
                     {"supply-refused", "", "", "no", ""}};
  problem.limits = {{"daily-fixed", "quota-exceeded", "day", 100, 90, 7, 3,
                     policy::parse_instant("2026-11-25T00:00:00+09:00")},
                    {"", "quota-exceeded", "order", 5, 0, 0, 5, std::nullopt}};
  problem.retry_after = 3600;
  const Response response = to_response(problem, Language::en);
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(response.headers.find("Retry-After"), "3600");
  EXPECT_EQ(response.headers.find("Sekisho-Decision"), "d-01");
  EXPECT_TRUE(response.keep_alive);
  EXPECT_EQ(
      response.body,
      R"({"type":"https://sekisho.example/problems/quota-exceeded",)"
      R"("title":"A limit on numbers leaves fewer than were ordered.","status":429,)"
      R"("detail":"10 numbers were ordered, 3 are left today.","instance":"/v1/number-orders",)"
      R"("code":"quota-exceeded","reasons":[{"code":"quota-exceeded","rule":"daily-fixed","basis":"contract",)"
      R"("text":"too many","remedy":"order less"},{"code":"supply-refused","text":"no"}],)"
      R"("decision":"d-01","contact":"numbers@carrier.example","limits":[{"rule":"daily-fixed",)"
      R"("code":"quota-exceeded","per":"day","limit":100,"used":90,"held":7,"left":3,)"
      R"("resets_at":"2026-11-25T00:00:00.000+09:00"},{"code":"quota-exceeded","per":"order",)"
      R"("limit":5,"used":0,"held":0,"left":5,"resets_at":null}]})");
}

TEST(Problem, WhereWaitingDoesNotHelpAQuotaIs403) {
  const Response response = to_response({.reason = Reason::quota_exceeded, .status = 403}, Language::en);
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(body(response).at("status").as_int64(), 403);
  EXPECT_FALSE(response.headers.find("Retry-After"));
}

TEST(Problem, RetryAfterIsAtLeastASecond) {
  Problem problem{.reason = Reason::rate_exceeded};
  problem.retry_after = 0;
  EXPECT_EQ(to_response(problem, Language::en).headers.find("Retry-After"), "1");
}

TEST(Problem, WhatIsQuotedCannotBreakTheBody) {
  Problem problem{.reason = Reason::unreadable_order};
  problem.detail = "quantity is \"1\\\r\n\x01\xff\xe9\x96\"";
  problem.contact = "番号係 <desk@carrier.example>";
  const Response response = to_response(problem, Language::ja);
  const json::object told = body(response);  // throws on bytes that are not UTF-8
  EXPECT_EQ(text(told, "detail"), "quantity is \"1\\\r\n\x01???\"");
  EXPECT_EQ(text(told, "contact"), "番号係 <desk@carrier.example>");
}

TEST(Problem, AnAnswerAboutABrokenMessageEndsTheConnection) {
  const std::set<Reason> ends = {
      Reason::malformed,      Reason::request_timeout, Reason::headers_too_large, Reason::uri_too_long,
      Reason::body_too_large, Reason::length_required, Reason::expectation_failed};
  for (const auto& row : policy::all_reasons())
    EXPECT_EQ(to_response({.reason = row.reason}, Language::en).keep_alive, !ends.contains(row.reason))
        << row.code;
}

TEST(ChooseLanguage, FollowsTheWeights) {
  struct Case {
    const char* header;
    Language then;
  };
  const Case cases[] = {
      {"ja", Language::ja},
      {"en", Language::en},
      {"JA", Language::ja},
      {"ja-JP", Language::ja},
      {"en-GB, ja", Language::en},
      {"ja, en", Language::ja},
      {"en, ja", Language::en},
      {"ja-JP,ja;q=0.9,en-US;q=0.8,en;q=0.7", Language::ja},
      {"en-US,en;q=0.9,ja;q=0.8", Language::en},
      {"en;q=0.1, ja;q=0.2", Language::ja},
      {"en;q=0.2, ja;q=0.1", Language::en},
      {"en ; q=0.5 , ja ; q=0.501", Language::ja},
      {"ja;Q=1.000", Language::ja},
      {"fr", Language::en},
      {"fr, ja;q=0.1", Language::ja},
      {"fr, *;q=0.1", Language::en},
      {"*", Language::en},
      {"en;q=0, *", Language::ja},
      {"en;q=0", Language::en},
      {"ja;q=0", Language::en},
      {"ja;q=0, *", Language::en},
      {"*, en;q=0.5", Language::ja},
      {"ja;q=0, en;q=0", Language::en},
      {"", Language::en},
      {",,,ja,", Language::ja},
      {"jam", Language::en},
      {"jav-ID, fr", Language::en},
      {"ja;q=2", Language::en},  // not a weight: the element says nothing
      {"ja;q=", Language::en},
      {"ja;q=0.1234", Language::en},
      {"ja;q=1.001", Language::en},
      {"ja;level=1", Language::en},
      {"ja;q=1;x", Language::en},
  };
  for (const Case& c : cases) EXPECT_EQ(choose_language(c.header), c.then) << c.header;
  EXPECT_EQ(choose_language(std::nullopt), Language::en);
}

}  // namespace
}  // namespace sekisho::http
