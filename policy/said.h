// A case in words, and as a test.
#pragma once

#include <functional>
#include <string>

#include "policy/decide.h"
#include "policy/facts.h"

namespace sekisho::policy {

// "an operator with etoc none, plan deemed asks to allocate 1 fixed": the facts for which `tells` is true;
// operation, quantity and type always.
std::string operator_in_words(const Facts& facts, const std::function<bool(Fact)>& tells);
std::string order_in_words(const Facts& facts, const std::function<bool(Fact)>& tells);

// The case as a test file has it, a line for `operators` and one for `tests`, with the answer that is
// expected.
std::string as_test(const std::string& name, const Facts& facts, const std::string& expect);

// "permit", "{ deny: CODE }" or "{ quota: CODE }": what a test file says of an operator that has had nothing.
std::string expectation(const Decision& decision, const Facts& facts);

// "1000 per day of fixed"
std::string said(const Limit& limit, Quantity figure);

}  // namespace sekisho::policy
