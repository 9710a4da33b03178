#include "policy/space.h"

#include <algorithm>
#include <limits>
#include <map>

#include "policy/registry.h"

namespace sekisho::policy {
namespace {

// Facts that depend on each other stand in one row; in the order in which a counterexample is made small.
const std::vector<std::vector<Fact>>& axes_of_facts() {
  static const auto axes = [] {
    std::vector<std::vector<Fact>> out;
    for (const auto& about : all_facts()) switch (about.fact) {
        case Fact::number_type:
          out.push_back({Fact::number_type, Fact::plan_covers_type, Fact::plan_types});
          break;
        case Fact::chain_depth:
          out.push_back({Fact::chain_depth, Fact::chain_etoc, Fact::chain_plan, Fact::chain_refusal});
          break;
        case Fact::date:
          out.push_back({Fact::date, Fact::weekday});
          break;
        case Fact::plan_covers_type:
        case Fact::plan_types:
        case Fact::chain_etoc:
        case Fact::chain_plan:
        case Fact::chain_refusal:
        case Fact::weekday:
          break;
        default:
          out.push_back({about.fact});
      }
    return out;
  }();
  return axes;
}

void sort_unique(auto& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

// Members of a vocabulary that every question about a set takes alike, each named by its members' bits.
std::vector<std::uint32_t> alike(Fact fact, const std::vector<const Condition*>& asked) {
  std::map<std::vector<bool>, std::uint32_t> groups;
  for (std::size_t i = 0; i < row(fact).words.size(); ++i) {
    std::vector<bool> signature;
    for (const auto* one : asked)
      if (one->fact == fact) signature.push_back(one->words >> i & 1);
    groups[signature] |= 1u << i;
  }
  std::vector<std::uint32_t> out;
  for (const auto& [signature, members] : groups) out.push_back(members);
  std::sort(out.begin(), out.end(), [](auto a, auto b) { return (a & -a) < (b & -b); });
  return out;
}

// Every set there can be, as far as questions tell them apart: the first member of some groups.
// `most`: members at most.
std::vector<std::int64_t> sets(const std::vector<std::uint32_t>& groups, std::size_t most) {
  std::vector<std::int64_t> out;
  for (std::uint32_t choice = 0; choice < 1u << groups.size(); ++choice) {
    if (static_cast<std::size_t>(std::popcount(choice)) > most) continue;
    std::int64_t set = 0;
    for (std::size_t i = 0; i < groups.size(); ++i)
      if (choice >> i & 1) set |= groups[i] & -groups[i];
    out.push_back(set);
  }
  std::sort(out.begin(), out.end());
  return out;
}

// The type asked for, and the types in the plan: the type itself or not, and one other of each kind or not.
std::vector<Facts> type_points(const std::vector<const Condition*>& asked) {
  std::vector<Facts> out;
  const auto groups = alike(Fact::plan_types, asked);
  for (std::size_t type = 0; type < count_of<NumberType>(); ++type) {
    const std::uint32_t own = 1u << type;
    std::vector<std::uint32_t> others;
    for (const auto group : groups)
      if (group & ~own) others.push_back(group & ~own);
    for (std::int64_t covered = 0; covered < 2; ++covered)
      for (const auto set : sets(others, others.size())) {
        auto& point = out.emplace_back();
        point.set(Fact::number_type, static_cast<std::int64_t>(type));
        point.set(Fact::plan_covers_type, covered);
        point.set(Fact::plan_types, set | (covered ? own : 0));
      }
  }
  return out;
}

// How many operators further down, and what stands of them: as many different states as there are operators
// at most, and at least one where there is one.
std::vector<Facts> chain_points(const std::vector<const Condition*>& asked,
                                std::vector<std::int64_t> depths) {
  const auto etoc = alike(Fact::chain_etoc, asked), plan = alike(Fact::chain_plan, asked),
             refusal = alike(Fact::chain_refusal, asked);
  for (std::size_t depth = 0; depth <= std::max(etoc.size(), plan.size()); ++depth)
    depths.push_back(static_cast<std::int64_t>(depth));
  sort_unique(depths);
  std::vector<Facts> out;
  for (const auto depth : depths) {
    const auto most = static_cast<std::size_t>(depth);
    for (const auto etocs : sets(etoc, most))
      for (const auto plans : sets(plan, most))
        for (const auto refusals : sets(refusal, depth == 0 ? 0 : refusal.size())) {
          if (depth > 0 && (etocs == 0 || plans == 0)) continue;
          auto& point = out.emplace_back();
          point.set(Fact::chain_depth, depth);
          point.set(Fact::chain_etoc, etocs);
          point.set(Fact::chain_plan, plans);
          point.set(Fact::chain_refusal, refusals);
        }
  }
  return out;
}

// Days: each span between the dates that are mentioned, and every weekday in it when weekdays are.
std::vector<Facts> day_points(const std::vector<std::int64_t>& begins, bool weekdays) {
  std::vector<Facts> out;
  for (std::size_t i = 0; i < begins.size(); ++i) {
    const auto length =
        i + 1 < begins.size() ? begins[i + 1] - begins[i] : std::numeric_limits<std::int64_t>::max();
    for (std::int64_t day = 0; day < std::min<std::int64_t>(weekdays ? 7 : 1, length); ++day) {
      auto& point = out.emplace_back();
      point.set(Fact::date, begins[i] + day);
      point.set(Fact::weekday, static_cast<std::int64_t>(weekday_of(Facts::day_of(begins[i] + day))));
    }
  }
  return out;
}

}  // namespace

Space::Space(const std::vector<Clause>& clauses) {
  std::vector<const Condition*> asked[fact_count];
  for (const auto& clause : clauses)
    for (const auto& one : clause) {
      const auto fact = static_cast<std::size_t>(one.fact);
      const auto same = [&](const Condition* other) { return *other == one; };
      if (std::none_of(asked[fact].begin(), asked[fact].end(), same)) asked[fact].push_back(&one);
    }
  for (const auto& about : all_facts()) {
    const auto fact = static_cast<std::size_t>(about.fact);
    auto& begins = begins_[fact];
    asked_[fact] = !asked[fact].empty();
    if (about.kind == FactKind::set) alike_[fact] = alike(about.fact, asked[fact]);
    for (const auto* one : asked[fact]) {
      names_[fact].insert(names_[fact].end(), one->names.begin(), one->names.end());
      if (one->range.from) begins.push_back(*one->range.from);
      if (one->range.until && *one->range.until != std::numeric_limits<std::int64_t>::max())
        begins.push_back(*one->range.until + 1);
    }
    sort_unique(names_[fact]);
    sort_unique(begins);
    if (about.kind == FactKind::number) {
      std::erase_if(begins, [&](std::int64_t begin) { return begin <= about.least; });
      begins.insert(begins.begin(), about.least);
    } else if (about.kind == FactKind::date) {
      // The open beginning is named by its last day, with a week before it where weekdays are asked.
      const bool weekdays = !asked[static_cast<std::size_t>(Fact::weekday)].empty();
      if (begins.empty())
        begins.push_back(Facts::days_of(JstDate::of(2026, 1, 1)));
      else
        begins.insert(begins.begin(), begins.front() - (weekdays ? 7 : 1));
    }
  }
  for (const auto& facts : axes_of_facts()) {
    Axis axis{.facts = facts};
    std::vector<const Condition*> here;
    for (const auto fact : facts) {
      const auto& of_fact = asked[static_cast<std::size_t>(fact)];
      here.insert(here.end(), of_fact.begin(), of_fact.end());
    }
    cut(axis, here);
    axis.offset = words_;
    axis.words = axis.first.size() / 64 + 1;
    words_ += axis.words;
    axes_.push_back(std::move(axis));
  }
}

std::vector<Facts> Space::points_of(const Axis& axis, const std::vector<const Condition*>& asked) {
  const auto fact = axis.facts.front();
  const auto& begins = begins_[static_cast<std::size_t>(fact)];
  if (fact == Fact::number_type) return type_points(asked);
  if (fact == Fact::chain_depth) return chain_points(asked, begins);
  if (fact == Fact::date)
    return day_points(begins, std::any_of(asked.begin(), asked.end(),
                                          [](auto* one) { return one->fact == Fact::weekday; }));
  std::vector<Facts> out;
  const auto add = [&](auto value) { out.emplace_back().set(fact, value); };
  const auto& about = row(fact);
  switch (about.kind) {
    case FactKind::words:
      for (std::size_t i = 0; i < about.words.size(); ++i) add(static_cast<std::int64_t>(i));
      break;
    case FactKind::set:
      for (const auto set : sets(alike(fact, asked), about.words.size())) add(set);
      break;
    case FactKind::number:
    case FactKind::date:
      for (const auto begin : begins) add(begin);
      break;
    case FactKind::name:  // the empty name stands for every one that nobody mentions
      add(std::string_view());
      for (const auto& name : names(fact)) add(std::string_view(name));
      break;
  }
  return out;
}

void Space::cut(Axis& axis, const std::vector<const Condition*>& asked) {
  axis.points = points_of(axis, asked);
  std::map<std::vector<std::uint64_t>, std::uint32_t> known;
  for (std::size_t i = 0; i < axis.points.size(); ++i) {
    std::vector<std::uint64_t> answers(asked.size() / 64 + 1);
    for (std::size_t question = 0; question < asked.size(); ++question)
      if (asked[question]->holds(axis.points[i])) answers[question / 64] |= std::uint64_t{1} << question % 64;
    const auto [entry, is_new] =
        known.emplace(std::move(answers), static_cast<std::uint32_t>(axis.first.size()));
    if (is_new) axis.first.push_back(i);
    axis.class_of.push_back(entry->second);
  }
}

std::size_t Space::axis_of(Fact fact) const {
  for (std::size_t axis = 0; axis < axes_.size(); ++axis)
    if (std::find(axes_[axis].facts.begin(), axes_[axis].facts.end(), fact) != axes_[axis].facts.end())
      return axis;
  return axes_.size();
}

std::vector<Facts> Space::points(std::size_t axis, std::size_t one_class) const {
  std::vector<Facts> out;
  for (std::size_t i = 0; i < axes_[axis].points.size(); ++i)
    if (axes_[axis].class_of[i] == one_class) out.push_back(axes_[axis].points[i]);
  return out;
}

std::optional<std::int64_t> Space::span_end(Fact fact, std::int64_t begin) const {
  const auto& begins = begins_[static_cast<std::size_t>(fact)];
  const auto next = std::upper_bound(begins.begin(), begins.end(), begin);
  return next == begins.end() ? std::nullopt : std::optional(*next - 1);
}

std::int64_t Space::span_begin(Fact fact, std::int64_t value) const {
  const auto& begins = begins_[static_cast<std::size_t>(fact)];
  const auto next = std::upper_bound(begins.begin(), begins.end(), value);
  return next == begins.begin() ? value : *std::prev(next);
}

std::uint32_t Space::like(Fact fact, std::size_t word) const {
  for (const auto group : alike_[static_cast<std::size_t>(fact)])
    if (group >> word & 1) return group;
  return 1u << word;
}

const std::vector<std::string>& Space::names(Fact fact) const {
  return names_[static_cast<std::size_t>(fact)];
}

Box Space::all() const {
  Box box(words_);
  for (const auto& axis : axes_)
    for (std::size_t i = 0; i < axis.first.size(); ++i)
      box[axis.offset + i / 64] |= std::uint64_t{1} << i % 64;
  return box;
}

Box Space::box(const Clause& clause) const {
  auto box = all();
  for (const auto& one : clause) {
    const auto& axis = axes_[axis_of(one.fact)];
    for (std::size_t i = 0; i < axis.first.size(); ++i)
      if (!one.holds(axis.points[axis.first[i]])) box[axis.offset + i / 64] &= ~(std::uint64_t{1} << i % 64);
  }
  return box;
}

Facts Space::first(const Box& box) const {
  Facts out;
  for (std::size_t axis = 0; axis < axes_.size(); ++axis) {
    const auto here = on(box, axis);
    std::size_t i = 0;
    while (!(here[i / 64] >> i % 64 & 1)) ++i;
    const auto& point = axes_[axis].points[axes_[axis].first[i]];
    for (const auto fact : axes_[axis].facts) {
      out.set(fact, point[fact]);
      out.set(fact, point.name(fact));
    }
  }
  return out;
}

bool no_class(std::span<const std::uint64_t> classes) {
  return std::all_of(classes.begin(), classes.end(), [](std::uint64_t word) { return word == 0; });
}

bool empty(const Space& space, const Box& box) {
  for (std::size_t axis = 0; axis < space.axes(); ++axis)
    if (no_class(space.on(box, axis))) return true;
  return false;
}

Box meet(const Box& a, const Box& b) {
  auto out = a;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] &= b[i];
  return out;
}

}  // namespace sekisho::policy
