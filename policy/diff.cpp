#include "policy/diff.h"

#include <algorithm>
#include <map>

#include "policy/compare.h"
#include "policy/pieces.h"
#include "policy/said.h"

namespace sekisho::policy {
namespace {

// Boxes that differ on one axis alone are one box. Tried axis by axis until nothing changes any more.
void merge(const Space& space, std::vector<Box>& boxes) {
  for (bool again = true; again;) {
    again = false;
    for (std::size_t axis = space.axes(); axis-- > 0;) {
      std::map<Box, Box> by_rest;  // the box without this axis -> what stands on it, all together
      for (const auto& box : boxes) {
        auto rest = box;
        const auto there = space.on(rest, axis);
        std::fill(there.begin(), there.end(), 0);
        const auto [known, is_new] = by_rest.emplace(std::move(rest), box);
        if (is_new) continue;
        const auto here = space.on(known->second, axis);
        const auto more = space.on(box, axis);
        for (std::size_t i = 0; i < here.size(); ++i) here[i] |= more[i];
        again = true;
      }
      if (by_rest.size() == boxes.size()) continue;
      boxes.clear();
      for (auto& [rest, box] : by_rest) boxes.push_back(std::move(box));
    }
  }
}

struct Found {
  Answer old_answer, new_answer;
  std::vector<Box> boxes;
  Box sample;
  bool hidden = false;
};

}  // namespace

Diff diff(const Policy& old_policy, const Policy& new_policy) {
  std::vector<Stand> stands[] = {stands_of(old_policy), stands_of(new_policy)};
  std::vector<Clause> clauses;
  for (const auto& side : stands)
    for (const auto& stand : side) clauses.insert(clauses.end(), stand.clauses.begin(), stand.clauses.end());
  const Pieces ground({}, std::move(clauses));  // the operations that hand numbers out, beside
  const auto& space = ground.space();

  std::vector<Standpoint> effects;
  for (int side = 0; side < 2; ++side)
    for (const auto& stand : stands[side]) {
      auto known = std::find_if(effects.begin(), effects.end(),
                                [&](const Standpoint& one) { return one.effect == stand.effect; });
      if (known == effects.end()) known = effects.insert(effects.end(), {.effect = stand.effect});
      for (const auto& clause : stand.clauses) known->boxes[side].push_back(space.box(clause));
    }

  std::vector<Found> found;
  std::map<std::pair<std::string, std::string>, std::size_t> known;
  const auto tell = [&](const Part& part) {
    const auto [entry, is_new] =
        known.emplace(std::pair(part.old_answer.text(), part.new_answer.text()), found.size());
    if (is_new) found.push_back({part.old_answer, part.new_answer, {}, part.sample});
    found[entry->second].boxes.push_back(part.where);
    found[entry->second].hidden |= part.hidden;
    return true;
  };
  const Compiled compiled(new_policy);
  Diff out;
  out.complete = compare(space, std::move(effects), ground.hands_out, tell);
  for (auto& [old_answer, new_answer, boxes, first, hidden] : found) {
    merge(space, boxes);
    Change change{.hidden = hidden, .old_answer = old_answer.text(), .new_answer = new_answer.text()};
    for (const auto& box : boxes) change.cases.push_back(in_words(space, box));
    const auto sample = space.first(first);
    const auto tells = [&](Fact fact) { return space.asked(fact); };
    change.sample = "on " + sample.today().text() + ", " + operator_in_words(sample, tells) + " asks to " +
                    order_in_words(sample, tells);
    change.test = as_test("sample", sample, expectation(apply_rules(compiled, sample), sample));
    out.changes.push_back(std::move(change));
  }
  return out;
}

}  // namespace sekisho::policy
