// The `denials` of carrier files: what they mean, and what is said of those that cannot be read.
#include "policy/denials.h"

#include <gtest/gtest.h>

#include "config/installation.h"
#include "tests/config/written.h"

namespace sekisho::config {
namespace {

using policy::Denials;
using policy::Family;
using policy::Reason;
using Shape = Denials::Shape;

// Line 3 is the carrier's `denials`, line 6 ends with the route's.
std::string file(const std::string& denials, const std::string& of_route = "",
                 const std::string& routes = "") {
  return "schema: sekisho/carrier/v1\ncarrier: a\n" + (denials.empty() ? "#" : "denials: " + denials) +
         "\nupstream: { endpoints: [\"http://h\"] }\nroutes:\n  - { match: GET /a, operation: pass" +
         (of_route.empty() ? "" : ", denials: " + of_route) + " }\n" + routes;
}

Loaded<policy::Carrier> load(const std::string& text) {
  Folder folder;
  return load_carrier(folder.write("c", text));
}

std::shared_ptr<const Denials> denials_of(const std::string& carrier, const std::string& route = "") {
  const auto loaded = load(file(carrier, route));
  EXPECT_TRUE(loaded) << print(loaded.errors);
  return loaded ? loaded.value->routes.at(0).denials : nullptr;
}

TEST(CarrierDenials, none_is_problem_json) { EXPECT_EQ(denials_of(""), nullptr); }

TEST(CarrierDenials, a_shape_has_its_usual_names) {
  const auto xml = denials_of("{ shape: xml }");
  ASSERT_TRUE(xml);
  EXPECT_EQ(xml->shape, Shape::xml);
  EXPECT_EQ(xml->names.root, std::vector<std::string>{"Error"});
  EXPECT_EQ(xml->names.code + xml->names.text + xml->names.status, "CodeDescription");
  const auto json = denials_of("{ shape: json, names: { root: reply/error, text: label } }");
  ASSERT_TRUE(json);
  EXPECT_EQ(json->names.root, (std::vector<std::string>{"reply", "error"}));
  EXPECT_EQ(json->names.code + " " + json->names.text + " " + json->names.status, "code label status");
}

TEST(CarrierDenials, a_reasons_own_entry_is_nearer_than_its_familys) {
  const auto denials = denials_of(
      "{ shape: json, status: { decision: 409, etoc-revoked: 410, unsure: 500 }, "
      "codes: { decision: 1, quota-exceeded: \"21422\", not_now: E2 } }");
  ASSERT_TRUE(denials);
  const auto status = [&](Reason reason) {
    const auto* found = denials->status.find(reason, policy::row(reason).family);
    return found ? *found : 0;
  };
  EXPECT_EQ(status(Reason::plan_missing), 409);
  EXPECT_EQ(status(Reason::etoc_revoked), 410);
  EXPECT_EQ(status(Reason::registry_stale), 500);
  EXPECT_EQ(status(Reason::quota_exceeded), 0);
  EXPECT_EQ(*denials->codes.find(Reason::plan_missing, Family::decision), (Denials::Code{"1", true}));
  EXPECT_EQ(*denials->codes.find(Reason::quota_exceeded, Family::not_now), (Denials::Code{"21422", false}));
  EXPECT_EQ(*denials->codes.find(Reason::rate_exceeded, Family::not_now), (Denials::Code{"E2", false}));
}

TEST(CarrierDenials, a_route_changes_what_it_names_and_keeps_the_rest) {
  const std::string carrier = "{ shape: json, names: { code: c }, status: { decision: 409, not_now: 420 } }";
  const auto same = denials_of(carrier);
  ASSERT_TRUE(same);
  EXPECT_EQ(same->names.code, "c");
  const auto other = denials_of(carrier, "{ status: { decision: 200 } }");
  ASSERT_TRUE(other);
  EXPECT_EQ(other->shape, Shape::json);
  EXPECT_EQ(other->names.code, "c");
  EXPECT_EQ(other->status.of_family,
            (std::map<Family, int>{{Family::decision, 200}, {Family::not_now, 420}}));
  const auto xml = denials_of(carrier, "{ shape: xml }");
  ASSERT_TRUE(xml);
  EXPECT_EQ(xml->names.code, "Code") << "names belong to a shape";
  EXPECT_EQ(xml->status.of_family.size(), 2u);
  const auto plain = denials_of(carrier, "{ shape: problem }");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->shape, Shape::problem);
}

// A status that reads as heard would end the carrier's tries.
TEST(CarrierDenials, a_webhook_is_answered_in_problem_json) {
  const std::string webhook =
      "  - match: POST /events\n    operation: status\n"
      "    webhook: { signature: hmac-sha256, header: X-Signature, secret: s }\n"
      "    order: { order_id: json:/id }\n    result: [ { granted: json:/n } ]\n";
  const auto loaded = load(file("{ shape: xml, status: { unsure: 200 } }", "", webhook));
  ASSERT_TRUE(loaded) << print(loaded.errors);
  EXPECT_TRUE(loaded.value->routes.at(0).denials);
  EXPECT_FALSE(loaded.value->routes.at(1).denials);
  EXPECT_EQ(print(load(file("", "", webhook + "    denials: { shape: xml }\n")).errors),
            "c:12:14: a webhook is called by the carrier, which is answered in problem+json\n");
}

TEST(CarrierDenials, what_is_wrong_is_told) {
  const std::pair<const char*, const char*> table[] = {
      {"xml", "3:10: expected 'denials' as a map, not 'xml'"},
      {"{ status: { decision: 409 } }", "3:10: 'denials' needs 'shape'"},
      {"{ shape: soap }", "3:19: 'soap' is not one of problem, json, json_api, tmf_error, xml, form"},
      {"{ shape: jsn }",
       "3:19: 'jsn' is not one of problem, json, json_api, tmf_error, xml, form; did you mean 'json'?"},
      {"{ shape: xml, statuses: {} }", "3:24: unknown key 'statuses' in 'denials'; did you mean 'status'?"},
      {"{ shape: xml, status: 409 }",
       "3:32: expected a map from reasons or their families to HTTP statuses, not '409'"},
      {"{ shape: xml, status: {} }",
       "3:32: expected a map from reasons or their families to HTTP statuses, not an empty map"},
      {"{ shape: xml, status: { quota-exceded: 409 } }",
       "3:34: 'quota-exceded' is neither a reason's code nor a family (request, decision, not_now, unsure, "
       "carrier); "
       "did you mean 'quota-exceeded'?"},
      {"{ shape: xml, status: { decision: 503 } }",
       "3:44: expected a status from 400 to 499, or 200: this is a refusal, and no failure, not '503'"},
      {"{ shape: xml, status: { ledger-unavailable: 403 } }",
       "3:54: expected a status from 500 to 599, or 200: that the gate could not decide is no refusal, not "
       "'403'"},
      {"{ shape: xml, status: { carrier: 409 } }",
       "3:43: expected a status from 500 to 599, or 200: that the carrier failed is no refusal, not '409'"},
      {"{ shape: xml, status: { not_now: 202 } }",
       "3:43: expected a status from 400 to 499, or 200: this is a refusal, and no failure, not '202'"},
      {"{ shape: xml, status: { not_now: 4xx } }", "3:43: expected a whole number, not '4xx'"},
      {"{ shape: json, codes: { decision: 0123 } }",
       "3:44: this is no plain number: write '0123' in quotation marks if it is text"},
      {"{ shape: json, codes: { decision: 1234567890123456 } }",
       "3:44: this is no plain number: write '1234567890123456' in quotation marks if it is text"},
      {"{ shape: json, codes: { decision: [1] } }",
       "3:44: expected a code of the carrier's, a number or a text, not a list"},
      {"{ shape: problem, codes: { decision: 1 } }",
       "3:35: problem+json tells the gate's own codes; choose another shape for the carrier's"},
      {"{ shape: tmf_error, names: { code: c } }", "3:37: 'tmf_error' fixes its names itself"},
      {"{ shape: form, names: { root: error } }", "3:40: a form is flat: nothing stands around its fields"},
      {"{ shape: xml, names: { code: \"<c>\" } }",
       "3:39: expected a name such as 'ErrorCode': a letter, then letters, digits, '-', '_', '.', not '<c>'"},
      {"{ shape: xml, names: { root: a//b } }",
       "3:39: expected a name, or several from the outside in, such as 'Response/Error', not 'a//b'"},
      {"{ shape: xml, names: { root: a/b/c/d/e/f/g/h/i } }", "3:39: more than 8 levels"},
      {"{ shape: xml, names: { text: sekisho } }", "3:39: 'sekisho' is where the gate's own part stands"},
      {"{ shape: json, names: { text: code } }", "3:32: code, text and status need names of their own"},
      {"{ shape: json, names: { title: t } }", "3:34: unknown key 'title' in 'names'"},
  };
  for (const auto& [denials, error] : table) {
    const auto errors = print(load(file(denials)).errors);
    EXPECT_TRUE(errors.starts_with(std::string("c:") + error))
        << denials << "\nexpected: c:" << error << "\nbut got:  " << errors;
  }
}

// Every example of the page is read as it stands.
TEST(CarrierDenials, the_pages_examples_load) {
  const auto page = contents(std::filesystem::path(SEKISHO_SOURCE_DIR) / "docs/denials.md");
  int examples = 0;
  for (std::size_t at = 0; (at = page.find("```yaml\n", at)) != page.npos; ++examples) {
    at += 8;
    auto text = page.substr(at, page.find("```", at) - at);
    if (!text.starts_with("schema:"))
      text = "schema: sekisho/carrier/v1\ncarrier: a\nupstream: { endpoints: [\"http://h\"] }\n" + text;
    if (text.find("\nroutes:") == text.npos) text += "routes: [ { match: GET /a, operation: pass } ]\n";
    const auto loaded = load(text);
    EXPECT_TRUE(loaded) << text << print(loaded.errors);
    for (const auto& route : loaded ? loaded.value->routes : std::vector<policy::Route>{})
      EXPECT_TRUE(route.denials) << route.pattern << " in " << text;
  }
  EXPECT_GE(examples, 5);
}

}  // namespace
}  // namespace sekisho::config
