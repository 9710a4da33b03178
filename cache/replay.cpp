#include "cache/replay.h"

#include <simdjson.h>

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <unordered_map>

#include "cache/journal_reader.h"
#include "cache/replay_count.h"

namespace sekisho::cache {
namespace dom = simdjson::dom;
using policy::Fact;
using policy::Facts;
using policy::Quantity;
using policy::Reason;

namespace {

constexpr std::size_t most_samples = 20, most_touched = 1000;

std::string_view text(dom::object from, std::string_view key) {
  std::string_view out;
  if (from[key].get(out) != simdjson::SUCCESS) return {};
  return out;
}

std::int64_t number(dom::object from, std::string_view key, std::int64_t otherwise = 0) {
  std::int64_t out = otherwise;
  if (from[key].get(out) != simdjson::SUCCESS) return otherwise;
  return out;
}

bool truth(dom::object from, std::string_view key) {
  bool out = false;
  return from[key].get(out) == simdjson::SUCCESS && out;
}

// A decision that the policy has a say in: it was made for one of the policy's reasons, or allowed.
bool is_policys(Reason reason) {
  if (reason == Reason::quota_exceeded) return true;
  if (reason == Reason::route_not_governed || reason == Reason::client_not_allowed ||
      reason == Reason::not_yours)
    return false;
  return policy::row(reason).family == policy::Family::decision;
}

struct Answer {
  bool permitted = false;
  Quantity take = 0;
  Reason reason{};
  std::string rule;
  std::string told() const {
    if (permitted) return "permitted";
    return std::string(policy::code(reason)) + (rule.empty() ? "" : " (" + rule + ")");
  }
};

}  // namespace

struct Replay::State {
  explicit State(const policy::Compiled& rules) : policy(rules) {}

  const policy::Compiled& policy;
  std::optional<std::string> since;  // as the journal writes moments
  dom::parser parser;
  std::unordered_map<std::string, Account> accounts;
  std::unordered_map<std::string, Taken> open;  // by decision
  Replayed out;
  struct Group {
    FlipGroup told;
    std::set<std::string> operators;
  };
  std::map<std::tuple<FlipKind, std::string, std::string>, Group> groups;
  std::unordered_map<std::string, TouchedOperator> touched;

  void decision(dom::object record);
  bool rebuild(dom::object record, Facts& facts) const;
  std::optional<Quantity> recorded(dom::object record, const policy::Limit& limit) const;
  Answer decide(dom::object record, const Facts& facts, bool partial);
  void note(FlipKind kind, dom::object record, const Answer& before, const Answer& after, Quantity quantity);
};

Replay::Replay(const policy::Compiled& policy) : state_(std::make_unique<State>(policy)) {}
Replay::~Replay() = default;

void Replay::judge_from(policy::Instant since) { state_->since = policy::iso_jst(since); }

// The facts as the record states them. False: it does not hold them.
bool Replay::State::rebuild(dom::object record, Facts& facts) const {
  dom::object stated, order;
  if (record["facts"].get(stated) != simdjson::SUCCESS || record["order"].get(order) != simdjson::SUCCESS)
    return false;
  bool good = true, dated = false;
  for (const auto [key, value] : stated) {
    const auto fact = policy::parse_word<Fact>(key);
    std::string_view said;
    if (!fact || value.get(said) != simdjson::SUCCESS) continue;  // `stale`, and what later versions add
    good &= policy::read_value(*fact, said, facts);
    dated |= *fact == Fact::date;
  }
  good &= policy::read_value(Fact::number_type, text(order, "number_type"), facts);
  good &= policy::read_value(Fact::operation, text(record, "operation"), facts);
  facts.set(Fact::operator_id, text(record, "operator"));
  facts.set(Fact::carrier, text(record, "carrier"));
  facts.set(Fact::area, text(order, "area"));
  facts.set(Fact::channels, number(order, "channels"));
  facts.set(Fact::quantity, number(order, "quantity"));
  if (!good || !dated || facts.quantity() < 1) return false;
  facts.set(Fact::plan_covers_type, facts[Fact::plan_types] >> facts[Fact::number_type] & 1);
  return true;
}

// What the record says was counted before the order, for this limit's period and types.
std::optional<Quantity> Replay::State::recorded(dom::object record, const policy::Limit& limit) const {
  const auto per = limit.per.text();
  const auto types = policy::join(limit.number_types);
  for (const auto key : {"charges", "limits"}) {
    dom::array list;
    if (record[key].get(list) != simdjson::SUCCESS) continue;
    for (const auto item : list) {
      dom::object one;
      if (item.get(one) != simdjson::SUCCESS || text(one, "per") != per || text(one, "number_types") != types)
        continue;
      std::int64_t before = 0;
      if (one["before"].get(before) == simdjson::SUCCESS) return before;
      if (one["used"].get(before) == simdjson::SUCCESS) return before + number(one, "held");
    }
  }
  return std::nullopt;
}

Answer Replay::State::decide(dom::object record, const Facts& facts, bool partial) {
  auto decision = policy::apply_rules(policy, facts);
  const auto by = [](const policy::Finding& why) { return why.rule ? why.rule->id : std::string(); };
  if (!decision.allowed) return {false, 0, decision.reason(), by(decision.findings.front())};
  Answer verdict{true, facts.quantity()};
  std::vector<Quantity> left;
  bool here = false;
  for (const auto& charge : decision.charges) {
    auto counted = recorded(record, *charge.rule->limit);
    here |= !counted;
    if (!counted)
      counted =
          accounts[std::string(facts.name(Fact::operator_id))].counted(*charge.rule->limit, facts.today());
    left.push_back(charge.cap - *counted);
    if (charge.rule->limit->trim && partial && left.back() > 0)
      verdict.take = std::min(verdict.take, left.back());
  }
  out.counted_here += here;
  for (std::size_t i = 0; i < left.size(); ++i)
    if (left[i] < verdict.take) return {false, 0, Reason::quota_exceeded, decision.charges[i].rule->id};
  return verdict;
}

void Replay::State::note(FlipKind kind, dom::object record, const Answer& before, const Answer& after,
                         Quantity quantity) {
  const auto index = static_cast<std::size_t>(kind);
  ++out.flips[index];
  out.numbers[index] += quantity;
  const std::string who(text(record, "operator"));
  auto& group = groups[{kind, before.told(), after.told()}];
  group.told.kind = kind;
  ++group.told.decisions;
  group.told.numbers += quantity;
  group.operators.insert(who);
  if (group.told.samples.size() < most_samples) group.told.samples.emplace_back(text(record, "decision"));
  if (kind == FlipKind::reworded) return;
  auto& one = touched[who];
  one.operator_id = who;
  ++one.decisions;
  one.numbers += quantity;
}

void Replay::State::decision(dom::object record) {
  const auto operation = policy::parse_word<policy::Operation>(text(record, "operation"));
  if (!operation || !policy::hands_out(*operation)) return;
  const auto at = text(record, "at");
  if (since && at < *since) return;
  Answer before{truth(record, "allowed")};
  if (!before.permitted) {
    const auto reason = policy::parse_reason(text(record, "code"));
    if (!reason || !is_policys(*reason)) return void(++out.passed_over);
    before.reason = *reason;
    dom::array findings;
    dom::object first;
    if (record["findings"].get(findings) == simdjson::SUCCESS && findings.size() > 0 &&
        findings.at(0).get(first) == simdjson::SUCCESS)
      before.rule = text(first, "rule");
  }
  if (truth(record, "replayed")) return void(++out.passed_over);
  Facts facts;
  if (!rebuild(record, facts)) return void(++out.undecidable);
  if (out.decisions++ == 0) out.from = at;
  out.until = at;
  dom::object order;
  const bool partial = record["order"].get(order) == simdjson::SUCCESS && truth(order, "partial");
  const auto after = decide(record, facts, partial);
  const auto quantity = facts.quantity();
  if (before.permitted && !after.permitted) note(FlipKind::to_refused, record, before, after, quantity);
  if (!before.permitted && after.permitted) note(FlipKind::to_permitted, record, before, after, quantity);
  if (!before.permitted && !after.permitted && before.reason != after.reason)
    note(FlipKind::reworded, record, before, after, quantity);
  if (before.permitted && after.permitted && after.take < quantity && !truth(record, "trimmed"))
    note(FlipKind::trimmed, record, before, after, quantity - after.take);
}

void Replay::read(std::string_view line) {
  auto& state = *state_;
  ++state.out.records;
  const auto kind_at = line.find("\"kind\":\"");
  if (kind_at == line.npos) throw std::runtime_error("not a journal record");
  const auto kind = line.substr(kind_at + 8);
  const bool decision = kind.starts_with("decision\""), forwarding = kind.starts_with("forwarding\""),
             settled = kind.starts_with("settled\"");
  if (!decision && !forwarding && !settled) return;
  dom::object record;
  if (state.parser.parse(line.data(), line.size()).get(record) != simdjson::SUCCESS)
    throw std::runtime_error("not a journal record");
  if (decision) return state.decision(record);
  const std::string id(text(record, "decision"));
  auto& account = state.accounts[std::string(text(record, "operator"))];
  if (forwarding) {
    const auto type = policy::parse_word<policy::NumberType>(text(record, "number_type"));
    const auto day = policy::JstDate::parse(text(record, "day"));
    if (!type || !day) return;
    const Taken taken{*type, *day, number(record, "held")};
    account.take(taken, taken.quantity);
    state.open[id] = taken;
    return;
  }
  const auto result = text(record, "result");
  if (result == "returned") return account.give_back(number(record, "released"));
  if (result != "granted" && result != "released") return;
  const auto taken = state.open.find(id);
  if (taken == state.open.end()) return;
  account.take(taken->second, number(record, "granted") - taken->second.quantity);
  state.open.erase(taken);
}

Replayed Replay::result() const {
  auto out = state_->out;
  for (const auto& [key, group] : state_->groups) {
    auto& told = out.groups.emplace_back(group.told);
    std::tie(std::ignore, told.before, told.after) = key;
    told.operators = group.operators.size();
  }
  for (const auto& [id, one] : state_->touched) out.touched.push_back(one);
  std::stable_sort(out.groups.begin(), out.groups.end(),
                   [](const auto& a, const auto& b) { return a.decisions > b.decisions; });
  std::sort(out.touched.begin(), out.touched.end(), [](const auto& a, const auto& b) {
    return std::tuple(b.decisions, a.operator_id) < std::tuple(a.decisions, b.operator_id);
  });
  if (out.touched.size() > most_touched) out.touched.resize(most_touched);
  return out;
}

Replayed replay_journal(const std::filesystem::path& directory, const policy::Compiled& policy,
                        std::optional<policy::Instant> since) {
  Replay replay(policy);
  if (since) replay.judge_from(*since);
  read_journal(directory, 0, [&](const JournalLine& line) {
    try {
      replay.read(line.json);
    } catch (const std::runtime_error& broken) {
      throw std::runtime_error(line.file.string() + ":" + std::to_string(line.line) + ": " + broken.what());
    }
    return true;
  });
  return replay.result();
}

}  // namespace sekisho::cache
