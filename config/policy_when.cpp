#include "config/policy_when.h"

#include <algorithm>
#include <charconv>

namespace sekisho::config {
namespace {

using policy::Condition;
using policy::Fact;
using policy::FactKind;
using policy::Operation;
using policy::Range;
using policy::When;

// Bounds as people say them: over 500 begins at 501, under 12 ends at 11; from and until are included. A
// value alone is exactly that.
template <class Kind>
struct Bounds {
  Kind kind{};
  std::int64_t least = 0;  // the smallest value there can be
  using type = Range<std::int64_t>;

  bool read(Document& document, const Node& node, type& out) const {
    typename Kind::type value{};
    if (node.kind == Node::Kind::scalar) {
      if (!kind.read(document, node, value)) return false;
      if (value < least)
        return document.error(node.place, node.found() + " is too little; it is never less than " +
                                              std::to_string(least)),
               false;
      out = {value, value};
      return true;
    }
    Fields fields(document, node, "a range");
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
  using type = std::int64_t;
  bool read(Document& document, const Node& node, std::int64_t& out) const {
    const auto months = parse_spans(node, {{"month", 1}, {"months", 1}, {"year", 12}, {"years", 12}});
    if (!months || *months > 1200)
      return unexpected(document, node, "a time such as '12 months' or '2 years'");
    out = *months;
    return true;
  }
};

struct Country {
  using type = std::string;
  bool read(Document& document, const Node& node, std::string& out) const {
    const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
    if (node.kind != Node::Kind::scalar || node.text.size() != 2 || !lower(node.text[0]) ||
        !lower(node.text[1]))
      return unexpected(document, node, says());
    out = node.text;
    return true;
  }
  std::string says() const { return "a country in two lower-case letters such as 'jp'"; }
};

struct ShortText {
  using type = std::string;
  bool read(Document& document, const Node& node, std::string& out) const {
    const auto characters =
        std::count_if(node.text.begin(), node.text.end(), [](char c) { return (c & 0xc0) != 0x80; });
    if (node.kind != Node::Kind::scalar || characters < 1 || characters > 100)
      return unexpected(document, node, says());
    out = node.text;
    return true;
  }
  std::string says() const { return "a text of 1 to 100 characters"; }
};

// One key of `when`: what is asked about one fact.
class FactReader {
 public:
  FactReader(Document& document, Fact fact) : document_(document), about_(policy::row(fact)) {}

  bool read(const Node& node, Condition& out) {
    out.fact = about_.fact;
    if (node.kind == Node::Kind::map && node.keys.size() == 1 && node.keys[0].text == "not" &&
        node.items.size() == 1) {
      out.negated = true;
      const Node& inner = node.items[0];
      if (inner.kind != Node::Kind::map || !inner.find("not")) return value(inner, out);
      return document_.error(inner.place, "'not' of 'not'; leave both out"), false;
    }
    if (node.find("not"))
      return document_.error(node.place, "'not' stands alone in its brackets; several words are a list"),
             false;
    return value(node, out);
  }

 private:
  bool value(const Node& node, Condition& out) {
    switch (about_.kind) {
      case FactKind::words:
      case FactKind::set:
        return words(node, out.words);
      case FactKind::number:
        if (about_.fact == Fact::track_record) return Bounds<Months>{}.read(document_, node, out.range);
        return Bounds<Count>{{}, about_.least}.read(document_, node, out.range);
      case FactKind::date:
        return days(node, out);
      case FactKind::name:
        return names(node, out.names);
    }
    return false;
  }

  bool words(const Node& node, std::uint32_t& out) {
    if (about_.words.size() == 2) {  // yes or no
      bool yes = false;
      if (!YesNo{}.read(document_, node, yes)) return false;
      out = yes ? 2 : 1;
      return true;
    }
    if (node.kind != Node::Kind::list) return word(node, out);
    if (node.items.empty()) {
      document_.error(node.place,
                      "this list is empty, so it would never apply; name one or more of " + all_words());
      return false;
    }
    bool good = true;
    for (const auto& item : node.items) good &= word(item, out);
    return good;
  }

  bool word(const Node& node, std::uint32_t& out) {
    std::string text;
    if (!OneOf{{about_.words.begin(), about_.words.end()}}.read(document_, node, text)) return false;
    const auto at = std::find(about_.words.begin(), about_.words.end(), text) - about_.words.begin();
    if (out >> at & 1) return document_.error(node.place, "'" + text + "' stands in this list twice"), false;
    out |= 1u << at;
    return true;
  }

  std::string all_words() const {
    std::string out;
    for (const auto word : about_.words) out += (out.empty() ? "" : ", ") + std::string(word);
    return out;
  }

  bool days(const Node& node, Condition& out) {
    Range<policy::JstDate> range;
    if (node.kind == Node::Kind::scalar) {
      policy::JstDate day;
      if (!Date{}.read(document_, node, day)) return false;
      range = {day, day};
    } else if (!DateRange{}.read(document_, node, range)) {
      return false;
    }
    out.range = policy::on_days(range).range;
    return true;
  }

  bool names(const Node& node, std::vector<std::string>& out) {
    bool good = false;
    if (about_.fact == Fact::country)
      good = List<Country>{{}, true}.read(document_, node, out);
    else if (about_.fact == Fact::operator_id)
      good = read_operators(document_, node, out);
    else if (about_.fact == Fact::carrier)
      good = List<Identifier>{{}, true}.read(document_, node, out);
    else
      good = List<ShortText>{{}, true}.read(document_, node, out);
    std::sort(out.begin(), out.end());
    return good;
  }

  Document& document_;
  const policy::FactRow& about_;
};

// Rules do not govern giving back and looking, so a rule that names them is a mistake.
void check_operations(Document& document, const Node& node, const Condition& one) {
  for (std::size_t i = 0; !one.negated && i < policy::count_of<Operation>(); ++i)
    if ((one.words >> i & 1) && !hands_out(static_cast<Operation>(i)))
      document.error(node.place,
                     "rules do not govern '" + std::string(name(static_cast<Operation>(i))) +
                         "': giving back and looking are always possible, so this would never match");
}

// Giving back and looking are spoken of only by naming them: what is not allocated is not thereby released.
// So wherever an operation is excluded, in the form in which all negations are worked out, they are excluded
// with it.
void exclude_unnamed_operations(When& when) {
  std::uint32_t others = 0;
  for (std::size_t i = 0; i < policy::count_of<Operation>(); ++i)
    if (!hands_out(static_cast<Operation>(i))) others |= 1u << i;
  for (auto& clause : when.any)
    for (auto& one : clause)
      if (one.fact == Fact::operation && one.negated) one.words |= others;
}

// `not` and `any_of` multiply alternatives; past the bound nothing is built.
bool few_enough(Document& document, const Node& node, std::size_t alternatives) {
  if (alternatives <= most_alternatives) return true;
  document.error(node.place, "written out, this condition has more than " +
                                 std::to_string(most_alternatives) +
                                 " alternatives; make several rules of it");
  return false;
}

bool read_map(Document& document, const Node& node, bool of_rule, When& out);

bool read_negation(Document& document, const Node& node, bool of_rule, When& out) {
  When inner;
  if (!read_map(document, node, of_rule, inner)) return false;
  std::size_t alternatives = 1;
  for (const auto& clause : inner.any) {
    alternatives *= std::max<std::size_t>(1, clause.size());
    if (!few_enough(document, node, alternatives)) return false;
  }
  const bool asks_nothing =
      std::any_of(inner.any.begin(), inner.any.end(), [](const auto& clause) { return clause.empty(); });
  if (asks_nothing)
    return document.error(node.place, "'not' of nothing is never met; name what must not hold"), false;
  out = policy::negation(inner);
  return true;
}

bool read_any_of(Document& document, const Node& node, bool of_rule, When& out) {
  if (node.kind == Node::Kind::list && node.items.size() == 1)
    return document.error(node.place, "one condition alone needs no 'any_of'; name a second one"), false;
  if (node.kind != Node::Kind::list || node.items.empty())
    return unexpected(document, node, "a list of two or more conditions, each behind a '-'");
  out.any.clear();
  bool good = true;
  for (const auto& item : node.items) {
    When one;
    if (!read_map(document, item, of_rule, one)) {
      good = false;
      continue;
    }
    if (!few_enough(document, node, out.any.size() + one.any.size())) return false;
    out = policy::either(out, one);
  }
  return good;
}

bool read_map(Document& document, const Node& node, bool of_rule, When& out) {
  Fields fields(document, node, "'when'");
  if (!fields.is_map()) return false;
  bool good = true;
  const auto add = [&](const Node& at, const When& more) {
    good &= few_enough(document, at, out.any.size() * more.any.size());
    if (good) out = policy::both(out, more);
  };
  for (const auto& about : policy::all_facts()) {
    const Node* value = fields.find(name(about.fact));
    Condition one;
    if (!value) continue;
    if (!FactReader(document, about.fact).read(*value, one)) {
      good = false;
      continue;
    }
    if (of_rule && about.fact == Fact::operation) check_operations(document, *value, one);
    add(*value, policy::asked(std::move(one)));
  }
  When inner;
  if (const Node* value = fields.find("not")) {
    if (read_negation(document, *value, of_rule, inner))
      add(*value, inner);
    else
      good = false;
  }
  inner = {};
  if (const Node* value = fields.find("any_of")) {
    if (read_any_of(document, *value, of_rule, inner))
      add(*value, inner);
    else
      good = false;
  }
  return good;
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
  if (fields.is_map() && node.items.empty())
    return document.error(node.place, "give 'from', 'until' or both"), false;
  return good && fields.is_map();
}

bool read_operators(Document& document, const Node& node, std::vector<std::string>& out) {
  std::vector<policy::OperatorId> ids;
  const bool good = List<Operator>{{}, true}.read(document, node, ids);
  for (const auto& id : ids) out.push_back(id.text());
  std::sort(out.begin(), out.end());
  return good;
}

bool WhenMap::read(Document& document, const Node& node, When& out) const {
  if (!read_map(document, node, of_rule, out)) return false;
  exclude_unnamed_operations(out);
  return true;
}

}  // namespace sekisho::config
