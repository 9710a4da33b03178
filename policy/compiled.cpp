#include "policy/compiled.h"

#include <algorithm>
#include <cassert>

namespace sekisho::policy {
namespace {

// A clause with the days on which its rule is in force.
Clause with_days(Clause clause, const Range<JstDate>& days) {
  if (days.from || days.until) clause.push_back(on_days(days));
  return clause;
}

// The clause as far as it asks this fact.
bool minds(const Clause& clause, Fact fact, const Facts& facts) {
  return !std::all_of(clause.begin(), clause.end(),
                      [&](const Condition& one) { return one.fact != fact || one.holds(facts); });
}

void sort_unique(auto& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

}  // namespace

Compiled::Compiled(const Policy& policy) : policy_(&policy) {
  std::vector<Clause> clauses;
  for (std::size_t i = 0; i < policy.rules.size(); ++i)
    for (const auto& clause : policy.rules[i].when.any) {
      clauses.push_back(with_days(clause, policy.rules[i].active));
      rule_of_.push_back(static_cast<std::uint16_t>(i));
    }
  for (const auto& rule : policy.rules) {
    waivers_begin_.push_back(static_cast<std::uint16_t>(lifting_.size()));
    for (std::size_t i = 0; i < policy.waivers.size(); ++i) {
      const auto& lifted = policy.waivers[i].rules;
      if (std::find(lifted.begin(), lifted.end(), rule.id) != lifted.end())
        lifting_.push_back(static_cast<std::uint16_t>(i));
    }
  }
  waivers_begin_.push_back(static_cast<std::uint16_t>(lifting_.size()));
  assert(policy.rules.size() <= most_rules && clauses.size() <= most_clauses);
  words_ = clauses.size() / 64 + 1;
  for (const auto& about : all_facts()) {
    const bool asked = std::any_of(clauses.begin(), clauses.end(), [&](const Clause& clause) {
      return std::any_of(clause.begin(), clause.end(),
                         [&](const auto& one) { return one.fact == about.fact; });
    });
    if (asked) add_column(about.fact, clauses);
  }
}

void Compiled::add_column(Fact fact, const std::vector<Clause>& clauses) {
  Column column{.fact = fact};
  for (const auto& clause : clauses)
    for (const auto& one : clause) {
      if (one.fact != fact) continue;
      column.names.insert(column.names.end(), one.names.begin(), one.names.end());
      if (one.range.from) column.begins.push_back(*one.range.from);
      if (one.range.until && *one.range.until != INT64_MAX) column.begins.push_back(*one.range.until + 1);
    }
  sort_unique(column.names);
  sort_unique(column.begins);
  const auto& about = row(fact);
  // A sample of each class: its first value.
  std::vector<Facts> samples;
  const auto sample = [&](auto value) {
    samples.emplace_back();
    samples.back().set(fact, value);
  };
  switch (about.kind) {
    case FactKind::words:
      for (std::int64_t i = -1; i < static_cast<std::int64_t>(about.words.size()); ++i) sample(i);
      break;
    case FactKind::set:
      for (std::int64_t bits = 0; bits < std::int64_t{1} << about.words.size(); ++bits) sample(bits);
      break;
    case FactKind::number:
    case FactKind::date:
      sample(std::int64_t{column.begins.empty() ? 0 : column.begins.front() - 1});
      for (const auto begin : column.begins) sample(begin);
      break;
    case FactKind::name:
      sample(std::string_view());
      for (const auto& name : column.names) sample(std::string_view(name));
      break;
  }
  column.rows.assign(samples.size() * words_, 0);
  for (std::size_t at = 0; at < samples.size(); ++at)
    for (std::size_t i = 0; i < clauses.size(); ++i)
      if (!minds(clauses[i], fact, samples[at]))
        column.rows[at * words_ + i / 64] |= std::uint64_t{1} << i % 64;
  columns_.push_back(std::move(column));
}

std::size_t Compiled::class_of(const Column& column, const Facts& facts) const {
  switch (row(column.fact).kind) {
    case FactKind::words:
      return static_cast<std::size_t>(facts[column.fact] + 1);
    case FactKind::set:
      return static_cast<std::size_t>(facts[column.fact]);
    case FactKind::number:
    case FactKind::date:
      return static_cast<std::size_t>(
          std::upper_bound(column.begins.begin(), column.begins.end(), facts[column.fact]) -
          column.begins.begin());
    case FactKind::name: {
      const auto name = facts.name(column.fact);
      const auto found = std::lower_bound(column.names.begin(), column.names.end(), name);
      if (found == column.names.end() || *found != name) return 0;
      return static_cast<std::size_t>(found - column.names.begin()) + 1;
    }
  }
  return 0;
}

void Compiled::evaluate(const Facts& facts, Verdict& verdict) const {
  verdict = {};
  const std::uint64_t* rows[fact_count];
  for (std::size_t i = 0; i < columns_.size(); ++i)
    rows[i] = columns_[i].rows.data() + class_of(columns_[i], facts) * words_;
  for (std::size_t word = 0; word < words_; ++word) {
    const auto clauses = rule_of_.size() - std::min(rule_of_.size(), word * 64);
    auto matching = clauses >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << clauses) - 1;
    for (std::size_t i = 0; i < columns_.size(); ++i) matching &= rows[i][word];
    for (; matching != 0; matching &= matching - 1) {
      const std::size_t index = rule_of_[word * 64 + static_cast<std::size_t>(std::countr_zero(matching))];
      if (verdict.matched.has(index)) continue;
      verdict.matched.add(index);
      const auto& rule = policy_->rules[index];
      if (waiver(index, facts)) verdict.waived.add(index);
      if (rule.mode != Mode::enforce) continue;
      verdict.permitted |= rule.permit;
      if (rule.deny && !verdict.waived.has(index) &&
          (!verdict.denied_by || *rule.deny < *verdict.denied_by->deny))
        verdict.denied_by = &rule;
    }
  }
}

const Waiver* Compiled::waiver(std::size_t rule, const Facts& facts) const {
  for (auto i = waivers_begin_[rule]; i < waivers_begin_[rule + 1]; ++i) {
    const auto& waiver = policy_->waivers[lifting_[i]];
    if (waiver.in_force(facts.name(Fact::operator_id), facts.today())) return &waiver;
  }
  return nullptr;
}

}  // namespace sekisho::policy
