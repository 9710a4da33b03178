// A policy made quick: evaluating it looks each fact up once and allocates nothing.
//
// Every clause of every rule is one bit. For each fact that the policy asks, the values fall into few classes
// (the words of a vocabulary; the spans between the figures and dates that the file mentions; the names in
// it, and all others), and each class has a row of bits: the clauses that do not mind this value. The rows of
// an order's values, and-ed, are the clauses that match. 200 rules are a few words a row
// (tests/bench/decide_bench.cpp has the figures).
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "policy/rules.h"

namespace sekisho::policy {

inline constexpr std::size_t most_rules = 1024;
inline constexpr std::size_t most_clauses = 4096;  // of all rules and waivers together

// A bit for each rule of a policy, by its place in the file.
class RuleSet {
 public:
  void add(std::size_t rule) { words_[rule / 64] |= std::uint64_t{1} << rule % 64; }
  bool has(std::size_t rule) const { return words_[rule / 64] >> rule % 64 & 1; }
  bool empty() const { return *this == RuleSet(); }
  bool operator==(const RuleSet&) const = default;

  template <class F>
  void each(F&& visit) const {
    for (std::size_t i = 0; i < words_.size(); ++i)
      for (auto left = words_[i]; left != 0; left &= left - 1)
        visit(i * 64 + static_cast<std::size_t>(std::countr_zero(left)));
  }

 private:
  std::array<std::uint64_t, most_rules / 64> words_{};
};

// What the rules say of one case. `matched`: every rule in force, also warned and observed ones. `waived`:
// those of them that a waiver lifts.
struct Verdict {
  RuleSet matched, waived;
  bool permitted = false;           // an enforced rule permits
  const Rule* denied_by = nullptr;  // the first enforced deny on the ladder of reason.def
};

class Compiled {
 public:
  Compiled() = default;
  // The policy must outlive this, and stay where it is. At most `most_rules` and `most_clauses`: the loader
  // sees to it.
  explicit Compiled(const Policy& policy);

  // Pure, allocates nothing. For operations that hand numbers out; others are no rule's business.
  void evaluate(const Facts& facts, Verdict& verdict) const;

  const Policy& policy() const { return *policy_; }
  const Rule& rule(std::size_t index) const { return policy_->rules[index]; }
  // The waiver that lifts this rule in this case, or null.
  const Waiver* waiver(std::size_t rule, const Facts& facts) const;

 private:
  // One fact's classes and their rows.
  struct Column {
    Fact fact{};
    std::vector<std::int64_t> begins;  // number, date: where each class but the first begins
    std::vector<std::string> names;    // name: sorted; class 0 is every other
    std::vector<std::uint64_t> rows;   // class by class
  };
  std::size_t class_of(const Column& column, const Facts& facts) const;
  void add_column(Fact fact, const std::vector<Clause>& clauses);

  const Policy* policy_ = nullptr;
  std::size_t words_ = 0;
  std::vector<Column> columns_;
  std::vector<std::uint16_t> rule_of_;        // by clause; waivers behind the rules
  std::vector<std::uint16_t> waivers_begin_;  // by rule: into lifting_
  std::vector<std::uint16_t> lifting_;        // waivers, rule by rule
};

}  // namespace sekisho::policy
