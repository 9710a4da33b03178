// Every case there can be, as a space of finitely many points: the ground on which policies are proved and
// compared.
//
// A case is one value of each fact. A policy only compares a fact with what stands in its file, so values
// that every condition takes alike are one *class*, named by its first value. Facts that depend on each other
// share an *axis*: a weekday belongs to its date, a plan covers the order's type exactly when the type is in
// it, operators further down can have no more different states than there are operators. Axes are free of
// each other, so every choice of one class on each axis is a case that can occur, and all cases of one choice
// are decided alike. docs/proofs.md says the same in plain words.
//
// On an axis each point is a real combination of its facts' values. What no order can be is left out: a
// quantity below 1, an order without a number type (`read_order` refuses both).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "policy/when.h"

namespace sekisho::policy {

// One bit for each class of each axis.
using Box = std::vector<std::uint64_t>;

class Space {
 public:
  // Cut by every condition of these clauses. They must outlive this only until the constructor ends.
  explicit Space(const std::vector<Clause>& clauses);

  std::size_t axes() const { return axes_.size(); }
  std::size_t classes(std::size_t axis) const { return axes_[axis].first.size(); }
  const std::vector<Fact>& facts(std::size_t axis) const { return axes_[axis].facts; }
  std::size_t axis_of(Fact fact) const;
  // The points of a class, smallest first: for numbers, dates and names also where later spans of the class
  // begin.
  std::vector<Facts> points(std::size_t axis, std::size_t one_class) const;
  // Where the span of a number or date that begins at this value ends; nothing: it has no end.
  std::optional<std::int64_t> span_end(Fact fact, std::int64_t begin) const;
  std::int64_t span_begin(Fact fact, std::int64_t value) const;
  bool is_first_span(Fact fact, std::int64_t begin) const {
    return begins_[static_cast<std::size_t>(fact)].front() == begin;
  }
  const std::vector<std::string>& names(Fact fact) const;  // that some condition mentions
  // set: the words that every question takes as it takes this one, as bits.
  std::uint32_t like(Fact fact, std::size_t word) const;
  bool asked(Fact fact) const { return asked_[static_cast<std::size_t>(fact)]; }

  Box all() const;
  // Exactly the cases in which the clause holds. Its conditions must have been among those given.
  Box box(const Clause& clause) const;

  // A box's part on one axis.
  std::span<const std::uint64_t> on(const Box& box, std::size_t axis) const {
    return {box.data() + axes_[axis].offset, axes_[axis].words};
  }
  std::span<std::uint64_t> on(Box& box, std::size_t axis) const {
    return {box.data() + axes_[axis].offset, axes_[axis].words};
  }
  // The first case in a box that is not empty on any axis.
  Facts first(const Box& box) const;

 private:
  struct Axis {
    std::vector<Fact> facts;
    std::vector<Facts> points;            // of this axis's facts alone
    std::vector<std::uint32_t> class_of;  // by point
    std::vector<std::size_t> first;       // by class: its first point
    std::size_t offset = 0, words = 1;
  };
  void cut(Axis& axis, const std::vector<const Condition*>& asked);
  std::vector<Facts> points_of(const Axis& axis, const std::vector<const Condition*>& asked);

  std::vector<Axis> axes_;
  bool asked_[fact_count] = {};
  std::vector<std::uint32_t> alike_[fact_count];
  std::vector<std::int64_t> begins_[fact_count];
  std::vector<std::string> names_[fact_count];
  std::size_t words_ = 0;
};

bool no_class(std::span<const std::uint64_t> classes);  // not `empty`: std has one for every span
bool empty(const Space& space, const Box& box);         // on some axis
Box meet(const Box& a, const Box& b);

}  // namespace sekisho::policy
