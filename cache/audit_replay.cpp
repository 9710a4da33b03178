#include "cache/audit_replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <stdexcept>

#include "cache/replay_record.h"
#include "config/installation.h"
#include "policy/compiled.h"
#include "policy/decide.h"

namespace sekisho::cache {
using policy::Decision;
using policy::HoldAnswer;
using policy::Quantity;
using policy::Reason;

namespace {

constexpr std::size_t most_samples = 20;

// A policy by its digest, once it is needed or told.
struct Known {
  PolicyInUse told;
  std::unique_ptr<const policy::Policy> policy;
  policy::Compiled rules;  // of `policy`; nothing while that is missing
  Undecided why_not = Undecided::policy_missing;

  void become(policy::Policy read) {
    policy = std::make_unique<const policy::Policy>(std::move(read));
    rules = policy::Compiled(*policy);
    told.name = policy->name;
    told.trouble.clear();
  }
};

// The finding that is the gate's or the ledger's own, not a rule's nor the policy's default. A stale registry
// follows from the facts.
const Stated* own_finding(const DecisionRecord& record) {
  for (const auto& finding : record.answer.findings) {
    const bool follows = finding.word == policy::code(Reason::policy_denied) ||
                         (record.stale && finding.word == policy::code(Reason::registry_stale));
    if (finding.rule.empty() && !follows) return &finding;
  }
  return nullptr;
}

// As it would be recorded. Views into the decision and the policy.
void put_answer(const Decision& decision, Quantity taken, bool held, Answer& out) {
  out.clear();
  out.allowed = decision.allowed;
  for (const auto* rule : decision.matched)
    out.matched.push_back({.rule = rule->id, .word = policy::name(rule->mode)});
  for (const auto* rule : decision.waived) out.waived.push_back({.rule = rule->id});
  for (const auto* rule : decision.reviews) out.reviews.push_back({.word = *rule->review});
  for (const auto& charge : decision.charges)
    if (held) out.charges.push_back({.rule = charge.rule->id, .figure = charge.cap});
  if (decision.allowed) return void(out.taken = taken);
  out.code = policy::code(decision.reason());
  out.status = decision.status();
  for (const auto& finding : decision.findings)
    out.findings.push_back(
        {.rule = finding.rule ? std::string_view(finding.rule->id) : std::string_view(),
         .word = finding.code.empty() ? policy::code(finding.reason) : std::string_view(finding.code)});
  for (const auto& limit : decision.limits) out.limits.push_back({.rule = limit.rule, .figure = limit.limit});
}

std::string in_words(const std::vector<Stated>& list) {
  std::string out;
  for (const auto& [rule, word, figure] : list) {
    out += out.empty() ? "" : ", ";
    out += word;
    if (!rule.empty()) out += word.empty() ? std::string(rule) : fmt::format(" ({})", rule);
    if (figure != 0) out += fmt::format(" {}", figure);
  }
  return out.empty() ? "none" : out;
}

std::vector<DifferingMember> compare(const Answer& recorded, const Answer& derived) {
  std::vector<DifferingMember> out;
  const auto put = [&](const char* name, std::string a, std::string b) {
    if (a != b) out.push_back({name, std::move(a), std::move(b)});
  };
  const auto verdict = [](const Answer& of) {
    return of.allowed ? std::string("permitted") : fmt::format("{} {}", of.status, of.code);
  };
  put("verdict", verdict(recorded), verdict(derived));
  if (recorded.allowed && derived.allowed)
    put("taken", std::to_string(recorded.taken), std::to_string(derived.taken));
  static constexpr std::pair<const char*, std::vector<Stated> Answer::*> lists[] = {
      {"findings", &Answer::findings}, {"matched", &Answer::matched}, {"waived", &Answer::waived},
      {"reviews", &Answer::reviews},   {"charges", &Answer::charges}, {"limits", &Answer::limits}};
  for (const auto& [name, list] : lists)
    if (recorded.*list != derived.*list) put(name, in_words(recorded.*list), in_words(derived.*list));
  return out;
}

}  // namespace

struct AuditReplay::State {
  Known& known(std::string_view digest);
  void policy_record(const PolicyRecord& record);
  void decision(std::uint64_t seq, const DecisionRecord& record);
  std::optional<Undecided> derive(const Known& under, const DecisionRecord& record, const Stated* own);
  std::optional<Undecided> uncounted(const DecisionRecord& record);
  void differs(std::uint64_t seq, const DecisionRecord& record);
  void not_the_policys(std::string_view why);

  std::size_t most_differences = 0;
  RecordReader reader;
  std::deque<Known> policies;    // few
  std::vector<Quantity> before;  // of the present decision; kept for its memory, as is the next
  Answer derived;
  Decision made;  // what `derived` looks into
  Audited out;
};

AuditReplay::AuditReplay(std::size_t most_differences) : state_(std::make_unique<State>()) {
  state_->most_differences = most_differences;
}
AuditReplay::~AuditReplay() = default;

Known& AuditReplay::State::known(std::string_view digest) {
  for (auto& one : policies)
    if (one.told.digest == digest) return one;
  auto& fresh = policies.emplace_back();
  fresh.told.digest = digest;
  fresh.told.trouble = "not in this journal";
  return fresh;
}

void AuditReplay::know(policy::Policy policy) {
  auto& known = state_->known(policy.digest);
  if (!known.policy) known.become(std::move(policy));
}

// Read once, by the loader that read it then, but not proven again: it was in force.
void AuditReplay::State::policy_record(const PolicyRecord& record) {
  auto& policy = known(record.policy);
  if (policy.policy || record.text.empty() || policy.why_not == Undecided::policy_unreadable) return;
  auto loaded =
      config::read_policy_text("policy " + policy.told.digest.substr(0, 12), std::string(record.text));
  if (loaded && loaded.value->digest == policy.told.digest) return policy.become(std::move(*loaded.value));
  policy.why_not = Undecided::policy_unreadable;
  policy.told.trouble = loaded ? "its text in the journal has another digest, " + loaded.value->digest
                               : loaded.errors.front().print();
}

void AuditReplay::State::not_the_policys(std::string_view why) {
  const auto entry = out.not_the_policys.find(why);
  ++(entry != out.not_the_policys.end() ? entry->second : out.not_the_policys[std::string(why)]);
}

// Decides as the pipeline does: the rules, then how fresh the registry was, then every limit together; and
// what the gate or the ledger said itself where it said something.
std::optional<Undecided> AuditReplay::State::derive(const Known& under, const DecisionRecord& record,
                                                    const Stated* own) {
  made = policy::apply_rules(under.rules, record.facts);
  if (record.stale) made = policy::refused(std::move(made), Reason::registry_stale);
  auto taken = record.facts.quantity();
  if (own) {
    const auto reason = policy::parse_reason(own->word);
    // Only a throttle tells an order to come more slowly.
    const bool can_be = reason && (reason != Reason::rate_exceeded || !made.throttles.empty());
    const bool passed = made.allowed;
    if (can_be) made = policy::refused(std::move(made), *reason);
    put_answer(made, taken, passed && !record.answer.charges.empty(), derived);
    return std::nullopt;
  }
  const bool held = made.allowed && !record.replayed;
  if (held) {
    before.clear();
    for (const auto& charge : made.charges) {
      const auto stated = std::find_if(record.counts.begin(), record.counts.end(),
                                       [&](const auto& one) { return one.rule == charge.rule->id; });
      if (stated == record.counts.end()) return uncounted(record);
      before.push_back(stated->before);
    }
    const auto answer = policy::hold_against(made.charges, before, taken, record.partial);
    taken = answer.quantity;
    made = policy::with_hold(std::move(made), answer, record.facts.today());
  }
  put_answer(made, taken, held && !record.answer.charges.empty(), derived);
  return std::nullopt;
}

// A limit applies, and the record has no count of it. Of an order over a limit, older journals have the
// counts of those alone that bound. Else it was never held against this one: that much differs.
std::optional<Undecided> AuditReplay::State::uncounted(const DecisionRecord& record) {
  if (!record.answer.allowed && record.answer.charges.empty()) return Undecided::counts_missing;
  derived = record.answer;  // what that limit would have said, nobody knows
  derived.charges.clear();
  for (const auto& charge : made.charges)
    derived.charges.push_back({.rule = charge.rule->id, .figure = charge.cap});
  return std::nullopt;
}

void AuditReplay::State::differs(std::uint64_t seq, const DecisionRecord& record) {
  ++out.differ;
  if (out.differences.size() >= most_differences) return;
  out.differences.push_back({seq, std::string(record.id), std::string(record.at),
                             std::string(record.operator_id), std::string(record.policy),
                             compare(record.answer, derived)});
}

void AuditReplay::State::decision(std::uint64_t seq, const DecisionRecord& record) {
  ++out.decisions;
  if (out.from.empty() || record.at < out.from) out.from = record.at;
  if (record.at > out.until) out.until = record.at;

  const auto* own = own_finding(record);
  const auto reason = own ? policy::parse_reason(own->word) : std::nullopt;
  if (own && (!reason || *reason <= Reason::not_yours)) return not_the_policys(own->word);  // never asked
  if (record.id.empty())
    return not_the_policys(record.answer.allowed ? "hands-nothing-out" : record.answer.code);

  auto& under = known(record.policy);
  ++under.told.decisions;
  const auto give_up = [&](Undecided why) {
    ++out.undecided[why];
    if (out.undecided_samples.size() < most_samples) out.undecided_samples.emplace_back(record.id);
  };
  if (!record.has_facts) return give_up(Undecided::facts_missing);
  if (!under.policy) return give_up(under.why_not);
  if (const auto why = derive(under, record, own)) return give_up(*why);
  if (derived != record.answer) return differs(seq, record);
  if (own && derived.findings.front() == *own) return not_the_policys(own->word);
  if (record.replayed) return not_the_policys("replayed");
  ++out.same;
}

void AuditReplay::read(const JournalLine& line) {
  auto& state = *state_;
  ++state.out.records;
  if (line.kind != RecordKind::decision && line.kind != RecordKind::policy) return;
  state.reader.read(line.json);
  if (line.kind == RecordKind::decision) return state.decision(line.seq, state.reader.decision);
  state.policy_record(state.reader.policy);
}

Audited AuditReplay::result() const {
  auto out = state_->out;
  for (const auto& one : state_->policies)
    if (one.told.decisions > 0) out.policies.push_back(one.told);
  return out;
}

std::uint64_t Audited::undecided_all() const {
  std::uint64_t sum = 0;
  for (const auto& [why, count] : undecided) sum += count;
  return sum;
}

std::uint64_t Audited::not_the_policys_all() const {
  std::uint64_t sum = 0;
  for (const auto& [why, count] : not_the_policys) sum += count;
  return sum;
}

Audited audit_journal(const std::filesystem::path& directory, std::vector<policy::Policy> known,
                      std::size_t most_differences, const config::Progress& progress) {
  AuditReplay replay(most_differences);
  for (auto& policy : known) replay.know(std::move(policy));
  const auto audit = [&](const JournalLine& line) {
    try {
      replay.read(line);
    } catch (const std::runtime_error& broken) {
      throw std::runtime_error(line.file.string() + ":" + std::to_string(line.line) + ": " + broken.what());
    }
    return true;
  };
  read_journal(directory, 0, audit, progress);
  return replay.result();
}

}  // namespace sekisho::cache
