#include "policy/pieces.h"

#include <algorithm>

namespace sekisho::policy {
namespace {

Condition of_operations(bool handing_out) {
  Condition out{.fact = Fact::operation};
  for (std::size_t i = 0; i < count_of<Operation>(); ++i)
    if (hands_out(static_cast<Operation>(i)) == handing_out) out.words |= 1u << i;
  return out;
}

Condition of_operators(std::vector<std::string> names, bool negated) {
  return {.fact = Fact::operator_id, .negated = negated, .names = std::move(names)};
}

std::vector<const Waiver*> lifting(const Policy& policy, const Rule& rule) {
  std::vector<const Waiver*> out;
  for (const auto& waiver : policy.waivers)
    if (std::find(waiver.rules.begin(), waiver.rules.end(), rule.id) != waiver.rules.end())
      out.push_back(&waiver);
  return out;
}

// The clause, less the cases of the waivers: anybody whom none names; and each one named, on other days.
std::vector<Clause> less_waived(const Clause& clause, const std::vector<const Waiver*>& waivers) {
  if (waivers.empty()) return {clause};
  std::vector<std::string> named;
  for (const auto* waiver : waivers)
    named.insert(named.end(), waiver->operators.begin(), waiver->operators.end());
  std::sort(named.begin(), named.end());
  named.erase(std::unique(named.begin(), named.end()), named.end());
  std::vector<Clause> out{clause};
  out.back().push_back(of_operators(named, true));
  for (const auto& who : named) {
    auto& own = out.emplace_back(clause);
    own.push_back(of_operators({who}, false));
    for (const auto* waiver : waivers) {
      if (!std::binary_search(waiver->operators.begin(), waiver->operators.end(), who)) continue;
      own.push_back(on_days(waiver->dates));
      own.back().negated = true;
    }
  }
  return out;
}

}  // namespace

std::vector<Clause> acting(const Policy& policy, const Rule& rule, bool lifted) {
  std::vector<Clause> out;
  for (auto clause : rule.when.any) {
    clause.push_back(of_operations(true));
    if (rule.active.from || rule.active.until) clause.push_back(on_days(rule.active));
    if (!lifted) {
      out.push_back(std::move(clause));
      continue;
    }
    for (auto& left : less_waived(clause, lifting(policy, rule))) out.push_back(std::move(left));
  }
  return out;
}

Clause waived_cases(const Waiver& waiver) {
  return {of_operators(waiver.operators, false), on_days(waiver.dates)};
}

std::vector<Clause> spoken_of(const Guarantee& guarantee) {
  auto out = guarantee.when.any;
  for (auto& clause : out)
    if (std::none_of(clause.begin(), clause.end(), [](auto& one) { return one.fact == Fact::operation; }))
      clause.push_back(of_operations(true));
  return out;
}

Condition more_than(Unit unit, Quantity figure) {
  Condition out{.fact = unit == Unit::channels ? Fact::channels : Fact::quantity};
  out.range.from = figure + 1;
  return out;
}

// A figure is in force on its days, unless an earlier step has them, and counts the types of its limit.
Clause in_force(const Limit& limit, const Step& step) {
  Clause out{on_days(step.dates)};
  for (const auto& earlier : limit.steps) {
    if (&earlier == &step) break;
    out.push_back(on_days(earlier.dates));
    out.back().negated = true;
  }
  if (!limit.number_types.empty())
    out.push_back({.fact = Fact::number_type, .words = limit.number_types.bits()});
  return out;
}

std::vector<Clause> Pieces::all_clauses(const Policy& policy, std::vector<Clause> out) {
  out.push_back({of_operations(true)});
  out.push_back({of_operations(false)});
  for (const auto& waiver : policy.waivers) out.push_back(waived_cases(waiver));
  for (const auto& rule : policy.rules) {
    if (rule.mode != Mode::enforce) continue;
    for (auto& clause : acting(policy, rule, true)) out.push_back(std::move(clause));
    if (!rule.limit) continue;
    for (const auto& step : rule.limit->steps) {
      out.push_back(in_force(*rule.limit, step));
      out.push_back({more_than(rule.limit->unit, step.value)});
    }
  }
  return out;
}

Pieces::Pieces(const Policy& policy, std::vector<Clause> cuts)
    : space_(all_clauses(policy, std::move(cuts))) {
  hands_out = space_.box({of_operations(true)});
  gives_back = space_.box({of_operations(false)});
  for (const auto& waiver : policy.waivers) waivers.push_back(space_.box(waived_cases(waiver)));
  for (const auto& rule : policy.rules) {
    if (rule.mode != Mode::enforce) continue;
    const auto add = [&](std::vector<Piece>& to, const Clause& clause, const Step* step) {
      Piece piece{.rule = &rule, .box = space_.box(clause), .step = step};
      if (step) piece.box = meet(piece.box, space_.box(in_force(*rule.limit, *step)));
      if (empty(space_, piece.box)) return;
      if (step) piece.over = meet(piece.box, space_.box({more_than(rule.limit->unit, step->value)}));
      to.push_back(std::move(piece));
    };
    if (rule.permit)
      for (const auto& clause : acting(policy, rule, false)) add(permits, clause, nullptr);
    for (const auto& clause : acting(policy, rule, true)) {
      if (rule.deny) add(denies, clause, nullptr);
      if (rule.limit)
        for (const auto& step : rule.limit->steps) add(limits, clause, &step);
    }
  }
}

}  // namespace sekisho::policy
