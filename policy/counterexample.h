// A case that breaks a guarantee, told so that a person can follow it, and as a test to keep. Used by
// prove.cpp alone.
#pragma once

#include <string>

#include "policy/decide.h"
#include "policy/space.h"

namespace sekisho::policy {

struct Counterexample {
  const Policy& policy;
  const Compiled& compiled;
  const Guarantee& guarantee;
  const Facts& facts;
  const Space& space;   // for each fact, the values that make a difference to somebody
  NumberTypes counted;  // types that a limit would have had to count (at_most)

  // Whether the case breaks the guarantee when it is decided as an order is.
  bool breaks() const { return breaks(facts); }
  // "the guarantee 'g' does not hold. Counterexample: on 2026-04-01, an operator with etoc none orders 1
  // ip_050 ..."
  std::string text() const;
  // `operators:` and `tests:` of a test file, a line each: what the policy answers now.
  std::string test() const;

 private:
  bool breaks(const Facts& some) const;
  bool bounded(const Facts& some, const Decision& decision) const;
  bool tells(Fact fact) const;  // another value would not break the guarantee, or is not spoken of
  std::string verdict() const;
  std::string limits() const;
};

}  // namespace sekisho::policy
