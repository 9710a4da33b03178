// Refusals in the dialects of carriers' APIs: the bodies as tables, and that each is what its type says
// whatever is quoted in it.
#include "gateway/http/dialect.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <random>
#include <sstream>

#include "policy/form.h"
#include "policy/xml.h"

namespace sekisho::http {
namespace {

namespace json = boost::json;
using policy::Denials;
using policy::Family;
using policy::Language;
using policy::Reason;
using Shape = Denials::Shape;

Denials dialect(Shape shape) {
  Denials denials{.shape = shape};
  if (shape == Shape::json || shape == Shape::form) denials.names = {{}, "code", "message", "status"};
  if (shape == Shape::xml) denials.names = {{"Response", "Error"}, "Code", "Description", "Status"};
  return denials;
}

constexpr Shape shapes[] = {Shape::problem,   Shape::json, Shape::json_api,
                            Shape::tmf_error, Shape::xml,  Shape::form};

Problem quota() {
  Problem problem{.reason = Reason::quota_exceeded};
  problem.instance = "/v1/orders";
  problem.decision = "01D";
  problem.contact = "desk@carrier.example";
  problem.reasons = {{"quota-exceeded", "daily", "contract", "Too many.", "Wait."}};
  problem.limits = {
      {"daily", "quota-exceeded", "day", 10, 7, 0, 3, policy::parse_instant("2026-11-25T00:00:00+09:00")},
      {"life", "quota-exceeded", "lifetime", 90, 0, 0, 90, std::nullopt}};
  problem.retry_after = 3600;
  return problem;
}

TEST(Dialect, bodies) {
  Denials::Table<Denials::Code> numbers, words;
  numbers.of_reason[Reason::quota_exceeded] = {"21422", true};
  words.of_family[Family::not_now] = {"LIMIT"};
  const std::string part =
      R"({"code":"quota-exceeded","decision":"01D","contact":"desk@carrier.example","reasons":[)"
      R"({"code":"quota-exceeded","rule":"daily","basis":"contract","text":"Too many.","remedy":"Wait."}],)"
      R"("limits":[{"rule":"daily","code":"quota-exceeded","per":"day","limit":10,"used":7,"held":0,"left":3,)"
      R"("resets_at":"2026-11-25T00:00:00.000+09:00"},{"rule":"life","code":"quota-exceeded",)"
      R"("per":"lifetime","limit":90,"used":0,"held":0,"left":90,"resets_at":null}]})";
  const std::string en = "Too many. Wait. Contact: desk@carrier.example (quota-exceeded, decision 01D)";
  const std::string ja = "Too many. Wait. 連絡先：desk@carrier.example (quota-exceeded、判定 ID 01D)";
  auto flat = dialect(Shape::json), nested = flat;
  nested.names = {{"reply", "error"}, "error-code", "error-code-label", ""};
  struct {
    Denials denials;
    Denials::Table<Denials::Code> codes;
    Language language;
    std::string type, body;
  } const table[] = {
      {flat,
       {},
       Language::en,
       "application/json",
       R"({"code":"quota-exceeded","message":")" + en + R"(","status":429,"sekisho":)" + part + "}"},
      {flat, numbers, Language::ja, "application/json",
       R"({"code":21422,"message":")" + ja + R"(","status":429,"sekisho":)" + part + "}"},
      {nested, words, Language::en, "application/json",
       R"({"reply":{"error":{"error-code":"LIMIT","error-code-label":")" + en + R"(","sekisho":)" + part +
           "}}}"},
      {dialect(Shape::json_api),
       {},
       Language::en,
       "application/vnd.api+json",
       R"({"errors":[{"status":"429","code":"quota-exceeded",)"
       R"("title":"A limit on numbers leaves fewer than were ordered.","detail":")" +
           en +
           R"(","meta":{"code":"quota-exceeded","rule":"daily","basis":"contract"}}],"meta":{"sekisho":)" +
           part + "}}"},
      {dialect(Shape::tmf_error), numbers, Language::ja, "application/json",
       R"({"@type":"Error","code":"21422","reason":"番号の上限を超えています。","message":")" + ja +
           R"(","status":"429","referenceError":"https://sekisho.example/problems/quota-exceeded","sekisho":)" +
           part + "}"},
      {dialect(Shape::xml), numbers, Language::en, "application/xml",
       "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Error><Code>21422</Code><Description>" + en +
           "</Description><Status>429</Status><sekisho><code>quota-exceeded</code><decision>01D</decision>"
           "<contact>desk@carrier.example</contact><reasons><reason><code>quota-exceeded</code><rule>daily</"
           "rule>"
           "<basis>contract</basis><text>Too many.</text><remedy>Wait.</remedy></reason></reasons>"
           "<limits><limit><rule>daily</rule><code>quota-exceeded</code><per>day</per><limit>10</limit>"
           "<used>7</used><held>0</held><left>3</left><resets_at>2026-11-25T00:00:00.000+09:00</resets_at></"
           "limit>"
           "<limit><rule>life</rule><code>quota-exceeded</code><per>lifetime</per><limit>90</limit><used>0</"
           "used>"
           "<held>0</held><left>90</left></limit></limits></sekisho></Error></Response>"},
      {dialect(Shape::form), words, Language::en, "application/x-www-form-urlencoded",
       "code=LIMIT&message=Too+many.+Wait.+Contact%3A+desk%40carrier.example+%28quota-exceeded%2C+decision+"
       "01D%29"
       "&status=429&sekisho_code=quota-exceeded&sekisho_decision=01D&sekisho_contact=desk%40carrier.example"},
  };
  for (auto row : table) {
    row.denials.codes = row.codes;
    const auto response = to_response(quota(), row.language, &row.denials);
    EXPECT_EQ(response.status, 429);
    EXPECT_EQ(response.headers.find("Content-Type"), row.type);
    EXPECT_EQ(response.body, row.body);
  }
}

TEST(Dialect, without_one_nothing_changes) {
  const Denials none;
  const auto plain = to_response(quota(), Language::ja), same = to_response(quota(), Language::ja, &none);
  EXPECT_EQ(plain.body, same.body);
  EXPECT_EQ(plain.headers.find("Content-Type"), "application/problem+json");
}

TEST(Dialect, headers_stay_in_every_shape) {
  for (const auto shape : shapes) {
    const auto denials = dialect(shape);
    const auto response = to_response(quota(), Language::ja, &denials);
    EXPECT_EQ(response.headers.find("Sekisho-Decision"), "01D") << name(shape);
    EXPECT_EQ(response.headers.find("Retry-After"), "3600") << name(shape);
    EXPECT_EQ(response.headers.find("Content-Language"), "ja") << name(shape);
    EXPECT_EQ(response.headers.find("Cache-Control"), "no-store") << name(shape);
    EXPECT_EQ(response.headers.count("Content-Type"), 1u) << name(shape);
  }
}

TEST(Dialect, statuses_are_those_that_the_clients_know) {
  Denials denials;
  denials.status.of_family = {{Family::decision, 409}, {Family::not_now, 420}, {Family::carrier, 200}};
  denials.status.of_reason = {{Reason::etoc_revoked, 410}};
  struct {
    Problem problem;
    int status;
  } const table[] = {
      {{.reason = Reason::plan_missing}, 409},
      {{.reason = Reason::etoc_revoked}, 410},
      {{.reason = Reason::quota_exceeded}, 420},
      {{.reason = Reason::quota_exceeded, .status = 429}, 420},
      {{.reason = Reason::quota_exceeded, .status = 403}, 409},  // waiting does not help: a no like any other
      {{.reason = Reason::carrier_timeout}, 200},
      {{.reason = Reason::ledger_unavailable}, 503},
      {{.reason = Reason::unauthenticated}, 401},
  };
  for (const auto& [problem, status] : table) {
    EXPECT_EQ(status_in(denials, problem), status) << code(problem.reason);
    const auto response = to_response(problem, Language::en, &denials);
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(json::parse(response.body).at("status").as_int64(), status)
        << "the body says what the line says";
  }
}

TEST(Dialect, json_api_has_an_error_for_each_reason_with_its_own_code) {
  auto denials = dialect(Shape::json_api);
  denials.codes.of_reason = {{Reason::plan_missing, {"100", true}}};
  denials.codes.of_family = {{Family::decision, {"101", true}}};
  Problem problem{.reason = Reason::plan_missing, .decision = "01D"};
  problem.reasons = {
      {"plan-missing", "", "", "a", "b"}, {"etoc-expired", "", "", "c", ""}, {"own-word", "", "", "d"}};
  const auto body = json::parse(to_response(problem, Language::en, &denials).body);
  std::string told;
  for (const auto& error : body.at("errors").as_array())
    told +=
        std::string(error.at("code").as_string()) + ": " + std::string(error.at("detail").as_string()) + "\n";
  EXPECT_EQ(told,
            "100: a b (plan-missing, decision 01D)\n"
            "101: c (plan-missing, decision 01D)\n"
            "100: d (plan-missing, decision 01D)\n");
}

TEST(Dialect, one_text_says_every_reason_once_and_what_no_reason_says) {
  auto denials = dialect(Shape::json);
  Problem problem{.reason = Reason::plan_missing};
  problem.reasons = {{"plan-missing", "a", "", "No plan.", "Show one."},
                     {"plan-missing", "b", "", "No plan.", "Show one."},
                     {"etoc-expired", "c", "", "Expired.", ""}};
  problem.detail = "the plan ended yesterday";
  const auto message = [&] {
    return std::string(
        json::parse(to_response(problem, Language::en, &denials).body).at("message").as_string());
  };
  EXPECT_EQ(message(), "the plan ended yesterday No plan. Show one. Expired. (plan-missing)");
  problem.reasons[0].text += " the plan ended yesterday";
  EXPECT_EQ(message(),
            "No plan. the plan ended yesterday Show one. No plan. Show one. Expired. (plan-missing)");
}

// Every reason, both languages, every shape: the code, the decision and what to do can be found.
TEST(Dialect, every_reason_in_every_shape_says_its_code_and_decision) {
  for (const auto& row : policy::all_reasons())
    for (const auto language : {Language::en, Language::ja})
      for (const auto shape : shapes) {
        SCOPED_TRACE(std::string(row.code) + " " + std::string(name(shape)));
        auto denials = dialect(shape);
        denials.codes.of_family[row.family] = {"4711", true};
        const auto response = to_response({.reason = row.reason, .decision = "01D"}, language, &denials);
        std::string body = response.body;
        if (shape == Shape::form) {
          policy::Form form;
          ASSERT_EQ(form.read(body), "");
          policy::Found decision, own, text;
          form.find("sekisho_decision", decision);
          form.find("sekisho_code", own);
          form.find("message", text);
          EXPECT_EQ(decision.values.at(0).text, "01D");
          EXPECT_EQ(own.values.at(0).text, row.code);
          body = text.values.at(0).text;
        }
        for (const auto part :
             {row.code, row.remedy[static_cast<std::size_t>(language)], std::string_view("01D")})
          EXPECT_NE(body.find(part), body.npos) << part;
        EXPECT_EQ(response.headers.find("Sekisho-Decision"), "01D");
        EXPECT_EQ(response.status, row.status);
      }
}

// Text of pieces that end quotations, elements and fields, and bytes that are none.
std::string hostile(std::mt19937_64& random) {
  static const std::string pieces[] = {"\"",
                                       "\\",
                                       "<",
                                       ">",
                                       "&",
                                       "&amp;",
                                       "]]>",
                                       "<!--",
                                       "</Error>",
                                       "\r",
                                       "\n",
                                       "\t",
                                       std::string(1, '\0'),
                                       "\x01",
                                       "\x7f",
                                       "\xff",
                                       "\xe9\x96",
                                       "\xef\xbf\xbe",
                                       "\xef\xbf\xbf",
                                       "番号",
                                       "𠮷",
                                       "'",
                                       ";",
                                       "=",
                                       "+",
                                       "%",
                                       "%00",
                                       " ",
                                       "a",
                                       "{",
                                       "}",
                                       "\xc2\x85",
                                       "\xe2\x80\xa8",
                                       "\xed\xa0\x80"};
  std::string out;
  for (auto n = random() % 12; n > 0; --n) out += pieces[random() % std::size(pieces)];
  return out;
}

// What XML can carry of a text.
std::string in_xml(std::string text) {
  for (const auto& never : {"\xef\xbf\xbe", "\xef\xbf\xbf"})
    for (std::size_t at; (at = text.find(never)) != text.npos;) text.replace(at, 3, "\xef\xbf\xbd");
  std::string out;
  for (const char c : text) {
    const bool writable = static_cast<unsigned char>(c) >= 0x20 || c == '\t' || c == '\n' || c == '\r';
    out += writable ? std::string(1, c) : "\xef\xbf\xbd";
  }
  return out;
}

TEST(Dialect, nothing_that_is_quoted_breaks_a_body) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int run = 0; run < 3000 && !HasFailure(); ++run) {
    Problem problem{.reason = Reason::unreadable_order, .decision = "01D"};
    problem.detail = hostile(random);
    problem.contact = hostile(random);
    problem.reasons = {{"unreadable-order", hostile(random), "", "x" + hostile(random), hostile(random)}};
    problem.limits = {{hostile(random), hostile(random), hostile(random), 1, 2, 3, 4, std::nullopt}};
    // What is to be found again: the text as problem+json has it.
    const auto plain = json::parse(to_response(problem, Language::en).body);
    const std::string text(plain.at("reasons").at(0).at("text").as_string());
    for (const auto shape : shapes) {
      SCOPED_TRACE(name(shape));
      auto denials = dialect(shape);
      denials.codes.of_family[Family::request] = {hostile(random).append("x"), false};
      if (!simdjson::validate_utf8(denials.codes.of_family[Family::request].text))
        denials.codes = {};  // a file is UTF-8
      const auto response = to_response(problem, Language::en, &denials);
      ASSERT_TRUE(simdjson::validate_utf8(response.body));
      if (shape == Shape::xml) {
        policy::Xml strict;
        EXPECT_EQ(strict.read(response.body, policy::Writer::caller), "") << response.body;
        std::istringstream in(response.body);
        boost::property_tree::ptree tree;
        ASSERT_NO_THROW(boost::property_tree::read_xml(in, tree)) << response.body;
        const auto& error = tree.get_child("Response.Error");
        EXPECT_EQ(error.get<std::string>("sekisho.decision"), "01D");
        EXPECT_EQ(error.get<std::string>("sekisho.code"), "unreadable-order");
        EXPECT_EQ(error.get<std::string>("sekisho.reasons.reason.text"), in_xml(text));
        EXPECT_EQ(tree.size(), 1u);
      } else if (shape == Shape::form) {
        policy::Form form;
        ASSERT_EQ(form.read(response.body), "") << response.body;
        EXPECT_FALSE(form.repeated());
        policy::Found message, decision;
        form.find("message", message);
        form.find("sekisho_decision", decision);
        ASSERT_EQ(message.values.size(), 1u);
        EXPECT_NE(message.values[0].text.find(text), std::string::npos);
        EXPECT_EQ(decision.values.at(0).text, "01D");
      } else {
        simdjson::dom::parser parser;
        simdjson::dom::element read;
        ASSERT_FALSE(parser.parse(simdjson::padded_string(response.body)).get(read)) << response.body;
        const auto tree = json::parse(response.body);
        const auto& own = shape == Shape::problem    ? tree
                          : shape == Shape::json_api ? tree.at("meta").at("sekisho")
                                                     : tree.at("sekisho");
        EXPECT_EQ(own.at("decision").as_string(), "01D");
        EXPECT_EQ(own.at("code").as_string(), "unreadable-order");
        EXPECT_EQ(own.at("reasons").at(0).at("text").as_string(), text);
      }
    }
  }
}

}  // namespace
}  // namespace sekisho::http
