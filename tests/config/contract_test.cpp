// The files of the sample installation mean what they say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/digest.h"
#include "config/installation.h"
#include "config/policy_tests.h"
#include "tests/config/written.h"

namespace sekisho::config {
namespace {

using namespace std::chrono_literals;
using namespace policy;
using testing::ElementsAre;

TEST(Contract, settings_have_the_values_of_the_file) {
  const auto loaded = load_settings(contract / "sekisho.yaml");
  ASSERT_TRUE(loaded) << print(loaded.errors);
  const auto& s = *loaded.value;
  ASSERT_EQ(s.listeners.size(), 1u);
  EXPECT_EQ(s.listeners[0].address.text(), "127.0.0.1:18080");
  EXPECT_EQ(s.admin.address.text(), "127.0.0.1:19090");
  EXPECT_EQ(s.redis.host, "127.0.0.1");
  EXPECT_EQ(s.redis.port, 16379);
  EXPECT_EQ(s.redis.deadline, 50ms);
  EXPECT_EQ(s.link.soft, 5s);
  EXPECT_EQ(s.link.hard, 60s);
  ASSERT_EQ(s.sources.size(), 2u);
  EXPECT_EQ(s.sources.at(Register::etoc).hard, 24h * 14);
  EXPECT_EQ(s.sources.at(Register::plan).soft, 24h * 30);
  EXPECT_EQ(s.policy, contract / "policy.yaml");
  EXPECT_EQ(s.clients, contract / "clients.yaml");
  EXPECT_THAT(s.carriers, ElementsAre(contract / "carrier.yaml"));
  EXPECT_EQ(s.journal.directory, contract / "journal");
  EXPECT_FALSE(s.journal.interval);
  EXPECT_EQ(s.workers, 1u);
  EXPECT_EQ(s.limits.header_bytes, 16384u);
  EXPECT_EQ(s.limits.headers, 100u);
  EXPECT_EQ(s.limits.body_bytes, 1048576u);
  EXPECT_EQ(s.limits.header_timeout, 10s);
  EXPECT_EQ(s.limits.idle_timeout, 75s);
  EXPECT_EQ(s.drain.accept, 5s);
  EXPECT_EQ(s.log_level, "info");
}

const Rule& rule(const Policy& policy, std::string_view id) {
  for (const auto& rule : policy.rules)
    if (rule.id == id) return rule;
  throw std::runtime_error("no rule " + std::string(id));
}

TEST(Contract, policy_has_the_rules_of_the_file) {
  const auto loaded = load_policy(contract / "policy.yaml");
  ASSERT_TRUE(loaded) << print(loaded.errors);
  const auto& p = *loaded.value;
  EXPECT_EQ(p.name, "wholesale-2026");
  EXPECT_EQ(p.contact, "numbers-desk@carrier.example");
  EXPECT_EQ(p.digest, sha256_hex(contents(contract / "policy.yaml")));
  EXPECT_EQ(p.rules.size(), 10u);

  const auto& refusals = rule(p, "refusal-list");
  EXPECT_EQ(refusals.deny, Reason::supply_refused);
  EXPECT_EQ(refusals.basis, Basis::scheme);
  EXPECT_EQ(asked(refusals.when, Fact::refusal).words,
            (WordSet{RefusalAction::refuse_new, RefusalAction::suspend_stock}).bits());

  EXPECT_EQ(asked(rule(p, "fixed-needs-a-certified-plan").when, Fact::plan).words,
            WordSet{PlanState::deemed}.bits());
  EXPECT_EQ(asked(rule(p, "type-outside-the-plan").when, Fact::plan_covers_type).words,
            WordSet{YesNo::no}.bits());

  const auto& record = rule(p, "little-record");
  EXPECT_EQ(asked(record.when, Fact::track_record).range, (Range<std::int64_t>{{}, 11}));  // under 12 months
  EXPECT_EQ(record.limit->per, (Period{Period::Kind::days, 30}));
  EXPECT_EQ(record.limit->on(JstDate::of(2026, 1, 1))->value, 100);

  const auto& ramp = *rule(p, "uncertified-ramp").limit;
  EXPECT_EQ(ramp.on(JstDate::of(2026, 3, 31))->value, 100);
  EXPECT_EQ(ramp.on(JstDate::of(2026, 4, 1))->value, 1);
  EXPECT_EQ(ramp.per.text(), "lifetime");
  EXPECT_EQ(ramp.code, "etoc-uncertified");

  const auto& certified = rule(p, "certified");
  EXPECT_TRUE(certified.permit);
  EXPECT_TRUE(certified.limit->trim);
  EXPECT_EQ(certified.throttle->requests, 50);
  EXPECT_EQ(certified.throttle->per_ms, 1000);
  EXPECT_EQ(certified.throttle->burst, 100);

  const auto& watched = rule(p, "mobile-is-watched");
  EXPECT_EQ(watched.mode, Mode::observe);
  EXPECT_EQ(watched.review, "large-mobile-order");
  EXPECT_EQ(asked(watched.when, Fact::quantity).range.from, 501);  // over 500

  ASSERT_EQ(p.guarantees.size(), 3u);
  EXPECT_EQ(p.guarantees[0].kind, Guarantee::Kind::never_permit);
  EXPECT_EQ(p.guarantees[2].kind, Guarantee::Kind::at_most);
  EXPECT_EQ(p.guarantees[2].numbers, 1);
  EXPECT_EQ(asked(p.guarantees[2].when, Fact::date).range.from, Facts::days_of(JstDate::of(2026, 4, 1)));
  EXPECT_EQ(p.guarantees[2].line, 77);
}

TEST(Contract, clients_have_their_operators_and_keys) {
  const auto loaded = load_clients(contract / "clients.yaml");
  ASSERT_TRUE(loaded) << print(loaded.errors);
  const auto& clients = *loaded.value;
  EXPECT_EQ(clients.api_key_header, "X-Api-Key");
  ASSERT_EQ(clients.all.size(), 6u);
  for (const auto& client : clients.all) {
    const auto entry = clients.by_key.find(sha256("key-" + client.id));
    ASSERT_NE(entry, clients.by_key.end()) << client.id;
    EXPECT_EQ(clients.all[entry->second].id, client.id);
  }
  EXPECT_EQ(clients.all[0].operator_id.text(), "jp:8999900000001");
  EXPECT_FALSE(clients.all[0].operations);
}

TEST(Contract, carrier_has_its_routes) {
  const auto loaded = load_carrier(contract / "carrier.yaml");
  ASSERT_TRUE(loaded) << print(loaded.errors);
  const auto& c = *loaded.value;
  EXPECT_EQ(c.name, "demo");
  ASSERT_EQ(c.endpoints.size(), 1u);
  EXPECT_EQ(c.endpoints[0].authority(), "127.0.0.1:18081");
  EXPECT_EQ(c.connections, 64u);
  EXPECT_EQ(c.connect_timeout, 2s);
  EXPECT_EQ(c.response_timeout, 30s);
  EXPECT_THAT(c.headers,
              ElementsAre(std::pair<std::string, std::string>("Authorization", "Bearer carrier-side-token")));
  EXPECT_EQ(c.number_types.at("IP050"), NumberType::ip_050);

  ASSERT_EQ(c.routes.size(), 4u);
  const auto& order = c.routes[0];
  EXPECT_EQ(order.method, "POST");
  EXPECT_EQ(order.pattern, "POST /v1/number-orders");
  EXPECT_THAT(order.path.segments, ElementsAre("v1", "number-orders"));
  EXPECT_EQ(order.operation, Operation::allocate);
  EXPECT_EQ(order.order.quantity->source, "json:/quantity");
  EXPECT_TRUE(order.order.chain->optional);
  EXPECT_EQ(order.order.reference->kind, Locator::Kind::header);
  ASSERT_EQ(order.results.size(), 3u);
  EXPECT_EQ(order.results[0].granted->function, Locator::Function::count);
  EXPECT_TRUE(order.results[1].pending);
  EXPECT_EQ(order.results[2].status_from, 400);
  EXPECT_EQ(order.results[2].status_to, 499);
  EXPECT_EQ(order.results[2].granted->text, "0");

  const auto& status = c.routes[1];
  EXPECT_THAT(status.path.segments, ElementsAre("v1", "number-orders", "{id}"));
  EXPECT_EQ(status.order.order_id->text, "id");
  EXPECT_EQ(status.results[0].states.at("partial"), CarrierState::done);
  EXPECT_EQ(c.routes[2].results[0].released->text, "1");
  EXPECT_TRUE(c.routes[3].results.empty());
}

TEST(Contract, installation_loads_as_a_set) {
  const auto settings = load_settings(contract / "sekisho.yaml");
  ASSERT_TRUE(settings);
  const auto loaded = load_installation(*settings.value);
  ASSERT_TRUE(loaded) << print(loaded.errors);
  const auto& set = **loaded.value;
  EXPECT_EQ(set.policy.rules.size(), 10u);
  EXPECT_EQ(set.clients.all.size(), 6u);
  EXPECT_EQ(set.carriers.size(), 1u);
  EXPECT_EQ(set.digest.size(), 64u);
  EXPECT_EQ((*load_installation(*settings.value).value)->digest, set.digest);
}

TEST(Contract, policy_tests_pass) {
  const auto policy = load_policy(contract / "policy.yaml");
  const auto tests = load_policy_tests(contract / "policy.test.yaml");
  ASSERT_TRUE(tests) << print(tests.errors);
  EXPECT_EQ(tests.value->policy_file, contract / "policy.yaml");
  ASSERT_EQ(tests.value->tests.size(), 7u);
  EXPECT_EQ(tests.value->tests[0].line, 9);
  for (const auto& result : run_policy_tests(*policy.value, tests.value->tests))
    EXPECT_TRUE(result.passed) << result.name << ": " << result.text;
  EXPECT_THAT(untouched_rules(*policy.value, tests.value->tests),
              ElementsAre("refusal-list", "plan-required", "little-record", "mobile-is-watched"));
}

}  // namespace
}  // namespace sekisho::config
