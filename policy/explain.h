// One order against every rule: which matched, which did not and why, and what came of it. In both languages;
// for an appeal, for an auditor, for whoever wrote the rule.
#pragma once

#include <string>
#include <vector>

#include "policy/decide.h"

namespace sekisho::policy {

struct Told {
  std::string text[2];  // by Language
};

struct RuleStory {
  const Rule* rule = nullptr;
  enum class Kind { applies, warned, observed, waived, not_active, does_not_match } kind{};
  Told effect;  // "at most 1000 per day"
  Told why;     // "ETOC certification is none"; where it does not match: the nearest alternative, and what
                // failed in it
};

struct Explanation {
  Decision decision;
  Told verdict;
  std::vector<RuleStory> rules;  // in the order of the file
};

// What the rules alone say of an order that hands numbers out, for an operator that has had nothing yet.
Explanation explain(const Compiled& policy, const Facts& facts);

Told in_words(RuleStory::Kind kind);

}  // namespace sekisho::policy
