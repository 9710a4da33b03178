// A policy taken apart into boxes: in which cases each effect of an enforced rule stands. What proofs and
// comparisons work on.
#pragma once

#include <vector>

#include "policy/rules.h"
#include "policy/space.h"

namespace sekisho::policy {

// The cases in which a rule acts: its conditions hold, on its active days, for operations that hand numbers
// out. `lifted`: and no waiver lifts it.
std::vector<Clause> acting(const Policy& policy, const Rule& rule, bool lifted);

// The cases of a waiver.
Clause waived_cases(const Waiver& waiver);

// The cases that a guarantee speaks of. One that does not name operations speaks of those that hand numbers
// out.
std::vector<Clause> spoken_of(const Guarantee& guarantee);

// One effect in one box. A rule with several alternatives, or a limit with several figures, makes several.
struct Piece {
  const Rule* rule = nullptr;
  Box box;                     // limit: where this figure is in force and counts the order's type
  const Step* step = nullptr;  // limit
  Box over;                    // limit: the part of `box` where one order alone asks for more than the figure
};

class Pieces {
 public:
  // Of the enforced rules. `cuts`: further clauses that boxes will be asked for.
  explicit Pieces(const Policy& policy, std::vector<Clause> cuts = {});

  const Space& space() const { return space_; }
  std::vector<Piece> permits, denies, limits;
  std::vector<Box> waivers;
  Box gives_back, hands_out;  // by operation

 private:
  static std::vector<Clause> all_clauses(const Policy& policy, std::vector<Clause> cuts);
  Space space_;
};

// Where a figure of a limit is in force: on its days, for the types that the limit counts.
Clause in_force(const Limit& limit, const Step& step);

// "More than this is asked for": of numbers or channels.
Condition more_than(Unit unit, Quantity figure);

inline bool trims(const Piece& limit) {
  return limit.rule->limit->trim && limit.rule->limit->per.kind != Period::Kind::order;
}

}  // namespace sekisho::policy
