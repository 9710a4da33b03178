// Meaning of files beyond the sample installation: ranges, rotation, answers, and the set as a whole.
#include "config/installation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/digest.h"
#include "config/policy_tests.h"
#include "tests/config/written.h"

namespace sekisho::config {
namespace {

using namespace policy;
using testing::ElementsAre;

Policy read_rules(const std::string& rules) {
  Folder folder;
  auto loaded = read_policy_file(folder.write("p.yaml", "schema: sekisho/policy/v1\nrules:\n" + rules));
  EXPECT_TRUE(loaded) << print(loaded.errors);
  return loaded.value.value_or(Policy{});
}

TEST(Policy, ranges_mean_what_people_say) {
  struct Case {
    std::string text;
    std::optional<int> from, until;
  };
  for (const auto& c : {Case{"over: 500", 501, {}}, Case{"under: 500", {}, 499},
                        Case{"from: 5, until: 5", 5, 5}, Case{"over: 1, under: 9", 2, 8}}) {
    const auto p = read_rules("  - { id: a, permit: true, when: { quantity: { " + c.text + " } } }\n");
    EXPECT_EQ(asked(p.rules.at(0).when, Fact::quantity).range.from, c.from) << c.text;
    EXPECT_EQ(asked(p.rules.at(0).when, Fact::quantity).range.until, c.until) << c.text;
  }
  const auto p = read_rules(
      "  - { id: a, permit: true, when: { track_record: { from: 12 months, under: 2 years } } }\n");
  EXPECT_EQ(asked(p.rules.at(0).when, Fact::track_record).range, (Range<std::int64_t>{12, 23}));
}

TEST(Policy, periods_and_throttles_are_read) {
  for (const std::string per : {"order", "day", "month", "fiscal year", "30 days", "held", "lifetime"})
    EXPECT_EQ(
        read_rules("  - { id: a, limit: { numbers: 1, per: " + per + " } }\n").rules.at(0).limit->per.text(),
        per);
  EXPECT_EQ(read_rules("  - { id: a, limit: { numbers: 1, per: 1 day } }\n").rules.at(0).limit->per.text(),
            "1 days");
  const auto p = read_rules("  - { id: a, throttle: { requests: 5, per: minute } }\n");
  EXPECT_EQ(p.rules.at(0).throttle->per_ms, 60'000);
  EXPECT_EQ(p.rules.at(0).throttle->burst, 5);
}

TEST(Policy, one_word_stands_for_a_list_of_one) {
  const auto p = read_rules(
      "  - { id: a, permit: yes, when: { carrier: demo, operation: [allocate, reserve], forwards_calls: yes "
      "} }\n");
  EXPECT_THAT(asked(p.rules.at(0).when, Fact::carrier).names, ElementsAre("demo"));
  EXPECT_EQ(asked(p.rules.at(0).when, Fact::operation).words,
            (WordSet{Operation::allocate, Operation::reserve}).bits());
  EXPECT_EQ(asked(p.rules.at(0).when, Fact::forwards_calls).words, WordSet{YesNo::yes}.bits());
}

TEST(Clients, keys_rotate_and_rights_are_read) {
  Folder folder;
  const auto loaded =
      load_clients(folder.write("c.yaml",
                                "schema: sekisho/clients/v1\napi_key_header: Api-Key\nclients:\n"
                                "  - id: a\n    operator: us:acme-1\n    api_key_sha256: [" +
                                    sha256_hex("old") + ", " + sha256_hex("new") +
                                    "]\n"
                                    "    carriers: [demo, other]\n    operations: [allocate, status]\n"));
  ASSERT_TRUE(loaded) << print(loaded.errors);
  EXPECT_EQ(loaded.value->api_key_header, "Api-Key");
  EXPECT_EQ(loaded.value->by_key.size(), 2u);
  EXPECT_EQ(loaded.value->by_key.at(sha256("new")), 0u);
  EXPECT_THAT(loaded.value->all[0].carriers, ElementsAre("demo", "other"));
  EXPECT_EQ(loaded.value->all[0].operations, (WordSet{Operation::allocate, Operation::status}));
}

const std::string small_carrier = R"yaml(schema: sekisho/carrier/v1
carrier: NAME
upstream: { endpoints: ["http://127.0.0.1:1/base/"] }
routes:
  - match: POST /PATH/{type}
    operation: allocate
    order: { quantity: query:n, number_type: path:type }
    result:
      - { on: [200, 201], granted: "sum(json:/blocks/*/size)", numbers: json:/numbers/*? }
      - { on: 409, granted: 0 }
  - { match: GET /PATH/fixed, operation: pass }
number_types: { f: fixed }
)yaml";

std::string carrier(const std::string& name, const std::string& path) {
  auto text = small_carrier;
  text.replace(text.find("NAME"), 4, name);
  for (auto at = text.find("PATH"); at != text.npos; at = text.find("PATH")) text.replace(at, 4, path);
  return text;
}

TEST(Carrier, a_list_of_statuses_is_an_entry_each) {
  Folder folder;
  const auto loaded = load_carrier(folder.write("c.yaml", carrier("demo", "x")));
  ASSERT_TRUE(loaded) << print(loaded.errors);
  EXPECT_EQ(loaded.value->endpoints[0].base_path, "/base");
  const auto& results = loaded.value->routes[0].results;
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(results[1].status_from, 201);
  EXPECT_EQ(results[1].granted->function, Locator::Function::sum);
  EXPECT_EQ(results[2].status_to, 409);
}

Settings settings_of(const Folder& folder) {
  Settings settings;
  settings.policy = folder.path() / "p.yaml";
  settings.clients = folder.path() / "c.yaml";
  settings.carriers = {folder.path() / "a.yaml", folder.path() / "b.yaml"};
  return settings;
}

std::string client_of(const std::string& carrier) {
  return "schema: sekisho/clients/v1\nclients: [ { id: a, operator: us:acme, api_key_sha256: " +
         sha256_hex("k") + ", carriers: " + carrier + " } ]\n";
}

TEST(Installation, errors_of_all_files_are_told_together) {
  Folder folder;
  folder.write("p.yaml", "schema: sekisho/policy/v1\nrules: no\n");
  folder.write("c.yaml", "schema: sekisho/clients/v1\nclients: no\n");
  folder.write("a.yaml", "schema: sekisho/carrier/v1\ncarrier: no no\n");
  const auto loaded = load_installation(settings_of(folder));
  EXPECT_FALSE(loaded);
  const auto errors = print(loaded.errors);
  EXPECT_THAT(errors, testing::HasSubstr("p.yaml:2:8: expected a list of rules, not 'no'\n"));
  EXPECT_THAT(errors, testing::HasSubstr("c.yaml:2:10: expected a list of clients, not 'no'\n"));
  EXPECT_THAT(errors, testing::HasSubstr("a.yaml:2:10: expected a name of letters"));
  EXPECT_THAT(errors, testing::HasSubstr("b.yaml: cannot be read: No such file or directory\n"));
}

TEST(Installation, carriers_stay_apart_and_names_must_exist) {
  Folder folder;
  folder.write("p.yaml",
               "schema: sekisho/policy/v1\nrules: [ { id: r, permit: yes, when: { carrier: alhpa } } ]\n");
  folder.write("c.yaml", client_of("gamma"));
  folder.write("a.yaml", carrier("alpha", "x"));
  folder.write("b.yaml", carrier("alpha", "x"));
  EXPECT_EQ(
      print(load_installation(settings_of(folder)).errors),
      "b.yaml: another file describes the carrier 'alpha' too\n"
      "b.yaml: the route 'POST /x/{type}' takes the same calls as 'POST /x/{type}' of the carrier 'alpha'\n"
      "b.yaml: the route 'GET /x/fixed' takes the same calls as 'GET /x/fixed' of the carrier 'alpha'\n"
      "c.yaml: the client 'a' names the carrier 'gamma', which no carrier file describes\n"
      "p.yaml: the rule 'r' names the carrier 'alhpa', which no carrier file describes; did you mean "
      "'alpha'?\n");
}

TEST(Installation, digest_follows_every_file) {
  Folder folder;
  folder.write("p.yaml", "schema: sekisho/policy/v1\nrules: [ { id: r, permit: yes } ]\n");
  folder.write("c.yaml", client_of("alpha"));
  folder.write("a.yaml", carrier("alpha", "x"));
  folder.write("b.yaml", carrier("beta", "y"));
  const auto before = load_installation(settings_of(folder));
  ASSERT_TRUE(before) << print(before.errors);
  folder.write("b.yaml", carrier("beta", "y") + "# changed\n");
  const auto after = load_installation(settings_of(folder));
  ASSERT_TRUE(after);
  EXPECT_NE((*before.value)->digest, (*after.value)->digest);
}

// Tests of one policy, each with what the runner says; empty: passed.
TEST(PolicyTests, say_what_was_answered_instead) {
  const auto policy = read_rules(R"(
  - { id: known, when: { etoc: certified }, permit: true }
  - { id: struck, when: { etoc: revoked }, deny: etoc-revoked }
  - { id: stopped, when: { refusal: refuse_new }, deny: supply-refused }
  - { id: big, limit: { numbers: 5, per: order } }
  - { id: daily, limit: { numbers: 3, per: day, code: daily-limit } }
  - { id: slow, throttle: { requests: 1, per: second } }
  - { id: idle, when: { number_type: mobile }, review: look }
)");
  Folder folder;
  const auto tests = load_policy_tests(folder.write("t.yaml", R"(schema: sekisho/policy-test/v1
policy: p.yaml
operators:
  good: { etoc: { state: certified, valid_until: 2026-12-31 }, plan: { state: certified, number_types: fixed, forwards_calls: no }, numbers_elsewhere: 3 }
  gone: { etoc: { state: certified }, revoked: yes }
  barred: { etoc: { state: certified }, refusals: [ { action: refuse_new, from: 2026-06-01, until: 2026-06-30, number_types: [fixed] } ] }
tests:
  - { name: a, operator: good, order: { number_type: fixed, quantity: 3 }, at: "2026-06-01T10:00:00+09:00", expect: permit }
  - { name: b, operator: good, order: { number_type: fixed, quantity: 4 }, at: "2026-06-01T10:00:00+09:00", expect: permit }
  - { name: c, operator: good, order: { number_type: fixed, quantity: 6 }, at: "2026-06-01T10:00:00+09:00", expect: { quota: quota-exceeded } }
  - { name: d, operator: good, order: { number_type: fixed, quantity: 4 }, at: "2026-06-01T10:00:00+09:00", expect: { quota: quota-exceeded } }
  - { name: e, operator: gone, order: { number_type: fixed }, at: "2026-06-01T10:00:00+09:00", expect: { deny: etoc-revoked } }
  - { name: f, operator: gone, order: { number_type: fixed }, at: "2026-06-01T10:00:00+09:00", expect: permit }
  - { name: g, operator: barred, order: { number_type: fixed }, at: "2026-06-30T23:59:59+09:00", expect: { deny: supply-refused } }
  - { name: h, operator: barred, order: { number_type: fixed }, at: "2026-06-30T15:00:00Z", expect: permit }
  - { name: i, operator: good, order: { number_type: fixed }, at: "2027-01-01T00:00:00+09:00", expect: { deny: policy-denied } }
  - { name: j, operator: good, order: { number_type: fixed }, at: "2026-06-01T10:00:00+09:00", expect: { rate: slow } }
  - { name: k, operator: good, order: { number_type: fixed }, at: "2026-06-01T10:00:00+09:00", expect: { rate: slwo } }
  - { name: l, operator: gone, order: { number_type: fixed, operation: release }, at: "2026-06-01T10:00:00+09:00", expect: permit }
)"));
  ASSERT_TRUE(tests) << print(tests.errors);
  std::vector<std::string> said;
  for (const auto& result : run_policy_tests(policy, tests.value->tests)) {
    EXPECT_EQ(result.passed, result.text.empty());
    said.push_back(result.name + ": " + result.text);
  }
  EXPECT_THAT(
      said, ElementsAre(
                "a: ", "b: expected permit, and the answer was { quota: daily-limit }",
                "c: ", "d: expected { quota: quota-exceeded }, and the answer was { quota: daily-limit }",
                "e: ", "f: expected permit, and the answer was { deny: etoc-revoked } by the rule 'struck'",
                "g: ", "h: ", "i: ", "j: ", "k: expected { rate: slwo }, and the answer was permit", "l: "));
  EXPECT_THAT(untouched_rules(policy, tests.value->tests), ElementsAre("idle"));
}

}  // namespace
}  // namespace sekisho::config
