// What an operator took, as a journal tells it: by day and number type. Used by replay.cpp where a record
// does not state the count itself.
#pragma once

#include <array>
#include <vector>

#include "policy/usage.h"

namespace sekisho::cache {

// Numbers that one order set aside.
struct Taken {
  policy::NumberType type{};
  policy::JstDate day;
  policy::Quantity quantity = 0;
};

class Account {
 public:
  void take(const Taken& taken, policy::Quantity by);  // by less than 0: not granted after all
  // A release tells how many numbers went back, not of which type: it lowers what is held of all types
  // together.
  void give_back(policy::Quantity numbers) { returned_ += numbers; }

  policy::Quantity counted(const policy::Limit& limit, policy::JstDate today) const;

 private:
  using ByType = std::array<policy::Quantity, policy::count_of<policy::NumberType>()>;
  static policy::Quantity sum(const ByType& taken, const policy::Limit& limit);
  std::vector<std::pair<policy::JstDate, ByType>> days_;  // in order
  ByType all_{};
  policy::Quantity returned_ = 0;
};

}  // namespace sekisho::cache
