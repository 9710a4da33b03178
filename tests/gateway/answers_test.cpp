#include "gateway/answers.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "policy/denials.h"
#include "tests/policy/builders.h"

namespace sekisho::gateway {
namespace {

namespace json = boost::json;
using namespace policy;
using K = Period::Kind;

const Instant noon = at("2026-11-24T12:00:00+09:00");
const JstDate today = JstDate::of(noon);

struct Told {
  explicit Told(Policy rules = contract_policy()) : site(std::make_shared<config::Installation>()) {
    site->policy = std::move(rules);
    x.site = site;
    x.now = noon;
    x.id = "01DECISION";
    x.request.target = "/v1/number-orders?x=secret";
    x.standing.today = today;
  }
  void refuse(Reason reason, const Rule* rule = nullptr, std::string code = "") {
    x.decision.findings.push_back({reason, rule, std::move(code), {}});
  }
  void decide(const OperatorRecord& record, Quantity quantity) {
    x.decision = decided(site->policy, record, order_of(quantity), today);
    x.standing = stand(&record, record.id, NumberType::fixed, today, 1, {});
  }
  // As for an order that hands out.
  void route() {
    carrier.name = "demo";
    static const Route allocation{.method = "POST", .operation = Operation::allocate};
    x.match = RouteMatch{&carrier, &allocation, {}};
    x.read = order_of(1);
  }
  static std::string header(const http::Response& response, std::string_view name) {
    return std::string(response.headers.find(name).value_or("(none)"));
  }

  std::shared_ptr<config::Installation> site;
  Carrier carrier;
  Exchange x;
};

TEST(Refusal, is_a_problem_with_every_reason) {
  Told told;
  told.refuse(Reason::plan_missing, &told.site->policy.rules[1]);
  told.refuse(Reason::type_not_in_plan, &told.site->policy.rules[3]);
  const auto response = refusal(told.x);
  EXPECT_EQ(response.status, 403);
  const auto body = json::parse(response.body).as_object();
  EXPECT_EQ(body.at("code").as_string(), "plan-missing");
  EXPECT_EQ(body.at("decision").as_string(), "01DECISION");
  EXPECT_EQ(body.at("contact").as_string(), "numbers-desk@carrier.example");
  EXPECT_EQ(body.at("instance").as_string(), "/v1/number-orders") << "the query may hold secrets";
  ASSERT_EQ(body.at("reasons").as_array().size(), 2u);
  EXPECT_EQ(body.at("reasons").at(0).at("rule").as_string(), "plan-required");
  EXPECT_EQ(body.at("reasons").at(1).at("code").as_string(), "type-not-in-plan");
  EXPECT_EQ(Told::header(response, "Retry-After"), "(none)");
}

TEST(Refusal, tells_nothing_of_the_refusal_list) {
  for (const auto* language : {"en", "ja"}) {
    Told told;
    told.x.request.headers.set("Accept-Language", language);
    auto record = certified_operator();
    record.refusals = {{.reference = "police-2026-17"}};
    told.decide(record, 1);
    const auto response = refusal(told.x);
    EXPECT_EQ(response.status, 403);
    const auto body = json::parse(response.body).as_object();
    EXPECT_EQ(body.at("code").as_string(), "supply-refused");
    const auto& reason = body.at("reasons").at(0).as_object();
    EXPECT_FALSE(reason.contains("rule") || reason.contains("basis"));
    std::string all = response.body;
    for (const auto& one : response.headers.all()) all.append(one.name).append(one.value);
    for (const auto* secret :
         {"police", "refusal-list", "refusal list", "scheme", "refuse_new", "警察", "拒否リスト"})
      EXPECT_EQ(all.find(secret), all.npos) << secret;
  }
}

TEST(Refusal, tells_nothing_of_the_refusal_list_in_any_dialect) {
  for (std::size_t shape = 0; shape < count_of<Denials::Shape>(); ++shape) {
    const Denials denials{.shape = static_cast<Denials::Shape>(shape), .names = {{"e"}, "c", "t", "s"}};
    Told told;
    told.x.denials = &denials;
    auto record = certified_operator();
    record.refusals = {{.reference = "police-2026-17"}};
    told.decide(record, 1);
    const auto response = refusal(told.x);
    EXPECT_NE(response.body.find("supply-refused"), response.body.npos) << response.body;
    for (const auto* secret : {"police", "refusal-list", "refusal+list", "scheme", "refuse_new"})
      EXPECT_EQ(response.body.find(secret), response.body.npos) << secret << " in " << response.body;
  }
}

TEST(Refusal, a_dialect_changes_body_and_status_and_no_other_header) {
  Denials denials{.shape = Denials::Shape::form, .names = {{}, "code", "message", "status"}};
  denials.status.of_family[Family::not_now] = 420;
  Told told({.rules = {permits("p"), limits("daily", 10, {K::day})}});
  told.decide(certified_operator(), 9);
  HoldAnswer answer{.kind = HoldAnswer::Kind::over_limit, .bound = {0}};
  answer.usage.buckets = {{policy::bucket("D20261124"), 7}};
  told.x.decision = with_hold(std::move(told.x.decision), answer, today);
  const auto plain = refusal(told.x);
  told.x.denials = &denials;
  const auto spoken = refusal(told.x);
  EXPECT_EQ(plain.status, 429);
  EXPECT_EQ(spoken.status, 420);
  EXPECT_EQ(Told::header(spoken, "Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(Told::header(spoken, "RateLimit"), "\"daily\";r=3;t=43200");
  for (const auto& header : plain.headers.all())
    if (header.name != "Content-Type") EXPECT_EQ(Told::header(spoken, header.name), header.value);
}

TEST(Refusal, retry_after_says_how_long_to_wait) {
  Usage used;
  used.buckets = {{policy::bucket("D20261124"), 5}, {policy::bucket("M202611"), 5}};
  const auto daily = limits("daily", 5, {K::day}), monthly = limits("monthly", 5, {K::month});
  const auto day_limit = limit_state(daily, 5, used, today),
             month_limit = limit_state(monthly, 5, used, today);
  struct {
    Reason reason;
    std::vector<LimitState> limits;
    std::int64_t retry_ms;
    const char* then;
  } const table[] = {
      {Reason::quota_exceeded, {day_limit}, 0, "43200"},  // until midnight in Japan
      {Reason::quota_exceeded, {day_limit, month_limit}, 0, "561600"},
      {Reason::quota_exceeded, {}, 0, "1"},
      {Reason::rate_exceeded, {}, 1, "1"},
      {Reason::rate_exceeded, {}, 1001, "2"},
      {Reason::registry_stale, {}, 0, "5"},
      {Reason::ledger_unavailable, {}, 0, "1"},
      {Reason::journal_unavailable, {}, 0, "1"},
      {Reason::draining, {}, 0, "1"},
      {Reason::idempotency_conflict, {}, 0, "1"},
      {Reason::outcome_unknown, {}, 0, "(none)"},
      {Reason::etoc_revoked, {}, 0, "(none)"},
  };
  for (const auto& row : table) {
    Told told;
    told.refuse(row.reason);
    told.x.decision.limits = row.limits;
    told.x.retry_ms = row.retry_ms;
    EXPECT_EQ(Told::header(refusal(told.x), "Retry-After"), row.then) << code(row.reason);
  }
}

TEST(Refusal, a_limit_that_bound_is_told_in_body_and_headers) {
  Told told({.rules = {permits("p"), limits("daily", 10, {K::day}), limits("life", 90, {K::lifetime})}});
  told.decide(certified_operator(), 9);
  HoldAnswer answer{.kind = HoldAnswer::Kind::over_limit, .bound = {0}};
  answer.usage.buckets = {{policy::bucket("D20261124"), 7}};
  told.x.decision = with_hold(std::move(told.x.decision), answer, today);
  const auto response = refusal(told.x);
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(Told::header(response, "RateLimit-Policy"), "\"daily\";q=10");
  EXPECT_EQ(Told::header(response, "RateLimit"), "\"daily\";r=3;t=43200");
  const auto body = json::parse(response.body);
  const auto& limit = body.at("limits").at(0).as_object();
  EXPECT_EQ(limit.at("rule").as_string(), "daily");
  EXPECT_EQ(limit.at("used").as_int64(), 7);
  EXPECT_EQ(limit.at("left").as_int64(), 3);
}

http::Response passed_with(Told& told) {
  told.route();
  told.x.answer.kind = CarrierAnswer::Kind::answered;
  told.x.answer.response.status = 201;
  told.x.answer.response.headers.add("Content-Type", "application/json");
  told.x.answer.response.headers.add("Sekisho-Operator", "forged by the carrier");
  told.x.answer.response.body = "{\"as\": \"it came\"}";
  return passed(told.x);
}

TEST(Passed, the_carriers_answer_passes_with_the_decisions_id_and_what_is_left) {
  Told told;
  told.decide(certified_operator(), 1);
  told.x.hold = policy::Hold{.quantity = 1};
  told.x.decision.charges.at(0).before = 749;
  const auto response = passed_with(told);
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.body, "{\"as\": \"it came\"}");
  EXPECT_EQ(Told::header(response, "Sekisho-Decision"), "01DECISION");
  EXPECT_EQ(Told::header(response, "Sekisho-Operator"), "(none)");
  EXPECT_EQ(Told::header(response, "RateLimit-Policy"), "\"certified\";q=1000");
  EXPECT_EQ(Told::header(response, "RateLimit"), "\"certified\";r=250;t=43200");
}

TEST(Passed, a_certificate_that_ends_soon_is_told) {
  const std::pair<const char*, const char*> table[] = {
      {"2027-01-31", "(none)"},
      {"2027-01-24", "(none)"},
      {"2027-01-23", "certificate expires in 60 days"},
      {"2026-12-15", "certificate expires in 21 days"},
      {"2026-11-24", "certificate expires today"},
  };
  for (const auto& [until, notice] : table) {
    Told told;
    auto record = certified_operator();
    record.etoc.valid_until = day(until);
    told.decide(record, 1);
    EXPECT_EQ(Told::header(passed_with(told), "Sekisho-Notice"), notice) << until;
  }
}

TEST(Passed, a_rule_that_only_warns_is_told_unless_it_is_the_refusal_list) {
  auto warned = denies("plan-soon", Reason::plan_missing), hidden = denies("hidden", Reason::supply_refused);
  warned.mode = hidden.mode = Mode::warn;
  Told told({.rules = {permits("p"), warned, hidden}});
  auto record = certified_operator();
  record.etoc.valid_until = {};
  told.decide(record, 1);
  const auto response = passed_with(told);
  EXPECT_EQ(response.headers.count("Sekisho-Notice"), 1u);
  EXPECT_NE(Told::header(response, "Sekisho-Notice").find("plan-soon"), std::string::npos);
}

TEST(CarrierFailure, only_what_was_never_sent_may_be_sent_again) {
  struct {
    CarrierAnswer::Kind kind;
    Reason reason;
    int status;
    const char* retry;
  } const table[] = {
      {CarrierAnswer::Kind::unsent, Reason::carrier_unreachable, 502, "1"},
      {CarrierAnswer::Kind::unknown, Reason::carrier_malformed, 502, "(none)"},
      {CarrierAnswer::Kind::unknown, Reason::carrier_timeout, 504, "(none)"},
  };
  for (const auto& row : table) {
    Told told;
    told.x.answer = {.kind = row.kind, .reason = row.reason};
    const auto response = carrier_failure(told.x);
    EXPECT_EQ(response.status, row.status);
    EXPECT_EQ(Told::header(response, "Retry-After"), row.retry) << code(row.reason);
    EXPECT_EQ(Told::header(response, "Sekisho-Decision"), "01DECISION");
    const Denials xml{.shape = Denials::Shape::xml, .names = {{"Error"}, "Code", "Text", ""}};
    told.x.denials = &xml;
    const auto spoken = carrier_failure(told.x);
    EXPECT_EQ(spoken.status, row.status);
    EXPECT_EQ(Told::header(spoken, "Retry-After"), row.retry) << code(row.reason);
    EXPECT_NE(spoken.body.find("<Code>" + std::string(code(row.reason)) + "</Code>"), spoken.body.npos);
  }
}

TEST(Replayed, a_stored_answer_comes_again_byte_for_byte) {
  Told told;
  told.decide(certified_operator(), 1);
  const auto first = passed_with(told);
  told.x.replay = to_store(first);
  told.x.id = "01LATER";
  const auto again = replayed(told.x);
  EXPECT_EQ(again.status, first.status);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(Told::header(again, "Sekisho-Decision"), "01DECISION") << "the decision of then";
  EXPECT_EQ(Told::header(again, "Idempotency-Replayed"), "true");
  told.x.replay->body_kept = false;
  EXPECT_NE(Told::header(replayed(told.x), "Sekisho-Notice"), "(none)");
}

TEST(Unreadable, closes_the_connection) {
  const auto response = unreadable({Reason::malformed, "two Hosts"}, {}, "desk@carrier.example");
  EXPECT_EQ(response.status, 400);
  EXPECT_FALSE(response.keep_alive);
  EXPECT_NE(response.body.find("two Hosts"), std::string::npos);
}

}  // namespace
}  // namespace sekisho::gateway
