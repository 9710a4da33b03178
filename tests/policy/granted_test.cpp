// What an answer granted: all that was ordered, what it counts, what its state says; and by which id it is
// recalled.
#include <gtest/gtest.h>

#include "tests/policy/reads.h"

namespace sekisho::policy {
namespace {

// "finished all", "finished 2 o-1 0312345678"
std::string in_words(const Outcome& outcome) {
  static const char* kinds[] = {"unsent", "finished", "pending", "unknown", "reserved"};
  std::string out = kinds[int(outcome.kind)];
  out += outcome.all ? " all" : " " + std::to_string(outcome.granted);
  if (!outcome.order_id.empty()) out += " " + outcome.order_id;
  for (const auto& number : outcome.numbers) out += " " + number;
  return out;
}

struct Granted : testing::Test, OneRoute {
  void expect(const std::vector<std::tuple<int, std::string, std::string>>& table) const {
    for (const auto& [status, body, expected] : table)
      EXPECT_EQ(in_words(read_outcome({&carrier, &route, {}}, status, body)), expected)
          << status << " " << body;
  }
};

TEST_F(Granted, all_is_what_was_ordered) {
  route.results = {{.all = true, .order_id = located("json:/id?"), .numbers = located("json:/numbers/*?")},
                   {.status_from = 400, .status_to = 499, .granted = located("const:0")}};
  expect({{200, R"({"id":"o-1"})", "finished all o-1"},
          {201, R"({"numbers":["0312345678","0312345679"]})", "finished all 0312345678 0312345679"},
          {204, "", "finished all"},
          // The count is certain, whatever else cannot be read.
          {200, "<html>", "finished all"},
          {200, R"({"id":"o-1","id":"o-2"})", "finished all"},
          {400, "", "finished 0"},
          {500, "", "unknown 0"}});
}

TEST_F(Granted, all_waits_for_the_state) {
  route.results = {{.all = true,
                    .state = located("json:/state"),
                    .states = {{"done", CarrierState::done},
                               {"failed", CarrierState::failed},
                               {"open", CarrierState::pending},
                               {"kept", CarrierState::reserved}}}};
  expect({{200, R"({"state":"done"})", "finished all"},
          {200, R"({"state":"failed"})", "finished 0"},
          {200, R"({"state":"open"})", "pending 0"},
          {200, R"({"state":"kept"})", "reserved 0"},
          {200, R"({"state":"Done"})", "unknown 0"},
          {200, R"({})", "unknown 0"},
          {200, "", "unknown 0"}});
  route.results[0].pending = true;
  route.results[0].state.reset();
  expect({{202, R"({"state":"done"})", "pending 0"}});
}

TEST_F(Granted, all_of_a_reservation_is_kept_for_its_confirmation) {
  route.operation = Operation::reserve;
  route.results = {{.all = true, .order_id = located("json:/id")}};
  expect({{200, R"({"id":"r-1"})", "reserved all r-1"}, {200, "{}", "reserved all"}});
  route.results = {{.granted = located("count(json:/n/*)"), .order_id = located("json:/id")}};
  expect({{200, R"({"id":"r-1","n":[1,2]})", "reserved 2 r-1"},
          {200, R"({"id":"r-1","n":[]})", "finished 0 r-1"}});
}

TEST_F(Granted, in_one_of_several_places) {
  route.results = {{.granted = places({"json:/granted", "count(json:/numbers/*)"})}};
  expect({{200, R"({"granted":3})", "finished 3"},
          {200, R"({"numbers":[1,2]})", "finished 2"},
          {200, R"({"granted":3,"numbers":[1,2,3]})", "unknown 0"},
          {200, R"({})", "unknown 0"},
          // An empty list says nothing beside another place: who gave none says 0.
          {200, R"({"numbers":[]})", "unknown 0"},
          {200, R"({"granted":0})", "finished 0"}});
}

TEST_F(Granted, by_the_entry_for_the_format_of_the_answer) {
  route.results = {{.granted = located("json:/n")},
                   {.granted = located("xml:/A/N")},
                   {.status_from = 400, .status_to = 499, .granted = located("const:0")}};
  const auto answered = [&](const std::string& type, const std::string& body, int status = 200) {
    const HeaderList headers = {{"Content-Type", type}};
    const auto lookup = [&](std::string_view name) { return given(headers, name); };
    return in_words(read_outcome({&carrier, &route, {}}, status, body, lookup));
  };
  const std::string json = R"({"n":2})", xml = "<A><N>3</N></A>";
  EXPECT_EQ(answered("application/json", json), "finished 2");
  EXPECT_EQ(answered("application/vnd.a+json; charset=utf-8", json), "finished 2");
  EXPECT_EQ(answered("text/xml;charset=UTF-8", xml), "finished 3");
  EXPECT_EQ(answered("application/xml", json), "unknown 0");
  EXPECT_EQ(answered("application/json", xml), "unknown 0");
  // Nothing is tried out: what is neither is read as the first entry says.
  for (const auto* type : {"text/plain", "text/html", "", "application/xml, application/json"}) {
    EXPECT_EQ(answered(type, json), "finished 2") << type;
    EXPECT_EQ(answered(type, xml), "unknown 0") << type;
  }
  EXPECT_EQ(answered("text/xml", xml, 420), "finished 0");
  EXPECT_EQ(answered("text/html", "<html>", 500), "unknown 0");
  expect({{200, json, "finished 2"}, {200, xml, "unknown 0"}});
}

TEST_F(Granted, a_recalled_order_names_the_answer_and_no_quantity) {
  const auto order = [&](const std::string& body) { return OneRoute::told({body, "application/json"}); };
  route.operation = Operation::allocate;
  route.order = {.quantity = located("recall(json:/search)"), .number_type = located("recall(json:/search)")};
  EXPECT_EQ(order(R"({"search":"s-1"})"), "0 recall=s-1");
  route.order = {.quantity = located("recall(json:/a/[k=v]/id)"), .number_type = located("const:mobile")};
  EXPECT_EQ(order(R"({"a":[{"k":"v","id":"s-1"},{"k":"w","id":"s-2"}]})"), "0 mobile recall=s-1");
  EXPECT_NE(order(R"({"a":[{"k":"v","id":"s-1"},{"k":"v","id":"s-2"}]})").find("is both 's-1' and 's-2'"),
            std::string::npos);
  // A confirmation recalls its reservation by itself.
  route.operation = Operation::confirm;
  route.order = {.order_id = located("json:/reservation")};
  EXPECT_EQ(order(R"({"reservation":"r-1"})"), "0 recall=r-1");
  EXPECT_NE(order(R"({})").find("order_id (json:/reservation) is missing"), std::string::npos);
}

}  // namespace
}  // namespace sekisho::policy
