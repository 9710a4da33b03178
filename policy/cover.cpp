#include "policy/cover.h"

#include <algorithm>
#include <bit>
#include <map>

namespace sekisho::policy {
namespace {

using Axes = std::uint32_t;  // a bit for each axis

bool subset(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] & ~b[i]) return false;
  return true;
}

bool meets(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] & b[i]) return true;
  return false;
}

// The axes on which the box does not hold all of the region; nothing when they do not meet.
std::optional<Axes> open_axes(const Space& space, const Box& region, const Box& box) {
  Axes open = 0;
  for (std::size_t axis = 0; axis < space.axes(); ++axis) {
    const auto here = space.on(region, axis), there = space.on(box, axis);
    if (!meets(here, there)) return std::nullopt;
    if (!subset(here, there)) open |= Axes{1} << axis;
  }
  return open;
}

}  // namespace

// True: some case of the region is in no box.
bool Cover::leaves(Box& region, const Some& boxes) {
  if (++looked_at_ > most_) {
    gave_up_ = true;
    return false;
  }
  Some open;
  std::vector<Axes> asks;
  for (bool again = true; again;) {
    again = false;
    open.clear();
    asks.clear();
    for (const auto* box : boxes) {
      const auto axes = open_axes(space_, region, *box);
      if (!axes) continue;
      if (*axes == 0) return false;  // all of it is in this box
      if (std::has_single_bit(*axes)) {
        // Whatever else holds, these classes are taken.
        const auto axis = static_cast<std::size_t>(std::countr_zero(*axes));
        const auto here = space_.on(region, axis);
        const auto there = space_.on(*box, axis);
        for (std::size_t i = 0; i < here.size(); ++i) here[i] &= ~there[i];
        again = true;  // boxes seen before may have less to ask now
        continue;
      }
      open.push_back(box);
      asks.push_back(*axes);
    }
  }
  if (open.empty()) return true;

  // Boxes that share no axis, not even over others, can be looked at apart: what is left of one part goes
  // with what is left of the other.
  std::vector<Axes> parts;
  for (auto axes : asks) {
    std::erase_if(parts, [&](Axes part) {
      const bool shared = part & axes;
      if (shared) axes |= part;
      return shared;
    });
    parts.push_back(axes);
  }
  if (parts.size() > 1) {
    for (const auto part : parts) {
      Some own;
      for (std::size_t i = 0; i < open.size(); ++i)
        if (asks[i] & part) own.push_back(open[i]);
      if (!leaves(region, own)) return false;
    }
    return true;
  }

  // Split where it helps most: an axis of the box with the fewest questions, asked by the most boxes.
  const auto fewest = std::min_element(asks.begin(), asks.end(),
                                       [](Axes a, Axes b) { return std::popcount(a) < std::popcount(b); });
  std::size_t best = 0, best_count = 0;
  for (std::size_t axis = 0; axis < space_.axes(); ++axis) {
    if (!(*fewest >> axis & 1)) continue;
    const auto count = static_cast<std::size_t>(
        std::count_if(asks.begin(), asks.end(), [&](Axes axes) { return axes >> axis & 1; }));
    if (count > best_count) best = axis, best_count = count;
  }
  return split(region, open, best);
}

bool Cover::split(Box& region, const Some& boxes, std::size_t axis) {
  // Classes that all these boxes take alike stay together.
  std::map<std::vector<bool>, std::vector<std::size_t>> alike;
  const auto here = space_.on(region, axis);
  for (std::size_t i = 0; i < space_.classes(axis); ++i) {
    if (!(here[i / 64] >> i % 64 & 1)) continue;
    std::vector<bool> held;
    held.reserve(boxes.size());
    for (const auto* box : boxes) held.push_back(space_.on(*box, axis)[i / 64] >> i % 64 & 1);
    alike[std::move(held)].push_back(i);
  }
  for (const auto& [held, classes] : alike) {
    auto part = region;
    const auto there = space_.on(part, axis);
    std::fill(there.begin(), there.end(), 0);
    for (const auto i : classes) there[i / 64] |= std::uint64_t{1} << i % 64;
    Some own;
    for (std::size_t i = 0; i < boxes.size(); ++i)
      if (held[i]) own.push_back(boxes[i]);
    if (leaves(part, own)) {
      region = std::move(part);
      return true;
    }
    if (gave_up_) return false;
  }
  return false;
}

Cover::Answer Cover::ask(const Box& region, Box& rest) {
  rest = region;
  if (empty(space_, region)) return Answer::covered;
  Some all;
  for (const auto& box : boxes_) all.push_back(&box);
  looked_at_ = 0;
  if (leaves(rest, all)) return Answer::left;
  return gave_up_ ? Answer::too_many : Answer::covered;
}

std::optional<Box> Cover::smallest(const Box& region) {
  auto found = region, rest = region;
  if (ask(region, rest) != Answer::left) return std::nullopt;
  for (std::size_t axis = 0; axis < space_.axes(); ++axis) {
    const auto all = std::vector<std::uint64_t>(space_.on(found, axis).begin(), space_.on(found, axis).end());
    for (std::size_t i = 0; i < space_.classes(axis); ++i) {
      if (!(all[i / 64] >> i % 64 & 1)) continue;
      const auto here = space_.on(found, axis);
      std::fill(here.begin(), here.end(), 0);
      here[i / 64] = std::uint64_t{1} << i % 64;
      // What was found to be left answers without a new search, as long as it agrees.
      if (!empty(space_, meet(found, rest))) break;
      auto other = rest;
      if (ask(found, other) == Answer::left) {
        rest = std::move(other);
        break;
      }
      if (gave_up_) return std::nullopt;
    }
  }
  return found;
}

}  // namespace sekisho::policy
