#include "config/policy_effects.h"

#include <algorithm>

#include "config/policy_when.h"

namespace sekisho::config {
namespace {

using policy::Limit;
using policy::Period;
using policy::Quantity;
using policy::Step;

constexpr std::int64_t most_numbers = 1'000'000'000;

struct PeriodText {
  using type = Period;
  bool read(Document& document, const Node& node, Period& out) const {
    using Kind = Period::Kind;
    static const std::pair<std::string_view, Kind> words[] = {
        {"order", Kind::order}, {"day", Kind::day},
        {"month", Kind::month}, {"fiscal year", Kind::fiscal_year},
        {"held", Kind::held},   {"lifetime", Kind::lifetime}};
    for (const auto& [word, kind] : words)
      if (node.kind == Node::Kind::scalar && node.text == word) return out = {.kind = kind}, true;
    const auto days = parse_spans(node, {{"day", 1}, {"days", 1}});
    if (!days) return unexpected(document, node, says());
    // A day is one bucket in the ledger; more than this would make an order's one round trip long.
    if (*days < 1 || *days > 400) return document.error(node.place, "rolling days go from 1 to 400"), false;
    out = {.kind = Kind::days, .days = static_cast<int>(*days)};
    return true;
  }
  std::string says() const {
    return "order, day, month, fiscal year, a number of days such as '30 days', held or lifetime";
  }
};

struct Seconds {
  using type = std::int64_t;
  bool read(Document& document, const Node& node, std::int64_t& ms) const {
    std::string word;
    if (!OneOf{{"second", "minute", "hour"}}.read(document, node, word)) return false;
    ms = word == "second" ? 1000 : word == "minute" ? 60'000 : 3'600'000;
    return true;
  }
};

// A figure alone, or steps over dates that leave no day between them uncovered and none covered twice.
struct Steps {
  using type = std::vector<Step>;
  bool read(Document& document, const Node& node, std::vector<Step>& out) const {
    if (node.kind != Node::Kind::list) {
      Step step;
      if (!Count{0, most_numbers}.read(document, node, step.value)) return false;
      out.push_back(step);
      return true;
    }
    if (node.items.empty()) return unexpected(document, node, "a figure or a list of steps");
    bool good = true;
    for (const auto& item : node.items) {
      Fields fields(document, item, "a step");
      Step step;
      good &= fields.need("value", Count{0, most_numbers}, step.value);
      good &= read_dates(fields, step.dates);
      if (good && !out.empty()) good &= follows(document, item, out.back(), step);
      out.push_back(step);
    }
    return good;
  }

 private:
  static bool follows(Document& document, const Node& node, const Step& before, const Step& step) {
    if (before.dates.until && step.dates.from && *step.dates.from == before.dates.until->plus(1)) return true;
    if (!before.dates.until || !step.dates.from || *step.dates.from <= *before.dates.until) {
      document.error(
          node.place,
          "this step overlaps with the one before; write each 'from' one day after the 'until' above");
    } else {
      document.error(node.place, "no figure is in force from " + before.dates.until->plus(1).text() + " to " +
                                     step.dates.from->plus(-1).text());
    }
    return false;
  }
};

// Whether an order of one of these types can meet the conditions.
bool may_be(const policy::When& when, const policy::NumberTypes& types) {
  return std::any_of(when.any.begin(), when.any.end(), [&](const policy::Clause& clause) {
    auto left = types.bits();
    for (const auto& one : clause)
      if (one.fact == policy::Fact::number_type) left &= one.negated ? ~one.words : one.words;
    return left != 0;
  });
}

// Of numbers or of channels: exactly one of the two keys.
void read_unit(Fields& fields, Document& document, const Node& node, policy::Unit& unit) {
  const bool numbers = fields.find("numbers"), channels = fields.find("channels");
  unit = channels ? policy::Unit::channels : policy::Unit::numbers;
  if (fields.is_map() && numbers == channels)
    document.error(node.place, numbers ? "give 'numbers' or 'channels', not both; make two rules of it"
                                       : "say how many: 'numbers', or 'channels' (simultaneous calls)");
}

void check_unit(Fields& fields, policy::Unit unit, const Period& per) {
  if (unit == policy::Unit::channels && per.kind != Period::Kind::order)
    fields.error("per", "channels are limited per order; over a time they are not counted");
}

}  // namespace

void read_limit(Document& document, const Node& node, const policy::When& when, Limit& limit) {
  Fields fields(document, node, "'limit'");
  read_unit(fields, document, node, limit.unit);
  fields.may(name(limit.unit), Steps{}, limit.steps);
  if (fields.need("per", PeriodText{}, limit.per)) check_unit(fields, limit.unit, limit.per);
  fields.may("of", Word<policy::Scope>{}, limit.of);
  if (limit.of == policy::Scope::owner_group && limit.per.kind == Period::Kind::order)
    fields.error("of", "one order is of one operator; a limit over an owner group counts over a time");
  std::string short_of;
  fields.may("short", OneOf{{"trim"}}, short_of);
  limit.trim = short_of == "trim";
  if (limit.trim && limit.per.kind == Period::Kind::order)
    fields.error("short",
                 "'short: trim' cuts an order to what is left of a day, a month or another time; 'per: "
                 "order' has no rest");
  fields.may("code", KebabName{}, limit.code);
  fields.may("number_types", Words<policy::NumberType>{}, limit.number_types);
  if (!limit.number_types.empty() && !may_be(when, limit.number_types))
    fields.error("number_types", "the limit counts none of the number types for which the rule matches");
}

void read_at_most(Document& document, const Node& node, policy::Guarantee& guarantee) {
  Fields fields(document, node, "'at_most'");
  read_unit(fields, document, node, guarantee.unit);
  fields.may(name(guarantee.unit), Count{0, most_numbers}, guarantee.numbers);
  if (fields.need("per", PeriodText{}, guarantee.per)) check_unit(fields, guarantee.unit, guarantee.per);
}

void read_throttle(Document& document, const Node& node, policy::Throttle& throttle,
                   const std::string& what) {
  Fields fields(document, node, what);
  if (fields.need("requests", Count{1, 1'000'000}, throttle.requests)) throttle.burst = throttle.requests;
  fields.need("per", Seconds{}, throttle.per_ms);
  fields.may("burst", Count{1, 1'000'000}, throttle.burst);
}

bool DenyCode::read(Document& document, const Node& node, policy::Reason& out) const {
  std::vector<std::string> codes;
  std::string all;
  for (const auto& row : policy::all_reasons()) {
    if (row.family != policy::Family::decision) continue;
    codes.emplace_back(row.code);
    all += (all.empty() ? "; there are " : ", ") + codes.back();
  }
  if (node.kind != Node::Kind::scalar)
    return unexpected(document, node, "a reason code such as 'policy-denied'");
  const auto reason = policy::parse_reason(node.text);
  if (!reason) {
    const auto near = did_you_mean(node.text, codes);
    document.error(node.place, "unknown reason code " + node.found() + (near.empty() ? all : near));
    return false;
  }
  if (policy::row(*reason).family != policy::Family::decision) {
    document.error(node.place, node.found() + " is not a decision of a policy, but of the gate itself" + all);
    return false;
  }
  out = *reason;
  return true;
}

}  // namespace sekisho::config
