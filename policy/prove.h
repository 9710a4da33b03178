// Whether a policy keeps what it promises: each guarantee, in every case there can be. docs/proofs.md says in
// plain words why that is a proof.
//
// Each promise becomes a question of covering (cover.h): the cases that a permit opens, within those that the
// guarantee speaks of, must be covered by boxes that refuse them or bound them.
//
// never: permit. No order is permitted: the rules allow it and no limit is below what is taken at least,
// which is the quantity, or 1 where a limit may trim. (A limit of 0 permits nothing.)
//
// never: deny. No order is denied by a rule, or because none permits it. Exceeding a limit is no denial.
//
// at_most. Every permitted order meets, on its day, an enforced limit with a figure not above the
// guarantee's, over a period that has all of the guarantee's in it (`within`), that counts every number type
// of which the guarantee's cases permit any. Sound: the ledger admits an order only if the limit's count with
// it stays within the figure, and what the guarantee counts is part of that count; so after the last admitted
// order, and so after each, it is within the guarantee's figure. What was counted before, under other facts
// or another policy, only leaves less. Careful: one limit must do it alone; that two hold it together is not
// looked for. `per: order` is also kept where no more can be ordered at once.
//
// A guarantee without `operation` speaks of the operations that hand numbers out. Others are always permitted
// and hand nothing out: only a guarantee that names them speaks of them, and `at_most` holds for them. One
// with `waived: no` does not speak of operators while a waiver is in force for them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "policy/cover.h"
#include "policy/rules.h"

namespace sekisho::policy {

struct Broken {
  std::string id;  // of the guarantee, the rule
  int line = 0, column = 0;
  std::string text;  // a sentence; for a guarantee with its smallest counterexample
  std::string
      test;  // the counterexample as `operators` and `tests` of a test file; empty where none can say it
};

// The guarantees that do not hold, in the order of the file.
std::vector<Broken> prove(const Policy& policy, std::size_t most = most_regions);

// Everything that speaks against a policy which can be read: guarantees that do not hold, and what lint.h
// finds. In the order of lines.
std::vector<Broken> shortcomings(const Policy& policy);

// Whatever day it is, everything that counts towards `inner` counts towards `outer` too, so that a limit per
// `outer` also bounds `inner`.
bool within(const Period& inner, const Period& outer);

}  // namespace sekisho::policy
