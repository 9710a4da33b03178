// What a collector may answer, row by row.
#include "gateway/collector_answer.h"

#include <gtest/gtest.h>

namespace sekisho::gateway {
namespace {

using namespace std::chrono_literals;
using Kind = CollectorAnswer::Kind;

constexpr std::int64_t now = 1795046400;  // 2026-11-19 00:00:00 GMT, a Thursday

CollectorAnswer answer(int status, const std::string& body, const std::string& retry_after = "") {
  http::Response response{.status = status};
  response.body = body;
  if (!retry_after.empty()) response.headers.add("Retry-After", retry_after);
  return understood(response, now);
}

TEST(CollectorAnswer, says_whether_to_come_again) {
  const struct {
    int status;
    Kind kind;
  } table[] = {{200, Kind::taken},   {202, Kind::taken},   {204, Kind::taken},   {301, Kind::refused},
               {400, Kind::refused}, {401, Kind::refused}, {404, Kind::refused}, {413, Kind::refused},
               {429, Kind::later},   {500, Kind::refused}, {501, Kind::refused}, {502, Kind::later},
               {503, Kind::later},   {504, Kind::later}};
  for (const auto& [status, kind] : table) {
    EXPECT_EQ(answer(status, "").kind, kind) << status;
    EXPECT_EQ(answer(status, "").why.empty(), kind == Kind::taken) << status;
  }
}

TEST(CollectorAnswer, says_when_to_come_again) {
  const struct {
    const char* text;
    std::chrono::milliseconds wait;
  } table[] = {{"0", 0s},
               {"7", 7s},
               {"100000000", 24h},
               {"99999999999999999999", 0s},
               {"-1", 0s},
               {"soon", 0s},
               {"1.5", 0s},
               {"7 ", 0s},
               {"Thu, 19 Nov 2026 00:00:30 GMT", 30s},
               {"Wed, 18 Nov 2026 23:59:00 GMT", 0s},
               {"Thu, 19 Nov 2026 00:00:30 GMT, or so", 0s},
               {"Thu, 19 Nov 2026", 0s}};
  for (const auto& [text, wait] : table) {
    EXPECT_EQ(answer(429, "", text).wait, wait) << text;
    EXPECT_EQ(answer(503, "", text).wait, wait) << text;
    EXPECT_EQ(answer(200, "", text).wait, 0s) << text;
  }
}

TEST(CollectorAnswer, says_what_was_thrown_away) {
  const struct {
    const char* body;
    std::uint64_t rejected;
    const char* why;
  } table[] = {
      {"", 0, ""},
      {"{}", 0, ""},
      {R"({"partialSuccess":{}})", 0, ""},
      {R"({"partialSuccess":{"rejectedSpans":"3","errorMessage":"too old"}})", 3, "too old"},
      {R"({"partialSuccess":{"rejectedSpans":3}})", 3, "it does not say why"},
      {R"({"partialSuccess":{"errorMessage":"a warning"}})", 0, "a warning"},
      {R"({"partialSuccess":{"rejectedSpans":-1}})", 0, ""},
      {R"({"partialSuccess":{"rejectedSpans":"many"}})", 0, ""},
      {R"({"partialSuccess":[]})", 0, ""},
      {R"({"partialSuccess":null})", 0, ""},
      {"[1]", 0, ""},
      {"<html>", 0, ""},
      {"\xff\xfe", 0, ""},
  };
  for (const auto& [body, rejected, why] : table) {
    EXPECT_EQ(answer(200, body).kind, Kind::taken) << body;
    EXPECT_EQ(answer(200, body).rejected, rejected) << body;
    EXPECT_EQ(answer(200, body).why, why) << body;
  }
  const auto talkative = R"({"partialSuccess":{"errorMessage":")" + std::string(10'000, 'a') + "\"}}";
  EXPECT_EQ(answer(200, talkative).why.size(), 200u);
  const auto cut =
      answer(
          200,
          R"({"partialSuccess":{"errorMessage":"あああああああああああああああああああああああああああああああああああああああああああああああああああああああああああああああああああああああああああああああああああああ"}})")
          .why;
  EXPECT_EQ(cut.size(), 198u) << "whole characters";
}

}  // namespace
}  // namespace sekisho::gateway
