#include "cache/audit_replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <random>

#include "cache/journal_files.h"
#include "config/digest.h"
#include "config/installation.h"
#include "tests/cache/replayed_gate.h"
#include "tests/config/written.h"

namespace sekisho::cache {
namespace {

using namespace policy;
using K = Period::Kind;
using testing::ElementsAre;
using testing::HasSubstr;

const OperatorRecord hana = certified_operator();

Policy named(std::string digest, std::vector<Rule> rules) {
  return {.name = digest, .digest = std::move(digest), .rules = std::move(rules)};
}
Policy up_to(Quantity numbers, bool trim = false) {
  auto rule = permits("everybody");
  rule.limit = limit_of(numbers, {K::day});
  rule.limit->trim = trim;
  return named("p", {rule});
}

Audited audit(const std::vector<std::string>& lines, std::vector<Policy> known) {
  AuditReplay replay;
  for (auto& one : known) replay.know(std::move(one));
  std::uint64_t seq = 0;
  for (const auto& line : lines) {
    const auto kind = line.substr(line.find("\"kind\":\"") + 8);
    replay.read(
        {.seq = ++seq, .kind = *parse_word<RecordKind>(kind.substr(0, kind.find('"'))), .json = line});
  }
  return replay.result();
}

// "taken: 5 | 10; ..." of the first difference: recorded and derived.
std::string told(const Audited& found) {
  std::string out;
  for (const auto& difference : found.differences)
    for (const auto& [name, recorded, derived] : difference.members)
      out += fmt::format("{}{}: {} | {}", out.empty() ? "" : "; ", name, recorded, derived);
  return out;
}

std::string replaced(std::string line, const std::string& old, const std::string& with) {
  const auto at = line.find(old);
  EXPECT_NE(at, line.npos) << old << " in " << line;
  return at == line.npos ? line : line.replace(at, old.size(), with);
}

// An order of ten, of whom three were taken before; what its record says is changed; what is then found.
TEST(AuditReplay, whatever_does_not_follow_is_found_and_named) {
  const auto refusing = named("p", {permits("everybody"), denies("no", Reason::plan_missing)});
  const struct {
    Policy policy;
    const char *old, *with, *says;
  } table[] = {
      {up_to(20), "", "", ""},
      {up_to(20), R"("mode":"enforce")", R"("mode":"warn")",
       "matched: warn (everybody) | enforce (everybody)"},
      {up_to(20), R"("rule":"everybody")", R"("rule":"nobody")",
       "matched: enforce (nobody) | enforce (everybody)"},
      {up_to(20), R"("limit":20)", R"("limit":200)", "charges: everybody 200 | everybody 20"},
      {up_to(20), R"("before":3,"taken":13)", R"("before":3,"taken":8)", "taken: 5 | 10"},
      {up_to(20), R"("before":3,"taken":13)", R"("before":11,"taken":21)",
       "verdict: permitted | 429 quota-exceeded; findings: none | quota-exceeded (everybody); "
       "limits: none | everybody 20"},
      {up_to(8, true), "", "", ""},
      {up_to(8, true), R"("before":3,"taken":8)", R"("before":3,"taken":13)", "taken: 10 | 5"},
      {up_to(8), "", "", ""},
      {up_to(8), R"("status":429)", R"("status":403)", "verdict: 403 quota-exceeded | 429 quota-exceeded"},
      {up_to(8), R"("limits":[{"rule":"everybody")", R"("limits":[{"rule":"other")",
       "limits: other 8 | everybody 8"},
      {refusing, "", "", ""},
      {refusing, R"({"code":"plan-missing","rule":"no"})", R"({"code":"plan-missing","rule":"yes"})",
       "findings: plan-missing (yes) | plan-missing (no)"},
      {refusing, R"("code":"plan-missing","status")", R"("code":"etoc-revoked","status")",
       "verdict: 403 etoc-revoked | 403 plan-missing"},
      {refusing,
       R"(,"allowed":false,"code":"plan-missing","status":403,"findings":[{"code":"plan-missing","rule":"no"}])",
       R"(,"allowed":true)", "verdict: permitted | 403 plan-missing; findings: none | plan-missing (no)"},
      {refusing, R"("findings":[{"code":"plan-missing","rule":"no"}])",
       R"("findings":[{"code":"ledger-unavailable"}])", "verdict: 403 plan-missing | 403 plan-missing; "},
  };
  for (const auto& row : table) {
    Gate gate(row.policy);
    gate.usages[hana.id.text()].buckets[policy::Bucket::of_day(JstDate::of(gate.now))] = 3;
    auto order = order_of(10);
    order.partial = true;
    gate.order(hana, order);
    auto& line = gate.lines.front();
    if (*row.old) line = replaced(line, row.old, row.with);
    const auto found = audit(gate.lines, {row.policy});
    if (std::string_view(row.says).ends_with("; ")) {
      EXPECT_EQ(found.differ, 1u) << "the rules must have let pass what the ledger is said to have refused";
      continue;
    }
    EXPECT_EQ(told(found), row.says) << row.old;
    EXPECT_EQ(found.differ, *row.says ? 1u : 0u) << line;
    EXPECT_EQ(found.same + found.differ, 1u);
    EXPECT_EQ(found.all_same(), !*row.says);
    for (const auto& one : found.differences) EXPECT_EQ(one.decision, "D1");
  }
}

TEST(AuditReplay, what_another_policy_decided_is_found) {
  Gate gate(up_to(20));
  gate.order(hana, order_of(10));
  EXPECT_TRUE(audit(gate.lines, {up_to(20)}).all_same());
  const auto found = audit(gate.lines, {up_to(9)});
  ASSERT_EQ(found.differences.size(), 1u);
  EXPECT_EQ(found.differences[0].decision, "D1");
  EXPECT_EQ(found.differences[0].seq, 1u);
  EXPECT_EQ(found.differences[0].policy, "p");
}

TEST(AuditReplay, each_decision_is_made_again_by_the_policy_that_it_names) {
  Gate first(up_to(5)), second(named("q", {permits("everybody")}));
  first.order(hana, order_of(10));
  second.order(hana, order_of(10));
  auto lines = first.lines;
  lines.push_back(second.lines[0]);
  lines.push_back(first.lines[0]);
  const auto found = audit(lines, {first.rules, second.rules});
  EXPECT_EQ(found.same, 3u);
  ASSERT_EQ(found.policies.size(), 2u);
  EXPECT_EQ(found.policies[0].decisions, 2u);
  EXPECT_EQ(audit({replaced(second.lines[0], "\"policy\":\"q\"", "\"policy\":\"p\"")}, {first.rules}).differ,
            1u);
}

TEST(AuditReplay, a_policy_that_is_missing_is_told) {
  Gate gate(up_to(20));
  const auto id = gate.order(hana, order_of(10));
  const auto found = audit(gate.lines, {});
  EXPECT_EQ(found.undecided.at(Undecided::policy_missing), 1u);
  EXPECT_THAT(found.undecided_samples, ElementsAre(id));
  EXPECT_FALSE(found.all_same());
  ASSERT_EQ(found.policies.size(), 1u);
  EXPECT_EQ(found.policies[0].digest, "p");
  EXPECT_EQ(found.policies[0].trouble, "not in this journal");
}

// Records of older versions; those of now that lack a count were decided by another policy.
TEST(AuditReplay, a_record_without_the_facts_or_the_counts_is_never_guessed) {
  const auto charges = [](std::string line) {
    const auto from = line.find(",\"charges\":[");
    return line.erase(from, line.find(']', from) + 1 - from);
  };
  auto two = up_to(20);
  two.rules.push_back(limits("stock", 1000, {K::lifetime}, {}));
  for (const auto& rules : {up_to(20), two}) {
    Gate gate(rules);
    for (int i = 0; i < 3; ++i) gate.order(hana, order_of(10));  // one too many
    ASSERT_EQ(gate.lines.size(), 5u);
    EXPECT_EQ(audit(gate.lines, {rules}).same, 3u);
    // What is said of the limit that bound is enough where no other was asked.
    const auto before = audit({charges(gate.lines[4])}, {rules});
    EXPECT_EQ(before.same, rules.rules.size() == 1 ? 1u : 0u);
    EXPECT_EQ(before.undecided_all(), before.same == 1 ? 0u : 1u);
    const auto undated = audit({replaced(gate.lines[0], "\"date\":", "\"today\":")}, {rules});
    EXPECT_EQ(undated.undecided.at(Undecided::facts_missing), 1u);
  }
  Gate unlimited(named("p", {permits("everybody")}));
  unlimited.order(hana, order_of(10));
  EXPECT_EQ(told(audit(unlimited.lines, {up_to(20)})), "charges: none | everybody 20");
}

// What the gate said itself is told apart, and only believed where the rules had let the order through.
TEST(AuditReplay, what_is_not_the_policys_is_told_apart) {
  auto throttled = up_to(20);
  throttled.rules[0].throttle = Throttle{1, 1000, 1};
  Gate gate(throttled);
  gate.order(hana, order_of(10));
  const auto allowed = gate.lines[0];
  const auto charges_from = allowed.find(",\"charges\":");
  const auto plain = allowed.substr(0, charges_from) + R"(,"allowed":true,"mac":"")" + "}";
  const auto turned_away = [&](const std::string& code, int status) {
    return replaced(plain, R"("allowed":true)",
                    fmt::format(R"("allowed":false,"code":"{}","status":{},"findings":[{{"code":"{}"}}])",
                                code, status, code));
  };
  std::vector<std::string> lines{turned_away("ledger-unavailable", 503),
                                 turned_away("journal-unavailable", 503),
                                 turned_away("registry-stale", 503),
                                 turned_away("idempotency-conflict", 409),
                                 turned_away("outcome-unknown", 409),
                                 turned_away("rate-exceeded", 429),
                                 turned_away("unreadable-order", 422),
                                 replaced(plain, R"("allowed":true)", R"("allowed":true,"replayed":true)"),
                                 replaced(plain, R"("operation":"allocate")", R"("operation":"release")")};
  const auto unknown = [](const std::string& code) {
    return fmt::format(
        R"({{"seq":1,"at":"2026-11-24T12:00:00.000+09:00","kind":"decision","decision":"x",)"
        R"("policy":"p","allowed":false,"code":"{}","status":401,"findings":[{{"code":"{}"}}],)"
        R"("mac":""}})",
        code, code);
  };
  lines.push_back(unknown("unauthenticated"));
  const auto found = audit(lines, {throttled});
  EXPECT_EQ(found.not_the_policys_all(), lines.size()) << told(found);
  EXPECT_EQ(found.not_the_policys.size(), lines.size());
  EXPECT_EQ(found.not_the_policys.at("hands-nothing-out"), 1u);
  EXPECT_EQ(found.not_the_policys.at("replayed"), 1u);
  EXPECT_TRUE(found.all_same());

  // Under a policy that refuses the order, nobody can have asked the ledger; without a throttle, none says
  // slower.
  auto refusing = named("p", {permits("everybody"), denies("no", Reason::plan_missing)});
  EXPECT_EQ(audit(lines, {refusing}).differ, 7u);
  EXPECT_EQ(audit(lines, {up_to(20)}).differ, 1u);
  EXPECT_EQ(audit(lines, {}).undecided.at(Undecided::policy_missing), 7u);
}

TEST(AuditReplay, an_order_refused_after_its_forwarding_is_two_decisions) {
  const auto rules = named("p", {permits("everybody"), denies("revoked", Reason::etoc_revoked,
                                                              {.etoc = WordSet{EtocState::revoked}})});
  Gate gate(rules);
  const auto id = gate.order(hana, order_of(10));
  auto revoked = hana;
  revoked.etoc.state = EtocState::revoked;
  gate.order(revoked, order_of(10));
  auto late = replaced(gate.lines.back(), "\"decision\":\"D2\"", "\"decision\":\"" + id + "\"");
  gate.lines.back() = late;
  const auto found = audit(gate.lines, {rules});
  EXPECT_EQ(found.decisions, 2u);
  EXPECT_EQ(found.same, 2u) << told(found);
}

// Whatever was decided follows from its record; whatever another policy decided otherwise is found.
TEST(AuditReplay, every_decision_of_a_gate_follows_from_its_record) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    const auto one_of = [&](int n) { return int(random() % unsigned(n)); };
    auto rules = contract_policy();
    rules.digest = "p";
    rules.rules.push_back(limits("typed", 60, {K::month}, {}));
    rules.rules.back().limit->number_types = {NumberType::ip_050};
    rules.rules.push_back(limits("stock", 250, {K::held}, {}));
    rules.waivers.push_back({.id = "w",
                             .operators = {hana.id.text()},
                             .rules = {"typed"},
                             .dates = {day("2026-01-01"), day("2027-12-31")}});
    auto other = rules;
    other.rules.back().limit->steps[0].value = 200;
    Gate gate(rules);
    std::uint64_t otherwise = 0;
    for (int i = 0; i < 300; ++i) {
      auto record = certified_operator(999900000001 + one_of(6));
      record.etoc.state = static_cast<EtocState>(one_of(8));
      if (one_of(4) == 0) record.refusals = {{.action = static_cast<RefusalAction>(one_of(3))}};
      record.track_record.first_supply = day("2026-06-01").plus(-one_of(500));
      gate.now += std::chrono::hours(one_of(20));
      gate.stale = one_of(10) == 0;
      auto order = order_of(1 + one_of(90), one_of(2) ? NumberType::fixed : NumberType::ip_050);
      order.partial = one_of(2);
      const auto id = gate.order(record, order);
      if (one_of(3)) gate.settle(record, id, one_of(40));
    }
    const auto found = audit(gate.lines, {rules});
    EXPECT_EQ(found.differ, 0u) << "seed " << seed << " " << told(found);
    EXPECT_EQ(found.undecided_all(), 0u) << "seed " << seed;
    EXPECT_EQ(found.decisions, 300u);
    EXPECT_EQ(found.same, 300u);
    for (const auto& line :
         gate.lines)  // what names the changed limit among its charges cannot follow from it
      otherwise += line.find(R"("kind":"decision")") != line.npos && line.find("\"before\":") != line.npos;
    EXPECT_EQ(audit(gate.lines, {other}).differ, otherwise) << "seed " << seed;
    EXPECT_GT(otherwise, 0u);
  }
}

// A policy as a file, written into a real journal.
struct AuditReplayFiles : testing::Test {
  static std::string text(Quantity most) {
    return fmt::format(
        "schema: sekisho/policy/v1\nname: \"up to {}\"\nvalues:\n  most: {{ value: {}, source: \"desk\", "
        "as_of: "
        "2026-04-01 }}\nrules:\n  - id: everybody\n    permit: true\n    limit: {{ numbers: $most, per: day "
        "}}\n",
        most, most);
  }
  static Policy read(Quantity most) {
    auto loaded = config::read_policy_text("test", text(most));
    EXPECT_TRUE(loaded) << config::print(loaded.errors);
    return loaded ? *loaded.value : Policy();
  }
  static std::string record(const Policy& policy, const std::string& text) {
    return fmt::format(R"("policy":"{}","name":"{}","rules":1,"text":{})", policy.digest, policy.name,
                       quoted(text));
  }
  static std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) out += c == '\n' ? "\\n" : c == '"' ? "\\\"" : std::string(1, c);
    return out + "\"";
  }
  // The inside of a line, as the journal takes it.
  static std::string inside(const std::string& line) {
    const auto from = line.find(',', line.find("\"kind\":")) + 1;
    return line.substr(from, line.rfind(",\"mac\":") - from);
  }
  // One journal: the policy, and so many orders under it; then the next.
  void write(const std::vector<std::pair<Quantity, int>>& reigns, bool with_text = true) {
    JournalSettings settings{.directory = directory()};
    settings.segment_bytes = 4000;
    const auto journal = Journal::open(settings);
    for (const auto& [most, orders] : reigns) {
      Gate gate(read(most));
      journal->append(RecordKind::policy, gate.now, record(gate.rules, with_text ? text(most) : ""));
      for (int i = 0; i < orders; ++i) {
        gate.order(certified_operator(999900000001 + i), order_of(10));
        std::promise<void> on_disk;  // one batch each, so that segments fill one by one
        journal->append(RecordKind::decision, gate.now, inside(gate.lines[gate.lines.size() - 2]),
                        [&](bool) { on_disk.set_value(); });
        on_disk.get_future().wait();
      }
    }
  }
  std::filesystem::path directory() const { return files.path() / "journal"; }
  config::Folder files;
};

TEST_F(AuditReplayFiles, the_journal_holds_the_policies_of_all_times) {
  write({{100, 3}, {20, 3}, {50, 3}});
  const auto found = audit_journal(directory());
  EXPECT_EQ(found.same, 9u) << told(found);
  ASSERT_EQ(found.policies.size(), 3u);
  EXPECT_EQ(found.policies[1].name, "up to 20");
}

TEST_F(AuditReplayFiles, any_segments_that_are_left_can_be_decided_again) {
  write({{100, 30}, {20, 30}});
  auto segments = list_segments(directory());
  ASSERT_GT(segments.size(), 5u);
  for (std::uint64_t decisions = 60; segments.size() > 1; segments = list_segments(directory())) {
    std::filesystem::remove(segments.front().file);
    const auto found = audit_journal(directory());
    EXPECT_LT(found.decisions, decisions);
    EXPECT_EQ(found.same, found.decisions);
    EXPECT_EQ(found.undecided_all(), 0u);
    decisions = found.decisions;
  }
}

TEST_F(AuditReplayFiles, a_journal_of_before_is_decided_again_by_the_files_that_are_given) {
  write({{100, 2}, {20, 2}}, false);
  EXPECT_EQ(audit_journal(directory()).undecided.at(Undecided::policy_missing), 4u);
  EXPECT_EQ(audit_journal(directory(), {read(100)}).same, 2u);
  EXPECT_EQ(audit_journal(directory(), {read(100), read(20)}).same, 4u);
}

TEST_F(AuditReplayFiles, a_text_that_is_not_the_policy_it_claims_to_be_decides_nothing) {
  const auto policy = read(100);
  Gate gate(policy);
  gate.order(hana, order_of(10));
  const auto said = [&](const std::string& text) {
    Gate other(policy);
    other.write("policy", record(policy, text));
    other.lines.push_back(gate.lines[0]);
    const auto found = audit(other.lines, {});
    EXPECT_EQ(found.undecided.at(Undecided::policy_unreadable), 1u);
    return found.policies.at(0).trouble;
  };
  EXPECT_THAT(said(text(200)), HasSubstr("has another digest, " + read(200).digest));
  EXPECT_THAT(said("schema: sekisho/policy/v1\n"), HasSubstr("rules"));
}

}  // namespace
}  // namespace sekisho::cache
