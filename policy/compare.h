// Where two sets of rules answer differently: the ground of `policy diff` and of equal treatment.
//
// An answer is what a caller gets: refused for a reason, or permitted within limits and throttles, perhaps
// watched.
//
// Only effects that stand in other cases than before can make a difference, so only they cut the space into
// parts. Effects that are the same on both sides can hide one: a denial above it on the ladder, the lack of a
// permit, a limit that leaves nothing to the changed ones. Those are not cut out of a part: the part is told
// as it is, with the note that elsewhere nothing changes, and it is told at all only if a case in it is left
// (cover.h). Effects that hide one change and shape another (a denial between two changed ones) cut as the
// changed ones do.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "policy/rules.h"
#include "policy/space.h"

namespace sekisho::policy {

struct Bound {
  Unit unit{};
  Period per;
  NumberTypes types;  // counted; empty: all
  Quantity figure = 0;
  bool trim = false;
  std::string code;  // outward; empty: the usual one
  Scope of{};
  std::strong_ordering operator<=>(const Bound& other) const;
  bool operator==(const Bound&) const = default;
  std::string text() const;  // "up to 100 per day of fixed"
};

// Whether `tight` leaves nothing for `other` to bind: it counts everything the other counts, and never has
// more left. A limit that may trim matters beside one that may not even when both are equal: it cuts the
// order to what is left.
bool leaves_nothing(const Bound& tight, const Bound& other);
Bound bound_of(const Limit& limit, const Step& step);

// What one rule does to an order, apart from which rule it is.
struct Effect {
  enum class Kind { permit, deny, bound, throttle, review, notice } kind{};
  Reason reason{};    // deny
  Bound bound;        // bound
  Throttle throttle;  // throttle
  std::string name;   // review: its name; notice: the rule's id
  bool operator==(const Effect&) const = default;
};

struct Answer {
  std::optional<Reason> refused;
  std::vector<Effect> terms;  // permitted: the limits that bind, throttles, reviews, notices
  bool operator==(const Answer&) const = default;
  std::string text() const;  // "refused (etoc-revoked)", "permitted, up to 100 per day"
};

// An effect, and where it stands on each side.
struct Standpoint {
  Effect effect;
  std::vector<Box> boxes[2];
};

struct Part {
  Box where;   // parts do not overlap
  Box sample;  // cases of it in which the answers certainly differ
  bool hidden =
      false;  // in other cases of it nothing changes: something that is the same before and after decides
  Answer old_answer, new_answer;
};
using Difference = std::function<bool(const Part& part)>;  // false: enough

inline constexpr std::size_t most_parts = 200'000;

// False: more parts than `most` had to be looked at, and not everything was.
bool compare(const Space& space, std::vector<Standpoint> effects, const Box& region, const Difference& tell,
             std::size_t most = most_parts);

// The effects of a policy's rules, each with the cases in which it stands.
struct Stand {
  Effect effect;
  std::vector<Clause> clauses;
};
std::vector<Stand> stands_of(const Policy& policy);

}  // namespace sekisho::policy
