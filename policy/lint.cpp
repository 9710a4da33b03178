#include "policy/lint.h"

#include <algorithm>

#include "policy/compare.h"
#include "policy/cover.h"
#include "policy/pieces.h"

namespace sekisho::policy {
namespace {

Broken at(const Rule& rule, std::string text) {
  return {.id = rule.id, .line = rule.line, .column = rule.column, .text = std::move(text)};
}

std::string the_rule(const Rule& rule) { return "the rule '" + rule.id + "' "; }

// The fact that leaves an alternative without any case; nothing: it has cases.
std::optional<Fact> contradiction(const Space& space, const Clause& clause) {
  const auto box = space.box(clause);
  for (std::size_t axis = 0; axis < space.axes(); ++axis) {
    if (!no_class(space.on(box, axis))) continue;
    for (const auto fact : space.facts(axis))
      if (std::any_of(clause.begin(), clause.end(), [&](auto& one) { return one.fact == fact; })) return fact;
  }
  return std::nullopt;
}

// Of two limits that leave each other nothing, the later in the file is idle.
bool makes_idle(const Piece& other, const Piece& limit) {
  const auto a = bound_of(*other.rule->limit, *other.step), b = bound_of(*limit.rule->limit, *limit.step);
  return leaves_nothing(a, b) &&
         (!leaves_nothing(b, a) || other.rule < limit.rule);  // both stand in one list
}

bool binds(const Pieces& pieces, const Piece& limit) {
  std::vector<Box> idle;
  for (const auto& deny : pieces.denies) idle.push_back(deny.box);
  for (const auto& other : pieces.limits)
    if (other.rule != limit.rule && makes_idle(other, limit)) idle.push_back(other.box);
  const bool of_order = limit.rule->limit->per.kind == Period::Kind::order;
  Cover cover(pieces.space(), std::move(idle));
  Box rest;
  for (const auto& permit : pieces.permits) {
    const auto region = meet(of_order ? limit.over : limit.box, permit.box);
    if (cover.ask(region, rest) != Cover::Answer::covered) return true;
  }
  return false;
}

// A deny that asks nothing but the day.
bool closes_days(const Rule& rule) {
  return rule.deny && std::any_of(rule.when.any.begin(), rule.when.any.end(), [](const Clause& clause) {
           return std::all_of(clause.begin(), clause.end(),
                              [](auto& one) { return one.fact == Fact::date || one.fact == Fact::weekday; });
         });
}

}  // namespace

std::vector<Broken> unreachable_rules(const Policy& policy) {
  std::vector<Clause> clauses;
  for (const auto& rule : policy.rules)
    for (auto& clause : acting(policy, rule, false)) clauses.push_back(std::move(clause));
  const Space space(clauses);
  std::vector<Broken> out;
  for (const auto& rule : policy.rules) {
    std::optional<Fact> fact;
    bool some = false;
    for (const auto& clause : acting(policy, rule, false)) {
      const auto why = contradiction(space, clause);
      if (!fact) fact = why;
      some |= !why;
    }
    if (some) continue;
    const bool dates = fact == Fact::date && (rule.active.from || rule.active.until);
    out.push_back(
        at(rule, the_rule(rule) + "can never match: " +
                     (dates   ? "no day is both in its 'active' dates and in its 'date'"
                      : !fact ? "it has no condition that can hold"
                              : "no order there can be meets its '" + std::string(name(*fact)) + "'")));
  }
  return out;
}

std::vector<Broken> idle_limits(const Policy& policy) {
  const Pieces pieces(policy);
  std::vector<Broken> out;
  for (const auto& rule : policy.rules) {
    if (!rule.limit || rule.mode != Mode::enforce) continue;
    bool some_bind = false, acts = false;
    for (const auto& step : rule.limit->steps) {
      bool in_force = false;
      for (const auto& piece : pieces.limits) {
        if (piece.rule != &rule || piece.step != &step) continue;
        in_force = true;
        some_bind = some_bind || binds(pieces, piece);
      }
      acts |= in_force;
      if (!in_force && rule.limit->steps.size() > 1)
        out.push_back(at(rule, the_rule(rule) + "has the figure " + std::to_string(step.value) +
                                   " for days on which it does not act; it can never be in force"));
    }
    if (some_bind || !acts) continue;
    out.push_back(
        at(rule, the_rule(rule) +
                     "has a limit that can never bind: wherever it stands, nothing is permitted or another "
                     "limit is at least as tight"));
  }
  return out;
}

std::vector<Broken> closed_days(const Policy& policy) {
  if (policy.rules.empty()) return {};
  const Pieces pieces(policy);
  const auto& space = pieces.space();
  std::vector<Box> denies;
  for (const auto& deny : pieces.denies)
    if (!closes_days(*deny.rule)) denies.push_back(deny.box);
  Cover cover(space, std::move(denies));
  const auto axis = space.axis_of(Fact::date);
  std::vector<std::pair<Facts, bool>> days;  // the first day of each class, and whether somebody is permitted
  for (std::size_t one = 0; one < space.classes(axis); ++one) {
    bool open = false;
    for (const auto& permit : pieces.permits) {
      auto region = permit.box;
      const auto here = space.on(region, axis);
      const bool has = here[one / 64] >> one % 64 & 1;
      std::fill(here.begin(), here.end(), 0);
      here[one / 64] = std::uint64_t{has} << one % 64;
      Box rest;
      if (has && cover.ask(region, rest) != Cover::Answer::covered) open = true;
      if (open) break;
    }
    for (const auto& point : space.points(axis, one)) {
      days.emplace_back(point, open);
      // In a long span every weekday comes again.
      const auto end = space.span_end(Fact::date, point[Fact::date]);
      if (!space.asked(Fact::weekday) || (end && point[Fact::date] + 7 > *end)) continue;
      days.emplace_back(point, open);
      days.back().first.set(Fact::date, point[Fact::date] + 7);
    }
  }
  std::sort(days.begin(), days.end(),
            [](const auto& a, const auto& b) { return a.first[Fact::date] < b.first[Fact::date]; });
  const auto first_open = std::find_if(days.begin(), days.end(), [](const auto& day) { return day.second; });
  const auto& place = policy.rules.front();
  if (first_open == days.end())
    return {at(place, "nothing permits anybody, on any day: no order can ever pass")};
  // What was before the first permit was before this policy.
  const auto closed = std::find_if(first_open, days.end(), [](const auto& day) { return !day.second; });
  if (closed == days.end()) return {};
  const auto& day = closed->first;
  const auto weekday = name(day.word<Weekday>(Fact::weekday));
  const bool by_weekday = std::any_of(closed, days.end(), [](const auto& later) { return later.second; }) &&
                          closed + 1 != days.end() && (closed + 1)->first[Fact::date] == day[Fact::date] + 1;
  const auto reopened = std::find_if(closed, days.end(), [](const auto& later) { return later.second; });
  std::string when = "from " + day.today().text() + " on";
  if (by_weekday)
    when = "on " + day.today().text() + " (" + std::string(weekday) + ")";
  else if (reopened != days.end())
    when = "from " + day.today().text() + " to " + reopened->first.today().plus(-1).text();
  return {at(place, when + " nothing permits anybody. If that is meant, say it with a rule that denies by "
                           "'date' or 'weekday' alone")};
}

std::vector<Broken> lint(const Policy& policy) {
  auto out = unreachable_rules(policy);
  for (const auto find : {idle_limits, closed_days, unequal_treatment})
    for (auto& broken : find(policy)) out.push_back(std::move(broken));
  return out;
}

}  // namespace sekisho::policy
