// A box in words (diff.h).
#include <algorithm>
#include <set>

#include "policy/diff.h"

namespace sekisho::policy {
namespace {

std::string joined(const std::vector<std::string>& parts, const std::string& between) {
  std::string out;
  for (const auto& part : parts) out += (out.empty() ? "" : between) + part;
  return out;
}

// A value as far as the space tells it from others: dates and numbers by where their span begins.
struct Value {
  std::int64_t number = 0;
  std::string_view name;
  auto operator<=>(const Value&) const = default;
};
using Values = std::set<Value>;

Value value_of(const Space& space, Fact fact, const Facts& point) {
  return {space.span_begin(fact, point[fact]), point.name(fact)};
}

std::string word_of(Fact fact, const Value& value) {
  Facts facts;
  facts.set(fact, value.number);
  facts.set(fact, value.name);
  return text_of(fact, facts);
}

// Spans that follow each other are one.
std::string spans(const Space& space, Fact fact, const Values& values) {
  const bool date = row(fact).kind == FactKind::date;
  const auto text = [&](std::int64_t value) {
    return date ? Facts::day_of(value).text() : std::to_string(value);
  };
  std::vector<std::string> parts;
  for (auto at = values.begin(); at != values.end();) {
    const auto from = at->number;
    auto until = space.span_end(fact, from);
    for (++at; at != values.end() && until && at->number == *until + 1; ++at)
      until = space.span_end(fact, at->number);
    // The first span has no beginning; for numbers it begins with the least there is.
    const bool first = space.is_first_span(fact, from);
    if (!until)
      parts.push_back("from " + text(from) + (date ? " on" : ""));
    else if (first)
      parts.push_back((date ? "until " : "up to ") + text(*until));
    else if (from == *until)
      parts.push_back(text(from));
    else
      parts.push_back(text(from) + " to " + text(*until));
  }
  return joined(parts, " or ");
}

// "refuse_new or suspend_stock in refusal" where that is what all these sets have in common.
std::string sets(const Space& space, Fact fact, const Values& chosen, const Values& all) {
  const auto meeting = [&](const Values& of, const Values& others) {
    std::vector<std::string> words;
    std::int64_t mask = 0;
    for (std::size_t i = 0; i < row(fact).words.size(); ++i) {
      const auto has = [&](const Value& value) { return value.number >> i & 1; };
      if (std::any_of(of.begin(), of.end(), has) && std::none_of(others.begin(), others.end(), has)) {
        mask |= std::int64_t{1} << i;
        for (std::size_t other = 0; other < row(fact).words.size(); ++other)
          if (space.like(fact, i) >> other & 1) words.emplace_back(row(fact).words[other]);
      }
    }
    const bool exact =
        std::all_of(of.begin(), of.end(), [&](const Value& value) { return value.number & mask; });
    return exact ? joined(words, " or ") : "";
  };
  Values others;
  std::set_difference(all.begin(), all.end(), chosen.begin(), chosen.end(),
                      std::inserter(others, others.end()));
  const std::string what(name(fact));
  if (const auto some = meeting(chosen, others); !some.empty()) return what + " " + some;
  if (const auto none = meeting(others, chosen); !none.empty()) return "no " + what + " " + none;
  std::vector<std::string> parts;
  for (const auto& value : chosen) parts.push_back(word_of(fact, value));
  return what + " exactly " + joined(parts, " / ");
}

std::string words(Fact fact, const Values& chosen, const Values& all) {
  const bool is_name = row(fact).kind == FactKind::name;
  const auto list = [&](const Values& values) {
    std::vector<std::string> parts;
    for (const auto& value : values) {
      if (is_name && value.name.empty()) continue;
      parts.push_back(word_of(fact, value));
    }
    return joined(parts, ", ");
  };
  Values others;
  std::set_difference(all.begin(), all.end(), chosen.begin(), chosen.end(),
                      std::inserter(others, others.end()));
  const std::string what(name(fact));
  const bool negative = is_name ? chosen.contains(Value{}) : others.size() == 1 && chosen.size() > 2;
  return negative ? what + " any but " + list(others) : what + " " + list(chosen);
}

std::string of_fact(const Space& space, Fact fact, const Values& chosen, const Values& all) {
  switch (row(fact).kind) {
    case FactKind::number:
      return std::string(name(fact)) + " " + spans(space, fact, chosen);
    case FactKind::date:
      return spans(space, fact, chosen);
    case FactKind::set:
      return sets(space, fact, chosen, all);
    default:
      return words(fact, chosen, all);
  }
}

// The facts of one axis: each on its own where every combination of what they may be is meant, else point by
// point.
std::string of_axis(const Space& space, const Box& box, std::size_t axis) {
  const auto here = space.on(box, axis);
  std::vector<Fact> asked;
  for (const auto fact : space.facts(axis))
    if (space.asked(fact)) asked.push_back(fact);
  const auto values_at = [&](const Facts& point) {
    std::vector<Value> out;
    for (const auto fact : asked) out.push_back(value_of(space, fact, point));
    return out;
  };
  std::set<std::vector<Value>> chosen, all;
  for (std::size_t one = 0; one < space.classes(axis); ++one)
    for (const auto& point : space.points(axis, one)) {
      all.insert(values_at(point));
      if (here[one / 64] >> one % 64 & 1) chosen.insert(values_at(point));
    }
  if (chosen.size() == all.size()) return "";
  std::vector<Values> parts(asked.size()), wholes(asked.size());
  for (const auto& point : chosen)
    for (std::size_t i = 0; i < asked.size(); ++i) parts[i].insert(point[i]);
  for (const auto& point : all)
    for (std::size_t i = 0; i < asked.size(); ++i) wholes[i].insert(point[i]);
  const bool product = std::all_of(all.begin(), all.end(), [&](const auto& point) {
    for (std::size_t i = 0; i < asked.size(); ++i)
      if (!parts[i].contains(point[i])) return true;
    return chosen.contains(point);
  });
  std::vector<std::string> out;
  if (product) {
    for (std::size_t i = 0; i < asked.size(); ++i)
      if (parts[i].size() < wholes[i].size()) out.push_back(of_fact(space, asked[i], parts[i], wholes[i]));
    return joined(out, "; ");
  }
  for (const auto& point : chosen) {
    std::vector<std::string> facts;
    for (std::size_t i = 0; i < asked.size(); ++i)
      facts.push_back(of_fact(space, asked[i], {point[i]}, wholes[i]));
    out.push_back("(" + joined(facts, ", ") + ")");
  }
  return joined(out, " or ");
}

}  // namespace

std::string in_words(const Space& space, const Box& box) {
  std::vector<std::string> parts;
  for (std::size_t axis = 0; axis < space.axes(); ++axis) {
    if (axis == space.axis_of(Fact::operation)) continue;  // told below, against what hands numbers out
    if (auto text = of_axis(space, box, axis); !text.empty()) parts.push_back(std::move(text));
  }
  const auto axis = space.axis_of(Fact::operation);
  std::vector<std::string> operations;
  bool every = true;
  for (std::size_t one = 0; one < space.classes(axis); ++one)
    for (const auto& point : space.points(axis, one)) {
      if (!hands_out(point.word<Operation>(Fact::operation))) continue;
      const bool in = space.on(box, axis)[one / 64] >> one % 64 & 1;
      every &= in;
      if (in) operations.push_back(text_of(Fact::operation, point));
    }
  if (!every) parts.push_back("operation " + joined(operations, ", "));
  return parts.empty() ? "every order" : joined(parts, "; ");
}

}  // namespace sekisho::policy
