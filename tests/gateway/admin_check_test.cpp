// The call that another gateway asks about, as it is written anew; and the codes that both tables have.
#include "gateway/admin_check.h"

#include <gtest/gtest.h>

#include <set>

#include "policy/reason.h"

namespace sekisho::gateway {
namespace {

http::Request question(const std::string& target, std::initializer_list<http::Header> headers) {
  http::Request made{.method = "GET", .target = target, .headers = {}, .body = {}};
  made.headers.add("Host", "gate.example");
  for (const auto& [name, value] : headers) made.headers.add(name, value);
  return made;
}

TEST(AskedCall, nginx_names_the_call_in_headers) {
  const auto read = asked_call(question("/authz", {{"X-Original-Method", "POST"},
                                                   {"X-Original-URI", "/v1/number-orders?x=1"},
                                                   {"X-Api-Key", "key"},
                                                   {"X-Real-IP", "2001:db8::7"},
                                                   {"Sekisho-Token", "secret"},
                                                   {"Connection", "X-Hop"},
                                                   {"X-Hop", "1"}}));
  const auto& asked = std::get<AskedCall>(read);
  EXPECT_EQ(asked.request.method, "POST");
  EXPECT_EQ(asked.request.target, "/v1/number-orders?x=1");
  EXPECT_EQ(asked.request.headers.find("X-Api-Key"), "key");
  EXPECT_EQ(asked.request.headers.find("Host"), "gate.example");
  for (const auto name : {"X-Original-Method", "X-Original-URI", "X-Real-IP", "Sekisho-Token", "X-Hop"})
    EXPECT_EQ(asked.request.headers.count(name), 0u) << name;
  EXPECT_EQ(asked.peer.address->to_string(), "2001:db8::7");
  EXPECT_TRUE(asked.three_statuses);
  EXPECT_FALSE(asked.whole);
}

TEST(AskedCall, envoy_puts_the_calls_path_behind_a_prefix_and_may_send_its_body) {
  auto asking = question("/authz/v1/number-orders?x=1", {{"Content-Type", "application/json"}});
  asking.method = "POST";
  for (const std::string body : {"{}", "{}\n", "{}\r\n", "\n"}) {
    asking.body = body;
    const auto read = asked_call(asking);
    const auto& asked = std::get<AskedCall>(read);
    EXPECT_EQ(asked.request.method, "POST");
    EXPECT_EQ(asked.request.target, "/v1/number-orders?x=1");
    EXPECT_EQ(asked.request.body, body) << "byte for byte";
    EXPECT_TRUE(asked.whole);
    EXPECT_FALSE(asked.three_statuses);
  }
}

TEST(AskedCall, what_is_ambiguous_as_a_call_is_so_here) {
  for (const auto& target :
       {"/v1/../admin", "/v1/%2e%2e/admin", "v1/x", "/v1/x y", "/v1/%zz", "/v1/x#y", ""}) {
    const auto read =
        asked_call(question("/authz", {{"X-Original-Method", "GET"}, {"X-Original-URI", target}}));
    ASSERT_TRUE(std::holds_alternative<Unasked>(read)) << target;
    EXPECT_TRUE(std::get<Unasked>(read).call) << target;
  }
}

TEST(AskedCall, what_is_wrong_with_the_question_is_not_the_calls_fault) {
  const http::Header get{"X-Original-Method", "GET"}, there{"X-Original-URI", "/v1/x"};
  for (const auto& headers : std::initializer_list<std::initializer_list<http::Header>>{
           {get},
           {there},
           {get, there, there},
           {get, get, there},
           {get, there, {"X-Real-IP", "here"}},
           {get, there, {"X-Real-IP", "192.0.2.1"}, {"X-Real-IP", "192.0.2.2"}}}) {
    const auto read = asked_call(question("/authz", headers));
    ASSERT_TRUE(std::holds_alternative<Unasked>(read));
    EXPECT_FALSE(std::get<Unasked>(read).call);
  }
}

TEST(AdminErrors, a_code_that_the_gates_reasons_have_too_has_their_status) {
  std::set<std::string_view> seen;
  for (const auto& row : all_admin_errors()) {
    EXPECT_TRUE(seen.insert(row.code).second) << row.code;
    const auto reason = policy::parse_reason(row.code);
    EXPECT_EQ(reason ? policy::row(*reason).status : row.status, row.status) << row.code;
    for (const auto text : {row.title[0], row.title[1], row.remedy[0], row.remedy[1]})
      EXPECT_FALSE(text.empty());
  }
}

}  // namespace
}  // namespace sekisho::gateway
