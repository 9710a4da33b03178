// What the gateway writes of an order is enough to decide it again (cache/replay.h).
#include "gateway/records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cache/audit_replay.h"
#include "cache/replay.h"
#include "cache/replay_record.h"
#include "tests/policy/builders.h"

namespace sekisho::gateway {
namespace {

using namespace policy;
using testing::HasSubstr;
using testing::Not;

// An order as it stands in the pipeline when it is put on record.
struct Recorded {
  explicit Recorded(OperatorRecord record, Order order = order_of(10))
      : site(std::make_shared<config::Installation>()) {
    auto& rules = site->policy;
    rules = contract_policy();
    rules.rules.push_back(limits("typed", 500, {Period::Kind::month}));
    rules.rules.back().limit->number_types = {NumberType::fixed, NumberType::ip_050};
    rules.digest = "p";
    rules.waivers = {{.id = "w",
                      .operators = {record.id.text()},
                      .rules = {"little-record"},
                      .dates = {day("2026-01-01"), day("2026-12-31")}}};
    site->rules = Compiled(rules);
    client.id = "client";
    client.operator_id = record.id;
    carrier.name = order.carrier;
    x.site = site;
    x.id = "D";
    x.client = &client;
    x.account = client.operator_id;
    route.operation = order.operation;
    x.match = RouteMatch{&carrier, &route, {}};
    x.read = order;
    x.standing = stand(&record, record.id, order.number_type, JstDate::of(now), 1, {});
    add_hop(x.standing.chain, nullptr, order.number_type, JstDate::of(now));
    x.decision = apply_rules(site->rules, facts_of(*x.order(), x.standing));
  }
  void hold(Quantity quantity, Quantity counted) {
    x.hold = Hold{
        .id = "D", .quantity = quantity, .number_type = *x.order()->number_type, .day = x.standing.today};
    for (auto& charge : x.decision.charges) charge.before = counted;
  }
  std::string line() const {
    return R"({"seq":1,"at":")" + iso_jst(now) + R"(","kind":"decision",)" + decision_record(x) +
           R"(,"mac":""})";
  }
  // Decided again under the policy of its time.
  cache::Audited audited() const {
    cache::AuditReplay replay;
    replay.know(site->policy);
    const auto text = line();
    replay.read({.seq = 1, .kind = cache::RecordKind::decision, .json = text});
    return replay.result();
  }
  cache::Replayed replayed(const Policy& other) const {
    const Compiled compiled(other);
    cache::Replay replay(compiled);
    replay.read(line());
    return replay.result();
  }

  const Instant now = at("2026-11-24T12:00:00+09:00");
  std::shared_ptr<config::Installation> site;
  config::Client client;
  Carrier carrier;
  Route route{.method = "POST"};
  Exchange x;
};

OperatorRecord rich() {
  auto record = certified_operator();
  record.etoc.state = EtocState::objection;
  record.refusals = {{.action = RefusalAction::investigate, .reference = "police-2026-17"}};
  record.track_record = {.first_supply = day("2026-03-01"), .numbers_elsewhere = 77};
  record.country = "de";
  record.domestic_agent = "Agent";
  record.owner_group = "group \"g\"";
  record.plan.forwards_calls = true;
  return record;
}

TEST(DecisionRecord, every_fact_is_read_back_as_it_was) {
  for (const auto& record : {OperatorRecord{.id = corporate(1)}, certified_operator(), rich()})
    for (const auto type : {NumberType::fixed, NumberType::m2m_020}) {
      auto order = order_of(3, type, Operation::port_in);
      order.area = "札幌";
      order.channels = 12;
      order.chain = {"x"};
      const Recorded recorded(record, order);
      cache::RecordReader reader;
      const auto line = recorded.line();
      ASSERT_EQ(reader.read(line), cache::RecordKind::decision);
      ASSERT_TRUE(reader.decision.has_facts) << line;
      const auto facts = facts_of(*recorded.x.order(), recorded.x.standing);
      for (const auto& about : all_facts())
        EXPECT_EQ(text_of(about.fact, reader.decision.facts), text_of(about.fact, facts)) << name(about.fact);
      EXPECT_TRUE(reader.decision.facts == facts);
      EXPECT_THAT(line, Not(HasSubstr("police")));
    }
}

TEST(DecisionRecord, tells_the_counts_the_waivers_and_the_reviews) {
  auto record = certified_operator();
  record.track_record.first_supply = day("2026-09-01");
  Recorded recorded(record);
  recorded.hold(10, 90);
  const auto line = recorded.line();
  EXPECT_THAT(line, HasSubstr(R"({"rule":"certified","limit":1000,"before":90,"taken":100,"per":"day"})"));
  EXPECT_THAT(line, HasSubstr(R"("per":"month","number_types":"fixed ip_050"})"));
  EXPECT_THAT(line, HasSubstr(R"("waived":["little-record"])"));
  EXPECT_THAT(line, Not(HasSubstr("trimmed")));
  auto other = recorded.site->policy;
  EXPECT_EQ(recorded.replayed(other).flipped(), 0u);
  other.rules.back().limit->steps[0].value = 99;
  EXPECT_EQ(recorded.replayed(other).of(cache::FlipKind::to_refused), 1u);
  EXPECT_EQ(recorded.replayed(other).counted_here, 0u);
  other.waivers.clear();
  EXPECT_EQ(recorded.replayed(other).counted_here, 1u) << "what was waived was not counted";
}

TEST(DecisionRecord, a_trimmed_order_says_so_and_what_it_took) {
  auto order = order_of(10);
  order.partial = true;
  Recorded recorded(certified_operator(), order);
  recorded.hold(4, 0);
  EXPECT_THAT(recorded.line(), HasSubstr(R"("trimmed":true)"));
  EXPECT_EQ(recorded.replayed({}).numbers_of(cache::FlipKind::to_refused), 4);
}

TEST(DecisionRecord, follows_from_itself_and_its_policy) {
  Recorded held(certified_operator());
  held.hold(10, 90);
  EXPECT_EQ(held.audited().same, 1u);
  held.hold(9, 90);  // nobody asked for fewer
  EXPECT_EQ(held.audited().differ, 1u);

  auto refused = certified_operator();
  refused.plan.state = PlanState::lapsed;
  refused.refusals = {{.action = RefusalAction::refuse_new}};
  EXPECT_EQ(Recorded(refused).audited().same, 1u);

  Recorded unasked(certified_operator());
  unasked.x.decision = policy::refused(std::move(unasked.x.decision), Reason::ledger_unavailable);
  EXPECT_EQ(unasked.audited().not_the_policys.at("ledger-unavailable"), 1u);
  Recorded unknown(certified_operator());
  unknown.x.client = nullptr;
  unknown.x.match.reset();
  unknown.x.decision = policy::decide(unknown.site->rules, {});
  EXPECT_EQ(unknown.audited().not_the_policys.at("unauthenticated"), 1u);

  // While it waited, it was merged into an operator that is revoked.
  auto successor = certified_operator(999900000002);
  successor.etoc.state = EtocState::revoked;
  Recorded late(certified_operator());
  late.hold(10, 90);
  late.x.standing = stand(&successor, successor.id, NumberType::fixed, JstDate::of(late.now), 2, {});
  late.x.decision = policy::refused(apply_rules(late.site->rules, facts_of(*late.x.order(), late.x.standing)),
                                    Reason::registry_stale);
  EXPECT_THAT(late.line(), HasSubstr(R"("operator":")" + successor.id.text() + R"(")"));
  EXPECT_EQ(late.audited().same, 1u) << "etoc-revoked stands above";
}

TEST(DecisionRecord, a_refusal_names_the_limits_own_code) {
  auto record = certified_operator();
  record.etoc.state = EtocState::none;
  Recorded recorded(record);
  Usage usage;
  usage.buckets[policy::bucket("L")] = 1;
  recorded.x.decision = with_hold(std::move(recorded.x.decision),
                                  {.kind = HoldAnswer::Kind::over_limit, .bound = {0}, .usage = usage},
                                  recorded.x.standing.today);
  EXPECT_THAT(recorded.line(),
              HasSubstr(R"("findings":[{"code":"etoc-uncertified","rule":"uncertified-ramp"}])"));
  EXPECT_THAT(recorded.line(), HasSubstr(R"("code":"quota-exceeded")"));
  EXPECT_EQ(recorded.replayed(recorded.site->policy).groups.size(), 0u);
  EXPECT_EQ(recorded.audited().same, 1u);
}

}  // namespace
}  // namespace sekisho::gateway
