#include "cache/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "cache/replay_count.h"
#include "tests/cache/replayed_gate.h"
#include "tests/config/written.h"

namespace sekisho::cache {
namespace {

using namespace policy;
using K = Period::Kind;
using testing::ElementsAre;
using testing::HasSubstr;

const OperatorRecord hana = certified_operator(), sora = certified_operator(999900000002);

// Everybody may, up to a figure over a period.
Policy up_to(Quantity numbers, Period per, NumberTypes types = {}, bool trim = false) {
  auto rule = permits("everybody");
  rule.limit = limit_of(numbers, per);
  rule.limit->number_types = types;
  rule.limit->trim = trim;
  return {.rules = {rule}};
}
Policy anybody() { return {.rules = {permits("everybody")}}; }

// "3 to_refused, 5 numbers, 2 operators: permitted -> quota-exceeded (everybody)", group by group.
std::string told(const Replayed& found) {
  std::string out;
  for (const auto& group : found.groups)
    out +=
        fmt::format("{}{} {}, {} numbers, {} operators: {} -> {}", out.empty() ? "" : "; ", group.decisions,
                    name(group.kind), group.numbers, group.operators, group.before, group.after);
  return out;
}

TEST(Replay, each_kind_of_flip_is_told_with_its_rule) {
  const auto denied = [](Reason reason) { return Policy{.rules = {permits("p"), denies("no", reason)}}; };
  const struct {
    Policy then, now;
    const char* says;
  } table[] = {
      {anybody(), anybody(), ""},
      {anybody(), denied(Reason::etoc_uncertified),
       "1 to_refused, 10 numbers, 1 operators: permitted -> "
       "etoc-uncertified (no)"},
      {denied(Reason::plan_missing), anybody(),
       "1 to_permitted, 10 numbers, 1 operators: plan-missing (no) -> "
       "permitted"},
      {anybody(), {}, "1 to_refused, 10 numbers, 1 operators: permitted -> policy-denied"},
      {{}, anybody(), "1 to_permitted, 10 numbers, 1 operators: policy-denied -> permitted"},
      {denied(Reason::plan_missing), denied(Reason::etoc_expired),
       "1 reworded, 10 numbers, 1 operators: plan-missing (no) -> etoc-expired (no)"},
      {up_to(9, {K::day}), up_to(5, {K::day}), ""},
      {up_to(9, {K::order}), up_to(10, {K::order}),
       "1 to_permitted, 10 numbers, 1 operators: quota-exceeded (everybody) -> permitted"},
  };
  for (const auto& row : table) {
    Gate gate(row.then);
    const auto id = gate.order(hana, order_of(10));
    const auto found = gate.replay(row.now);
    EXPECT_EQ(told(found), row.says);
    EXPECT_EQ(found.decisions, 1u);
    for (const auto& group : found.groups) EXPECT_THAT(group.samples, ElementsAre(id));
    EXPECT_EQ(found.flipped(), found.groups.empty() || found.groups[0].kind == FlipKind::reworded ? 0u : 1u);
    EXPECT_EQ(found.touched.size(), found.flipped());
  }
}

TEST(Replay, a_limit_is_named_by_its_own_code) {
  auto limited = up_to(5, {K::lifetime});
  limited.rules[0].limit->code = "etoc-uncertified";
  Gate gate(limited);
  gate.order(hana, order_of(10));
  EXPECT_EQ(
      told(gate.replay(up_to(5, {K::lifetime}))),
      "1 reworded, 10 numbers, 1 operators: etoc-uncertified (everybody) -> quota-exceeded (everybody)");
  EXPECT_EQ(told(gate.replay(limited)), "");
}

TEST(Replay, a_count_in_the_record_is_used_though_the_journal_does_not_have_the_orders) {
  Gate gate(up_to(1000, {K::lifetime}, {NumberType::fixed}));
  auto& usage = gate.usages[hana.id.text()];
  usage.buckets[policy::bucket("L.fixed")] = 90;  // from before this journal
  gate.order(hana, order_of(10));
  EXPECT_EQ(told(gate.replay(up_to(100, {K::lifetime}, {NumberType::fixed}))), "");
  const auto found = gate.replay(up_to(99, {K::lifetime}, {NumberType::fixed}));
  EXPECT_EQ(found.of(FlipKind::to_refused), 1u);
  EXPECT_EQ(found.counted_here, 0u);
  // Another period, or other types, is another count.
  EXPECT_EQ(gate.replay(up_to(99, {K::lifetime})).counted_here, 1u);
  EXPECT_EQ(gate.replay(up_to(99, {K::held}, {NumberType::fixed})).counted_short, 1u);

  Gate over(up_to(50, {K::lifetime}));
  over.usages[hana.id.text()].buckets[policy::bucket("L")] = 45;
  over.order(hana, order_of(10));
  EXPECT_EQ(over.replay(up_to(55, {K::lifetime})).of(FlipKind::to_permitted), 1u);
  EXPECT_EQ(over.replay(up_to(54, {K::lifetime})).flipped(), 0u);
}

// Where the record has no count, the journal's own is exactly what the ledger's buckets had, whatever the
// period.
TEST(Replay, the_journal_counts_what_the_ledger_counted) {
  const std::pair<Period, NumberTypes> counted[] = {
      {{K::day}, {}},
      {{K::month}, {}},
      {{K::month}, {NumberType::ip_050}},
      {{K::fiscal_year}, {}},
      {{K::days, 3}, {}},
      {{K::days, 30}, {}},
      {{K::days, 60}, {NumberType::fixed}},
      {{K::lifetime}, {}},
      {{K::lifetime}, {NumberType::fixed, NumberType::mobile}},
      {{K::held}, {}},
      {{K::held}, {NumberType::fixed}},
  };
  Gate gate(anybody());
  gate.now = at("2026-01-05T12:00:00+09:00");
  const auto take = [&](Quantity quantity, NumberType type) {
    return gate.order(hana, order_of(quantity, type));
  };
  gate.settle(hana, take(10, NumberType::fixed), 10, R"("0312340001","0312340002")");
  for (const char* moment :
       {"2026-03-31", "2026-04-01", "2026-10-26", "2026-11-01", "2026-11-22", "2026-11-24"}) {
    gate.now = at(std::string(moment) + "T12:00:00+09:00");
    gate.settle(hana, take(7, NumberType::fixed), 5);
    gate.settle(hana, take(5, NumberType::ip_050), 0);
    gate.settle(hana, take(4, NumberType::ip_050), 6);  // more than ordered
    take(3, NumberType::fixed);                         // open, or its outcome unknown
    take(100, NumberType::navi_0570);
    gate.order(sora, order_of(1000));
  }
  gate.give_back(hana, NumberType::fixed, 2, R"("0312340001","0312340002")");
  const auto until_now = gate.lines.size();
  const auto today = JstDate::of(gate.now);
  gate.now += std::chrono::minutes(1);  // only the next order is judged
  for (const auto& [per, types] : counted) {
    Quantity before = 0;
    for (const auto& bucket : buckets_of(per, types, today))
      before += gate.usages[hana.id.text()].bucket(bucket);
    gate.lines.resize(until_now);
    const auto usages = gate.usages;
    take(1, types.has(NumberType::ip_050) ? NumberType::ip_050 : NumberType::fixed);
    gate.usages = usages;
    EXPECT_EQ(told(gate.replay(up_to(before + 1, per, types), gate.now)), "") << per.text() << " " << before;
    const auto found = gate.replay(up_to(before, per, types), gate.now);
    EXPECT_EQ(found.of(FlipKind::to_refused), 1u) << per.text() << " " << before;
    EXPECT_EQ(found.decisions, 1u);
    EXPECT_EQ(found.counted_here, 1u);
    EXPECT_EQ(found.counted_short, per.kind == K::lifetime || per.kind == K::held ? 1u : 0u) << per.text();
  }
}

TEST(Replay, an_order_that_may_be_trimmed_is_permitted_while_a_number_is_left) {
  auto order = order_of(10);
  order.partial = true;
  const auto cut = [](Quantity numbers) { return up_to(numbers, {K::day}, {}, true); };
  Gate whole(anybody());
  whole.order(hana, order);
  EXPECT_EQ(told(whole.replay(cut(10))), "");
  EXPECT_EQ(told(whole.replay(cut(4))), "1 trimmed, 6 numbers, 1 operators: permitted -> permitted");
  EXPECT_EQ(told(whole.replay(cut(0))),
            "1 to_refused, 10 numbers, 1 operators: permitted -> quota-exceeded (everybody)");
  EXPECT_EQ(whole.replay(up_to(4, {K::day})).of(FlipKind::to_refused), 1u) << "a limit that does not trim";

  Gate trimmed(cut(4));
  trimmed.order(hana, order);
  EXPECT_EQ(told(trimmed.replay(cut(3))), "") << "fewer than all before and after";
  EXPECT_EQ(told(trimmed.replay(anybody())), "");
  EXPECT_EQ(trimmed.replay({}).numbers_of(FlipKind::to_refused), 4);

  Gate refused(up_to(4, {K::day}));
  refused.order(hana, order);
  EXPECT_EQ(refused.replay(cut(4)).numbers_of(FlipKind::to_permitted), 4);
}

// What no policy decided is not judged by one, and counted by its code.
TEST(Replay, what_is_no_policys_business_is_passed_over) {
  Gate gate(anybody());
  for (const char* code : {"unreadable-order", "registry-stale", "ledger-unavailable", "journal-unavailable",
                           "idempotency-conflict", "idempotency-mismatch", "outcome-unknown", "rate-exceeded",
                           "draining", "overloaded", "not-yours", "client-not-allowed"})
    gate.write("decision",
               fmt::format(R"("decision":"x","operator":"{}","carrier":"demo","operation":"allocate",)"
                           R"("policy":"p","allowed":false,"code":"{}","findings":[{{"code":"{}"}}])",
                           hana.id.text(), code, code));
  gate.write("decision", R"("decision":"x","policy":"p","allowed":false,"code":"unauthenticated")");
  gate.write("decision",
             R"("decision":"x","operator":"o","operation":"release","policy":"p","allowed":true)");
  gate.order(hana, order_of(1));
  auto& again = gate.lines.emplace_back(gate.lines[gate.lines.size() - 2]);
  again.insert(again.find(",\"mac\""), ",\"replayed\":true");
  const auto found = gate.replay({});
  EXPECT_EQ(found.decisions, 1u);
  EXPECT_EQ(found.passed_over, 13u);
  EXPECT_EQ(found.passed_over_for.at("rate-exceeded"), 1u);
  EXPECT_EQ(found.passed_over_for.at("replayed"), 1u);
  EXPECT_EQ(found.records, 17u);
}

TEST(Replay, a_stale_registry_stays_a_reason_behind_what_is_certain) {
  Gate gate({.rules = {permits("p"), denies("listed", Reason::supply_refused)}});
  gate.stale = true;
  gate.order(hana, order_of(1));
  EXPECT_EQ(told(gate.replay(gate.rules)), "");
  EXPECT_EQ(told(gate.replay(anybody())),
            "1 reworded, 1 numbers, 1 operators: supply-refused (listed) -> registry-stale");
}

TEST(Replay, a_record_without_the_facts_is_never_guessed) {
  Gate gate(anybody());
  gate.write("decision",
             fmt::format(R"("decision":"old","operator":"{}","carrier":"demo","operation":"allocate",)"
                         R"("order":{{"number_type":"fixed","quantity":3}},"policy":"p","facts":)"
                         R"({{"etoc":"certified","today":"2026-11-24","stale":false}},"allowed":true)",
                         hana.id.text()));
  gate.write("decision",
             fmt::format(R"("decision":"new","operator":"{}","carrier":"demo","operation":"allocate",)"
                         R"("order":{{"number_type":"fixed","quantity":3}},"policy":"p","facts":)"
                         R"({{"etoc":"a state of tomorrow","date":"2026-11-24"}},"allowed":true)",
                         hana.id.text()));
  const auto found = gate.replay({});
  EXPECT_EQ(found.decisions, 0u);
  EXPECT_EQ(found.undecidable, 2u);
  EXPECT_THAT(found.undecidable_samples, ElementsAre("old", "new"));
}

TEST(Replay, an_order_refused_after_its_forwarding_does_not_count_for_itself) {
  Gate gate(anybody());
  gate.order(hana, order_of(10));
  auto& late = gate.lines.emplace_back(gate.lines.front());
  late.replace(late.find("\"allowed\":true"), 14,
               R"("allowed":false,"code":"etoc-revoked","findings":[{"code":"etoc-revoked","rule":"r"}])");
  const auto found = gate.replay(up_to(10, {K::day}));
  EXPECT_EQ(told(found), "1 to_permitted, 10 numbers, 1 operators: etoc-revoked (r) -> permitted");
}

TEST(Replay, what_was_decided_before_a_moment_is_counted_and_not_judged) {
  Gate gate(anybody());
  gate.order(hana, order_of(10));
  gate.now += std::chrono::hours(1);
  gate.order(hana, order_of(1));
  gate.order(sora, order_of(1));
  const auto found = gate.replay(up_to(10, {K::day}), gate.now);
  EXPECT_EQ(found.decisions, 2u);
  EXPECT_EQ(found.of(FlipKind::to_refused), 1u);
  EXPECT_EQ(found.from, "2026-11-24T13:00:00.000+09:00");
  EXPECT_EQ(found.begins, "2026-11-24T12:00:00.000+09:00");
}

TEST(Replay, operators_come_most_touched_first) {
  Gate gate(anybody());
  gate.order(sora, order_of(7));
  for (int i = 0; i < 30; ++i) gate.order(hana, order_of(1));
  const auto found = gate.replay({});
  EXPECT_EQ(found.operators, 2u);
  ASSERT_EQ(found.touched.size(), 2u);
  EXPECT_EQ(found.touched[0].operator_id, hana.id.text());
  EXPECT_EQ(found.touched[0].decisions, 30u);
  EXPECT_EQ(found.touched[1].numbers, 7);
  EXPECT_EQ(found.samples[static_cast<std::size_t>(FlipKind::to_refused)].size(), 20u);
}

struct ReplayFiles : testing::Test {
  config::Folder files;
  Gate gate{anybody()};
  Compiled compiled{gate.rules};
  Replayed replayed(const std::string& second = "", std::optional<Instant> count_from = {}) {
    files.write("00000001.ndjson", gate.text());
    files.write("00000002.ndjson", second);
    return replay_journal(files.path(), compiled, {}, count_from);
  }
};

TEST_F(ReplayFiles, a_torn_last_line_is_passed_over_and_a_broken_one_is_named) {
  gate.order(hana, order_of(1));
  const auto next = [&](std::string line) {
    const auto seq = line.find(':') + 1;
    return line.replace(seq, line.find(',') - seq, "9");
  }(gate.lines[0]);
  EXPECT_EQ(replayed(next + "\n").decisions, 2u);
  EXPECT_EQ(replayed(next.substr(0, 100)).decisions, 1u);
  auto broken = next;
  broken[broken.find("{\"number_type\"")] = '[';
  for (const auto& line : {std::string("nonsense"), broken}) {
    try {
      replayed(line + "\n");
      ADD_FAILURE() << line;
    } catch (const std::runtime_error& error) {
      EXPECT_THAT(error.what(), HasSubstr("00000002.ndjson:1: not a journal record"));
    }
  }
}

TEST_F(ReplayFiles, segments_that_end_before_the_count_begins_are_not_read) {
  gate.order(hana, order_of(1));
  Gate later(anybody());
  later.lines = gate.lines;  // for the numbering
  later.now += std::chrono::days(3);
  later.order(hana, order_of(1));
  const auto second = later.lines[2] + "\n" + later.lines[3] + "\n";
  EXPECT_EQ(replayed(second).records, 4u);
  EXPECT_EQ(replayed(second, later.now).records, 4u) << "the segment before may hold that very moment";
  EXPECT_EQ(replayed(second, later.now + std::chrono::minutes(1)).records, 2u);
}

// Whatever was decided, the same policy decides it so again; also where counts, refusals and trims are many.
TEST(Replay, under_the_same_policy_nothing_flips) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    const auto one_of = [&](int n) { return int(random() % unsigned(n)); };
    auto rules = contract_policy();
    rules.rules.push_back(limits("typed", 60, {K::month}, {}));
    rules.rules.back().limit->number_types = {NumberType::ip_050};
    rules.rules.push_back(limits("stock", 250, {K::held}, {}));
    rules.rules.push_back(limits("year", 700, {K::fiscal_year}, {}));
    rules.waivers.push_back({.id = "w",
                             .operators = {hana.id.text()},
                             .rules = {"typed"},
                             .dates = {day("2026-01-01"), day("2027-12-31")}});
    Gate gate(rules);
    std::vector<OperatorRecord> known;
    for (int i = 0; i < 6; ++i) {
      known.push_back(certified_operator(999900000001 + i));
      known.back().etoc.state = static_cast<EtocState>(one_of(8));
      if (one_of(4) == 0) known.back().plan.state = static_cast<PlanState>(one_of(5));
      if (one_of(4) == 0) known.back().refusals = {{.action = static_cast<RefusalAction>(one_of(3))}};
      known.back().track_record.first_supply = day("2026-06-01").plus(-one_of(500));
    }
    std::vector<std::pair<std::size_t, std::string>> open;
    for (int i = 0; i < 300; ++i) {
      gate.now += std::chrono::hours(one_of(20));
      gate.stale = one_of(10) == 0;
      const auto who = std::size_t(one_of(6));
      auto order = order_of(1 + one_of(90), one_of(2) ? NumberType::fixed : NumberType::ip_050);
      order.partial = one_of(2);
      open.emplace_back(who, gate.order(known[who], order));
      if (one_of(3) == 0) continue;
      const auto [whose, id] = open[std::size_t(one_of(int(open.size())))];
      gate.settle(known[whose], id, one_of(40));
    }
    const auto found = gate.replay(rules);
    EXPECT_EQ(told(found), "") << "seed " << seed;
    EXPECT_GT(found.decisions, 100u);
    EXPECT_EQ(found.undecidable, 0u);
    EXPECT_EQ(found.decisions + found.passed_over, 300u);
  }
}

}  // namespace
}  // namespace sekisho::cache
