#include "config/policy_when.h"

#include <charconv>

namespace sekisho::config {
namespace {

using policy::Operation;
using policy::Range;

// Bounds as people say them: over 500 begins at 501, under 12 ends at 11; from and until are included.
template <class Kind>
struct Bounds {
  Kind kind{};
  typename Kind::type least = 0;  // the smallest value there can be
  using type = Range<typename Kind::type>;

  bool read(Document& document, const Node& node, type& out) const {
    Fields fields(document, node, "a range");
    typename Kind::type value{};
    if (fields.may("over", kind, value)) out.from = value + 1;
    if (fields.may("from", kind, value)) out.from = value;
    if (fields.may("under", kind, value)) out.until = value - 1;
    if (fields.may("until", kind, value)) out.until = value;
    if (!fields.is_map()) return false;
    const auto has = [&](std::string_view key) { return node.find(key) != nullptr; };
    if (has("over") && has("from")) fields.error("from", "give 'over' or 'from', not both");
    if (has("under") && has("until")) fields.error("until", "give 'under' or 'until', not both");
    if (!out.from && !out.until && node.items.empty())
      document.error(node.place, "give a bound: over, from, under or until");
    if (out.until && *out.until < std::max(least, out.from.value_or(least)))
      document.error(node.place, "no value is in this range");
    return true;
  }
};

// "12 months" or "2 years", in months.
struct Months {
  using type = int;
  bool read(Document& document, const Node& node, int& out) const {
    const auto months = parse_spans(node, {{"month", 1}, {"months", 1}, {"year", 12}, {"years", 12}});
    if (!months || *months > 1200)
      return unexpected(document, node, "a time such as '12 months' or '2 years'");
    out = static_cast<int>(*months);
    return true;
  }
};

void check_operations(Document& document, const Node& when, const policy::WordSet<Operation>& operations) {
  operations.each([&](Operation operation) {
    if (!hands_out(operation))
      document.error(when.find("operation")->place,
                     "rules do not govern '" + std::string(name(operation)) +
                         "': giving back and looking are always possible, so this would never match");
  });
}

}  // namespace

std::optional<std::int64_t> parse_spans(const Node& node,
                                        const std::vector<std::pair<std::string_view, std::int64_t>>& units) {
  if (node.kind != Node::Kind::scalar) return std::nullopt;
  const std::string_view text = node.text;
  const auto digits = text.find_first_not_of("0123456789");
  if (digits == 0 || digits == text.npos || digits > 6 || (digits > 1 && text[0] == '0') ||
      text[digits] != ' ')
    return std::nullopt;
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + digits, value);
  for (const auto& [unit, factor] : units)
    if (text.substr(digits + 1) == unit) return value * factor;
  return std::nullopt;
}

bool read_dates(Fields& fields, Range<policy::JstDate>& out) {
  policy::JstDate date;
  bool good = true;
  if (fields.find("from")) good &= fields.may("from", Date{}, date), out.from = date;
  if (fields.find("until")) good &= fields.may("until", Date{}, date), out.until = date;
  if (!good || !out.from || !out.until || *out.from <= *out.until) return good;
  fields.error("until", "until " + out.until->text() + " is before from " + out.from->text());
  return false;
}

bool DateRange::read(Document& document, const Node& node, type& out) const {
  Fields fields(document, node, "a span of dates");
  const bool good = read_dates(fields, out);
  if (fields.is_map() && !node.find("from") && !node.find("until"))
    return document.error(node.place, "give 'from', 'until' or both"), false;
  return good && fields.is_map();
}

bool WhenMap::read(Document& document, const Node& node, policy::When& out) const {
  Fields fields(document, node, "'when'");
  fields.may("etoc", Words<policy::EtocState>{}, out.etoc);
  fields.may("plan", Words<policy::PlanState>{}, out.plan);
  fields.may("refusal", Words<policy::RefusalAction>{}, out.refusal);
  fields.may("number_type", Words<policy::NumberType>{}, out.number_type);
  fields.may("plan_covers_type", YesNo{}, out.plan_covers_type);
  fields.may("forwards_calls", YesNo{}, out.forwards_calls);
  if (fields.may("operation", Words<Operation>{}, out.operation) && of_rule)
    check_operations(document, node, *out.operation);
  fields.may("carrier", List<Identifier>{{}, true}, out.carrier);
  fields.may("quantity", Bounds<Count>{{}, 1}, out.quantity);
  fields.may("track_record", Bounds<Months>{}, out.track_record_months);
  fields.may("date", DateRange{}, out.date);
  return true;
}

}  // namespace sekisho::config
