// The one question all proofs come down to: is a box of cases covered by other boxes, and if not, which case
// is left?
//
// Exact, never sampled. A box with one question left against the region just takes its classes away; boxes
// that speak of different axes are looked at apart; otherwise the region is split on one axis into parts that
// all boxes take alike. So the work follows the boxes that overlap, not the number of cases.
#pragma once

#include <optional>
#include <vector>

#include "policy/space.h"

namespace sekisho::policy {

// Work allowed to one question: regions looked at. Past it there is no answer, and never a wrong one.
inline constexpr std::size_t most_regions = 2'000'000;

class Cover {
 public:
  enum class Answer { covered, left, too_many };

  Cover(const Space& space, std::vector<Box> boxes, std::size_t most = most_regions)
      : space_(space), boxes_(std::move(boxes)), most_(most) {}

  void add(const std::vector<Box>& boxes) { boxes_.insert(boxes_.end(), boxes.begin(), boxes.end()); }

  // `left`: `rest` is then a box in the region that no box meets.
  Answer ask(const Box& region, Box& rest);
  // The first case that is left, by the order of the axes and their classes.
  std::optional<Box> smallest(const Box& region);
  bool gave_up() const { return gave_up_; }

 private:
  using Some = std::vector<const Box*>;
  bool leaves(Box& region, const Some& boxes);  // region becomes what is left
  bool split(Box& region, const Some& boxes, std::size_t axis);

  const Space& space_;
  std::vector<Box> boxes_;
  std::size_t most_, looked_at_ = 0;
  bool gave_up_ = false;
};

}  // namespace sekisho::policy
