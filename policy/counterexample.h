// A case that breaks a guarantee, told so that a person can follow it, and as a test to keep. Used by
// prove.cpp alone.
#pragma once

#include <string>

#include "policy/cells.h"

namespace sekisho::policy {

struct Counterexample {
  const Policy& policy;
  const Guarantee& guarantee;
  const Cells& cells;  // says which facts make a difference: only those are told
  const Cell& cell;
  const Decision& decision;  // of the whole policy
  NumberTypes counted;       // types that a limit would have had to count (at_most)

  // "the guarantee 'g' does not hold. Counterexample: on 2026-04-01, an operator with etoc none orders 1
  // ip_050 ..."
  std::string text() const;
  // `operators:` and `tests:` of a test file, a line each: what the policy answers now. Empty when a test
  // file cannot say it (it names no carrier).
  std::string test() const;

 private:
  bool tells(Fact fact) const { return cells.classes(fact).size() > 1 || asked(fact); }
  bool asked(Fact fact) const;
  std::string standing() const;
  std::string order() const;
  std::string verdict() const;
  std::string limits() const;
};

}  // namespace sekisho::policy
