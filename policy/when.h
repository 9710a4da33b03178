// Conditions, in one normal form: any of several clauses, each a conjunction of questions about single facts.
//
// However a file nests `not` and `any_of`, this is what it means. A clause is a box in the space of all
// facts, which is what makes a policy fast to evaluate (compiled.h) and possible to prove (cover.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policy/facts.h"

namespace sekisho::policy {

// Inclusive; an absent end is open.
template <class T>
struct Range {
  std::optional<T> from, until;
  bool has(const T& value) const { return (!from || value >= *from) && (!until || value <= *until); }
  bool operator==(const Range&) const = default;
};

// One question about one fact.
struct Condition {
  Fact fact{};
  bool negated = false;
  std::uint32_t words = 0;         // words: is it one of these; set: is one of these in it
  Range<std::int64_t> range;       // number, date
  std::vector<std::string> names;  // name: is it one of these; sorted
  bool holds(const Facts& facts) const;
  bool operator==(const Condition&) const = default;
};

using Clause = std::vector<Condition>;  // all hold
bool holds(const Clause& clause, const Facts& facts);

struct When {
  std::vector<Clause> any{Clause{}};  // one of these holds; one empty clause: always
  bool holds(const Facts& facts) const;
  bool asks(Fact fact) const;
  bool operator==(const When&) const = default;
};

When both(const When& a, const When& b);
When either(const When& a, const When& b);
When negation(const When& when);

// A condition alone, as `When`.
When asked(Condition condition);

// Days of a range as a condition on the date.
Condition on_days(const Range<JstDate>& days);

}  // namespace sekisho::policy
