// The conditions of rules and guarantees (`when`) and the spans they are written with.
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "config/kinds.h"
#include "policy/rules.h"

namespace sekisho::config {

// "30 days": an integer, a space, a unit; in the unit's factor.
std::optional<std::int64_t> parse_spans(const Node& node,
                                        const std::vector<std::pair<std::string_view, std::int64_t>>& units);

// `from` and `until` of the map, both included, either may be absent. False when a date is wrong or they are
// turned round.
bool read_dates(Fields& fields, policy::Range<policy::JstDate>& out);

// "{ from: 2026-04-01, until: 2027-03-31 }", one of them at least.
struct DateRange {
  using type = policy::Range<policy::JstDate>;
  bool read(Document& document, const Node& node, type& out) const;
};

// Ids of operators, one alone or a list; sorted.
bool read_operators(Document& document, const Node& node, std::vector<std::string>& out);

inline constexpr std::size_t most_alternatives = 256;  // of one condition, when it is written out

// A map with a key for each fact that is asked (policy/facts.def), and `not` and `any_of` for maps of the
// same kind. The notation of a key follows from the fact's kind.
struct WhenMap {
  bool of_rule;  // a rule matches orders that hand numbers out only; a guarantee may speak of any
  using type = policy::When;
  bool read(Document& document, const Node& node, policy::When& out) const;
};

}  // namespace sekisho::config
