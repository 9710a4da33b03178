// Whether a policy keeps what it promises: each guarantee, checked in every case there can be. docs/proofs.md
// says in plain words why that is a proof.
//
// The cases are the cells of policy/cells.h; each is decided by `decide` itself. What a guarantee means in a
// cell:
//
//   never: permit   no order is permitted. Permitted: the rules allow it and no limit is below what is taken
//   at
//                   least, which is the quantity, or 1 where a limit may trim. (A limit of 0 permits
//                   nothing.)
//   never: deny     no order is denied: by a rule, or because none permits it. Exceeding a limit is no
//   denial. at_most         every permitted order meets, on that day, an enforced limit that
//                     - counts at least the numbers that the guarantee counts: every number type that the
//                     guarantee
//                       speaks of and that is permitted in any of its cells, over a period that has every day
//                       of the guarantee's period in it (`within`), and
//                     - is not above the guarantee's figure.
//                   Sound: the ledger admits an order only if the limit's count stays at or below its figure
//                   with it; the guarantee's count is part of that count. So after the last admitted order,
//                   and so after each, it is at or below the guarantee's figure. Numbers counted before,
//                   under other facts or another policy, only leave less. Careful: one limit must do it
//                   alone; that two hold it together is not looked for. `per: order` is also kept where only
//                   so many can be ordered at once.
//
// A guarantee without `operation` speaks of the operations that hand numbers out. Others are always permitted
// and hand nothing out: only a guarantee that names them speaks of them, and `at_most` holds for them.
//
// Nothing is sampled. Search is cut only where the rest cannot break the guarantee (nothing permits any more,
// a deny holds whatever follows, or the same rules were still open here before). A policy with too many cases
// is an error.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "policy/rules.h"

namespace sekisho::policy {

struct Broken {
  std::string id;  // of the guarantee, or of the rule
  int line = 0, column = 0;
  std::string text;  // a sentence; for a guarantee with its smallest counterexample
  std::string
      test;  // the counterexample as `operators` and `tests` of a test file; empty where none can say it
};

inline constexpr std::size_t most_cases = 20'000'000;  // visited for one guarantee, after merging

// The guarantees that do not hold, in the order of the file.
std::vector<Broken> prove(const Policy& policy, std::size_t most = most_cases);

// The rules that match in no case at all.
std::vector<Broken> unreachable_rules(const Policy& policy);

// Whatever day it is, everything that counts towards `inner` counts towards `outer` too, so that a limit per
// `outer` also bounds `inner`.
bool within(const Period& inner, const Period& outer);

}  // namespace sekisho::policy
