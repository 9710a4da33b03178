#include "cache/replay_numbers.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace sekisho::cache {
namespace {

constexpr unsigned type_bits = 4;
constexpr std::uint64_t gone = (1u << type_bits) - 1;
static_assert(policy::count_of<policy::NumberType>() <= gone);

// National digits as they are, with a 1 before them so that a leading 0 counts; never 0. What is longer, or
// no digits (no adapter should give it out), by its hash.
std::uint64_t key_of(std::string_view number) {
  std::uint64_t key = 1;
  const bool digits = number.size() <= 17 && std::all_of(number.begin(), number.end(), [&](char c) {
                        key = key * 10 + static_cast<std::uint64_t>(c - '0');
                        return c >= '0' && c <= '9';
                      });
  return digits ? key : std::hash<std::string_view>{}(number) >> type_bits | 1;
}

}  // namespace

// Fibonacci hashing: neighbours part.
std::size_t NumbersOut::place_of(std::uint64_t key) const {
  return (key * 0x9E3779B97F4A7C15u >> 20) & (slots_.size() - 1);
}

std::uint64_t* NumbersOut::slot_of(std::uint64_t key) {
  const auto mask = slots_.size() - 1;
  auto at = place_of(key);
  while (slots_[at] != 0 && slots_[at] >> type_bits != key) at = (at + 1) & mask;
  return &slots_[at];
}

void NumbersOut::grow() {
  auto old = std::exchange(slots_, {});
  slots_.resize(std::max<std::size_t>(1024, old.size() * 2));
  for (const auto slot : old)
    if (slot != 0) *slot_of(slot >> type_bits) = slot;
}

void NumbersOut::give(const std::vector<std::string_view>& numbers, policy::NumberType type) {
  while ((used_ + numbers.size() + 1) * 3 > slots_.size() * 2) grow();
  // The table is larger than any cache: the slots are asked for together, and then filled.
  for (const auto number : numbers) __builtin_prefetch(&slots_[place_of(key_of(number))], 1);
  for (const auto number : numbers) {
    const auto key = key_of(number);
    auto* slot = slot_of(key);
    used_ += *slot == 0;
    *slot = key << type_bits | static_cast<std::uint64_t>(type);
  }
}

std::optional<policy::NumberType> NumbersOut::give_back(std::string_view number) {
  if (slots_.empty()) return std::nullopt;
  auto* slot = slot_of(key_of(number));
  const auto type = *slot & gone;
  if (*slot == 0 || type == gone) return std::nullopt;
  *slot |= gone;
  return static_cast<policy::NumberType>(type);
}

}  // namespace sekisho::cache
