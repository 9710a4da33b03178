#include "policy/rules.h"

#include <algorithm>

namespace sekisho::policy {

std::string Period::text() const {
  switch (kind) {
    case Kind::order:
      return "order";
    case Kind::day:
      return "day";
    case Kind::month:
      return "month";
    case Kind::fiscal_year:
      return "fiscal year";
    case Kind::days:
      return std::to_string(days) + " days";
    case Kind::held:
      return "held";
    case Kind::lifetime:
      return "lifetime";
  }
  return "";
}

bool Policy::counts_groups() const {
  return std::any_of(rules.begin(), rules.end(),
                     [](const Rule& rule) { return rule.limit && rule.limit->of == Scope::owner_group; });
}

int Policy::longest_days() const {
  int longest = 0;
  for (const auto& rule : rules)
    if (rule.limit && rule.limit->per.kind == Period::Kind::days)
      longest = std::max(longest, rule.limit->per.days);
  return longest;
}

const Rule* Policy::find(std::string_view id) const {
  for (const auto& rule : rules)
    if (rule.id == id) return &rule;
  return nullptr;
}

bool Waiver::in_force(std::string_view operator_id, JstDate day) const {
  return dates.has(day) && std::binary_search(operators.begin(), operators.end(), operator_id);
}

const Waiver* Policy::waiver(const Rule& rule, std::string_view operator_id, JstDate day) const {
  for (const auto& one : waivers)
    if (one.in_force(operator_id, day) &&
        std::find(one.rules.begin(), one.rules.end(), rule.id) != one.rules.end())
      return &one;
  return nullptr;
}

const Step* Limit::on(JstDate day) const {
  for (const auto& step : steps)
    if (step.dates.has(day)) return &step;
  return nullptr;
}

}  // namespace sekisho::policy
