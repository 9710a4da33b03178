#include "cache/replay.h"

#include <algorithm>
#include <deque>
#include <stdexcept>
#include <tuple>
#include <unordered_map>

#include "cache/journal_chain.h"
#include "cache/journal_files.h"
#include "cache/journal_reader.h"
#include "cache/replay_count.h"
#include "cache/replay_numbers.h"
#include "cache/replay_record.h"

namespace sekisho::cache {
using policy::JstDate;
using policy::NumberTypes;
using policy::Period;
using policy::Quantity;
using policy::Reason;

namespace {

constexpr std::size_t most_samples = 20, most_touched = 1000;
constexpr std::size_t moment_length = 29;  // "2026-11-24T10:00:00.000+09:00": compares as text

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};
template <class T>
using ByText = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

// An answer, then or now. Views into the record or the policy.
struct Told {
  bool permitted = false;
  Quantity take = 0;
  std::string_view code, rule;
};

// Views into the policy, not into the finding, which is gone sooner.
Told refused(Reason reason, const policy::Rule* rule) {
  if (!rule) return {.code = policy::code(reason)};
  const bool own = reason == Reason::quota_exceeded && rule->limit && !rule->limit->code.empty();
  return {.code = own ? std::string_view(rule->limit->code) : policy::code(reason), .rule = rule->id};
}

// Was it the policy that said no? A rule did, or none permitted; the gate's own reasons name no rule.
bool policy_refused(const DecisionRecord& record) {
  const auto& answer = record.answer;
  return (!answer.findings.empty() && !answer.findings.front().rule.empty()) ||
         answer.code == policy::code(Reason::policy_denied);
}

Told told_then(const DecisionRecord& record) {
  const auto& answer = record.answer;
  if (answer.allowed) return {.permitted = true, .take = answer.taken};
  if (answer.findings.empty()) return {.code = answer.code};
  return {.code = answer.findings.front().word, .rule = answer.findings.front().rule};
}

void add_sample(std::vector<std::string>& samples, std::string_view id) {
  if (samples.size() < most_samples) samples.emplace_back(id);
}

struct Operator {
  TouchedOperator touched;
  Account account;
};

struct Group {
  FlipGroup told;
  std::vector<bool> operators;  // by their place in `operators`
};

// What a limit of the policy counts, as records state it.
struct Counted {
  std::string per;
  NumberTypes types;  // empty: all
};

}  // namespace

struct Replay::State {
  explicit State(const policy::Compiled& rules);
  void decision(const DecisionRecord& record);
  void settled(const SettledRecord& record);
  void note(FlipKind kind, const DecisionRecord& record, const Told& then, const Told& now, Quantity numbers);
  Told judge(const DecisionRecord& record, const Account& account);
  Quantity counted(const policy::Rule& rule, const DecisionRecord& record, const Account& account);
  std::size_t place_of(std::string_view operator_id);
  std::string& key_of(FlipKind kind, const Told& then, const Told& now);

  const policy::Compiled& policy;
  std::vector<Counted> counted_by;  // each rule's limit
  bool types_of_held = false;       // a limit on what is held counts some types only
  std::string since;                // as the journal writes moments
  RecordReader reader;

  std::deque<Operator> operators;
  std::unordered_map<std::string_view, std::size_t> places;  // names are the operators' own
  ByText<Taken> open;                                        // by decision
  NumbersOut numbers;                                        // if types_of_held
  ByText<Group> groups;
  std::string key;               // of a group; kept for its memory, as is the next
  std::vector<Quantity> before;  // counted of each charge of the present decision
  JstDate begins;
  bool here = false, short_of = false;  // the present decision rests on the journal's own count
  Replayed out;
};

Replay::State::State(const policy::Compiled& rules) : policy(rules) {
  for (const auto& rule : rules.policy().rules) {
    auto& counts = counted_by.emplace_back();
    if (!rule.limit) continue;
    counts.per = rule.limit->per.text();
    if (rule.limit->number_types != NumberTypes::all()) counts.types = rule.limit->number_types;
    types_of_held |= rule.limit->per.kind == Period::Kind::held && !counts.types.empty();
  }
}

Replay::Replay(const policy::Compiled& policy) : state_(std::make_unique<State>(policy)) {}
Replay::~Replay() = default;

void Replay::judge_from(policy::Instant since) { state_->since = policy::iso_jst(since); }

std::size_t Replay::State::place_of(std::string_view operator_id) {
  const auto known = places.find(operator_id);
  if (known != places.end()) return known->second;
  auto& fresh = operators.emplace_back();
  fresh.touched.operator_id = operator_id;
  places.emplace(fresh.touched.operator_id, operators.size() - 1);
  return operators.size() - 1;
}

// What this limit had counted before the order.
Quantity Replay::State::counted(const policy::Rule& rule, const DecisionRecord& record,
                                const Account& account) {
  const auto& limit = *rule.limit;
  const bool joint =
      limit.of == policy::Scope::owner_group && !record.facts.name(policy::Fact::owner_group).empty();
  const auto& like = counted_by[static_cast<std::size_t>(&rule - policy.policy().rules.data())];
  for (const auto& stated : record.counts)
    if (stated.types == like.types && stated.per == like.per &&
        stated.of_group == (limit.of == policy::Scope::owner_group))
      return stated.before;
  const auto first = policy::first_day(limit.per, record.facts.today());
  here = true;
  short_of |= joint;                       // of the others in the group nothing is counted here
  short_of |= !first || *first <= begins;  // the journal's first day need not be whole
  return account.counted(limit.per, like.types, record.facts.today());
}

// Decides as the pipeline does: the rules, then how fresh the registry was, then every limit together.
Told Replay::State::judge(const DecisionRecord& record, const Account& account) {
  const auto decision = policy::apply_rules(policy, record.facts);
  if (record.stale && (decision.allowed || Reason::registry_stale < decision.reason()))
    return {.code = policy::code(Reason::registry_stale)};
  if (!decision.allowed) return refused(decision.reason(), decision.findings.front().rule);
  here = short_of = false;
  before.clear();
  for (const auto& charge : decision.charges) before.push_back(counted(*charge.rule, record, account));
  out.counted_here += here;
  out.counted_short += short_of;
  const auto held = policy::hold_against(decision.charges, before, record.facts.quantity(), record.partial);
  if (!held.bound.empty()) return refused(Reason::quota_exceeded, decision.charges[held.bound.front()].rule);
  return {.permitted = true, .take = held.quantity};
}

void Replay::State::decision(const DecisionRecord& record) {
  if (record.id.empty()) return;  // hands nothing out
  const auto place = place_of(record.operator_id);
  auto& account = operators[place].account;
  // Refused after its `forwarding`: what it held goes back, and did not count for itself.
  if (!record.answer.allowed && !open.empty())
    if (const auto own = open.find(record.id); own != open.end()) {
      account.take(own->second, -own->second.quantity);
      open.erase(own);
    }
  if (record.at < since) return;
  const auto pass_over = [&](std::string_view why) {
    ++out.passed_over;
    const auto known = out.passed_over_for.find(why);
    ++(known != out.passed_over_for.end() ? known->second : out.passed_over_for[std::string(why)]);
  };
  if (record.replayed) return pass_over("replayed");
  if (!record.answer.allowed && !policy_refused(record)) return pass_over(record.answer.code);
  if (!record.has_facts) {
    ++out.undecidable;
    return add_sample(out.undecidable_samples, record.id);
  }
  ++out.decisions;
  if (out.from.empty() || record.at < out.from) out.from = record.at;
  if (record.at > out.until) out.until = record.at;

  const auto then = told_then(record), now = judge(record, account);
  const auto asked = record.facts.quantity();
  if (then.permitted && !now.permitted) return note(FlipKind::to_refused, record, then, now, then.take);
  if (!then.permitted && now.permitted) return note(FlipKind::to_permitted, record, then, now, now.take);
  if (!then.permitted && then.code != now.code) return note(FlipKind::reworded, record, then, now, asked);
  if (then.permitted && then.take == asked && now.take < asked)
    note(FlipKind::trimmed, record, then, now, asked - now.take);
}

// Unambiguous, and no longer than it takes to look the group up.
std::string& Replay::State::key_of(FlipKind kind, const Told& then, const Told& now) {
  key.assign(1, static_cast<char>('0' + static_cast<int>(kind)));
  for (const auto part : {then.code, then.rule, now.code, now.rule}) (key += '\n') += part;
  return key;
}

void Replay::State::note(FlipKind kind, const DecisionRecord& record, const Told& then, const Told& now,
                         Quantity numbers) {
  const auto index = static_cast<std::size_t>(kind);
  ++out.flips[index];
  out.numbers[index] += numbers;
  add_sample(out.samples[index], record.id);

  auto& group = groups[key_of(kind, then, now)];
  if (group.told.decisions == 0) {
    const auto words = [](const Told& told) {
      if (told.permitted) return std::string("permitted");
      return std::string(told.code) + (told.rule.empty() ? "" : " (" + std::string(told.rule) + ")");
    };
    group.told.kind = kind;
    group.told.before = words(then);
    group.told.after = words(now);
  }
  ++group.told.decisions;
  group.told.numbers += numbers;
  add_sample(group.told.samples, record.id);
  const auto place = place_of(record.operator_id);
  if (group.operators.size() <= place) group.operators.resize(operators.size());
  if (!group.operators[place]) ++group.told.operators;
  group.operators[place] = true;

  if (kind == FlipKind::reworded) return;
  auto& touched = operators[place].touched;
  out.operators += touched.decisions == 0;
  ++touched.decisions;
  touched.numbers += numbers;
}

// The ledger took it: from here on the count is what was granted, and falls by what was given back.
void Replay::State::settled(const SettledRecord& record) {
  auto& account = operators[place_of(record.operator_id)].account;
  if (record.result == "returned") {
    account.give_back(record.released);
    if (!types_of_held) return;
    for (const auto number : record.numbers)
      if (const auto type = numbers.give_back(number)) account.give_back_of(*type);
    return;
  }
  if (record.not_open || (record.result != "granted" && record.result != "released")) return;
  const auto taken = open.find(record.id);
  if (taken == open.end()) return;  // resolved before, or taken before the journal began
  account.take(taken->second, record.granted - taken->second.quantity);
  if (types_of_held) numbers.give(record.numbers, taken->second.type);
  open.erase(taken);
}

void Replay::read(std::string_view line) {
  auto& state = *state_;
  if (state.out.records++ == 0) {
    if (const auto at = line.find("\"at\":\""); at != line.npos)
      state.out.begins = line.substr(at + 6, moment_length);
    state.begins = JstDate::parse(std::string_view(state.out.begins).substr(0, 10)).value_or(JstDate());
  }
  switch (state.reader.read(line)) {
    case RecordKind::decision:
      return state.decision(state.reader.decision);
    case RecordKind::settled:
      return state.settled(state.reader.settled);
    case RecordKind::forwarding: {
      const auto& record = state.reader.forwarding;
      if (!record.number_type || !record.day) return;
      const Taken taken{*record.number_type, *record.day, record.held};
      if (!state.open.emplace(record.id, taken).second) return;
      return state.operators[state.place_of(record.operator_id)].account.take(taken, taken.quantity);
    }
    default:
      return;
  }
}

Replayed Replay::result() const {
  auto out = state_->out;
  for (const auto& [key, group] : state_->groups) out.groups.push_back(group.told);
  std::sort(out.groups.begin(), out.groups.end(), [](const auto& a, const auto& b) {
    return std::tie(b.decisions, a.kind, a.before, a.after) <
           std::tie(a.decisions, b.kind, b.before, b.after);
  });
  for (const auto& one : state_->operators)
    if (one.touched.decisions > 0) out.touched.push_back(one.touched);
  std::sort(out.touched.begin(), out.touched.end(), [](const auto& a, const auto& b) {
    return std::tie(b.decisions, a.operator_id) < std::tie(a.decisions, b.operator_id);
  });
  if (out.touched.size() > most_touched) out.touched.resize(most_touched);
  return out;
}

namespace {

// The first record of the last segment that begins before a moment; 0: the journal's first.
std::uint64_t first_seq_from(const std::filesystem::path& directory, policy::Instant moment) {
  const auto text = policy::iso_jst(moment);
  std::uint64_t seq = 0;
  for (const auto& segment : list_segments(directory)) {
    LineReader reader(segment.file);
    std::string_view line;
    bool whole = false;
    const auto form = reader.next(line, whole) && whole ? read_form(line) : std::nullopt;
    if (!form || form->at >= text) break;
    seq = form->seq;
  }
  return seq;
}

}  // namespace

Replayed replay_journal(const std::filesystem::path& directory, const policy::Compiled& policy,
                        std::optional<policy::Instant> since, std::optional<policy::Instant> count_from,
                        const config::Progress& progress) {
  Replay replay(policy);
  if (since) replay.judge_from(*since);
  const auto from = count_from ? first_seq_from(directory, *count_from) : 0;
  const auto judge = [&](const JournalLine& line) {
    try {
      replay.read(line.json);
    } catch (const std::runtime_error& broken) {
      throw std::runtime_error(line.file.string() + ":" + std::to_string(line.line) + ": " + broken.what());
    }
    return true;
  };
  read_journal(directory, from, judge, progress);
  return replay.result();
}

}  // namespace sekisho::cache
