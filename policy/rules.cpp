#include "policy/rules.h"

namespace sekisho::policy {

std::string Period::text() const {
  switch (kind) {
    case Kind::order: return "order";
    case Kind::day: return "day";
    case Kind::month: return "month";
    case Kind::fiscal_year: return "fiscal year";
    case Kind::days: return std::to_string(days) + " days";
    case Kind::held: return "held";
    case Kind::lifetime: return "lifetime";
  }
  return "";
}

std::optional<Quantity> Limit::on(JstDate day) const {
  for (const auto& step : numbers)
    if (step.dates.has(day)) return step.value;
  return std::nullopt;
}

}  // namespace sekisho::policy
