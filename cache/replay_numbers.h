// Of which type each number is that the journal saw given out and not yet given back. Millions of them: eight
// bytes each.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "policy/types.h"

namespace sekisho::cache {

class NumbersOut {
 public:
  void give(const std::vector<std::string_view>& numbers, policy::NumberType type);
  // Its type, once: a number that is given back twice was given back before. Nothing: not known here.
  std::optional<policy::NumberType> give_back(std::string_view number);

 private:
  // Open addressing. A slot is the number's key and four bits of type; a number given back keeps its slot.
  std::size_t place_of(std::uint64_t key) const;
  std::uint64_t* slot_of(std::uint64_t key);
  void grow();
  std::vector<std::uint64_t> slots_;
  std::size_t used_ = 0;
};

}  // namespace sekisho::cache
