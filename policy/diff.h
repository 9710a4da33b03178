// What changes in meaning between two policies: exactly which operators and orders get another answer.
//
// "No change" is a proof, as in prove.h: every case is answered alike. Otherwise the cases that differ are
// listed in classes, none left out and none twice, each in words and with its smallest case as a sample.
#pragma once

#include <string>
#include <vector>

#include "policy/rules.h"
#include "policy/space.h"

namespace sekisho::policy {

struct Change {
  std::vector<std::string> cases;  // "etoc none, applied; number_type ip_050; from 2026-04-01": each a class
  bool hidden =
      false;  // less the cases that both policies refuse, or hold to a tighter limit, in the same way
  std::string old_answer, new_answer;
  std::string sample;  // a sentence
  std::string test;    // the sample as a test file has it, with what the new policy answers
};

struct Diff {
  bool complete = true;  // false: the policies overlap in too many ways; there may be more changes
  std::vector<Change> changes;
};

Diff diff(const Policy& old_policy, const Policy& new_policy);

// The classes of a box on each axis that it narrows, in words. "every order" when it narrows none.
std::string in_words(const Space& space, const Box& box);

}  // namespace sekisho::policy
