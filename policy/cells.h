// Every case a policy can meet, cut into cells: finitely many, and none left out.
//
// A case is one value of each fact about an operator, an order and a day. A policy asks each fact on its own
// (`When` is a conjunction, and so are active dates and a limit's steps and types), so each fact is cut at
// the values that the policy mentions, and values that everything mentioned takes alike become one class,
// named by its first value. All cases of one choice of classes are decided alike: deciding one decides them
// all.
//
// Facts are free of each other, as they are in `stand()`: a register may say any ETOC state, any plan, any
// number types in it (also beside the plan state `none`), any refusals and any age of the record; an operator
// that no register knows is one of these combinations (none, none, nothing covered, nothing refused, no
// record). Left out because no order can be so: an order that hands numbers out without a number type (a
// carrier file must say where it stands) or with a quantity below 1 (`read_order` refuses it).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/decide.h"

namespace sekisho::policy {

// In the order in which a counterexample is made small.
enum class Fact : std::uint8_t {
  etoc,
  plan,
  refusal,
  number_type,
  plan_covers_type,
  forwards_calls,
  operation,
  carrier,
  track_record,
  date,
  quantity,
};
inline constexpr std::string_view fact_words[] = {
    "etoc",      "plan",    "refusal",      "number_type", "plan_covers_type", "forwards_calls",
    "operation", "carrier", "track_record", "date",        "quantity"};
constexpr auto& words_of(Fact) { return fact_words; }
inline constexpr std::size_t fact_count = count_of<Fact>();

// One concrete case.
struct Cell {
  Order order;
  Standing standing;
};

// A conjunction of questions, at most one for each fact. A case decides alike when the same atoms hold.
struct Atom {
  const When* when = nullptr;
  const Rule* rule = nullptr;  // also: the rule is active, and the operation hands numbers out
  const Step* step = nullptr;  // also: this step of the rule's limit is in force, and counts the order's type
  const Quantity* above = nullptr;                // also: more than this is ordered
  bool gives_back = false;                        // the operation hands nothing out; nothing else is asked
  bool holds(Fact fact, const Cell& cell) const;  // as far as this fact is asked
};

using Bits = std::vector<std::uint64_t>;  // a bit for each atom
inline bool has_bit(const Bits& bits, std::size_t i) { return bits[i / 64] >> (i % 64) & 1; }
inline void set_bit(Bits& bits, std::size_t i) { bits[i / 64] |= std::uint64_t{1} << (i % 64); }

// Values of one fact that every atom takes alike.
struct Class {
  std::int64_t value = 0;  // the first of them
  Bits atoms;              // that hold as far as this fact is asked
};

class Cells {
 public:
  // `of` null: the cells of the rules alone. Both must outlive this.
  Cells(const std::vector<Rule>& rules, const Guarantee* of);

  const std::vector<Atom>& atoms() const { return atoms_; }
  const std::vector<Class>& classes(Fact fact) const { return classes_[static_cast<std::size_t>(fact)]; }
  void put(Fact fact, std::int64_t value, Cell& cell) const;

 private:
  std::vector<std::int64_t> values(Fact fact) const;
  void ask(const std::vector<Rule>& rules);
  void cut(const When& when);
  void cut(const Range<JstDate>& dates);
  void merge(Fact fact);

  const Guarantee* of_;
  std::vector<Atom> atoms_;
  std::vector<std::string> carriers_{""};  // "" stands for every carrier that nobody names
  std::vector<std::int64_t> days_, months_{0}, quantities_{1};  // where a cell begins
  std::vector<Class> classes_[fact_count];
};

}  // namespace sekisho::policy
