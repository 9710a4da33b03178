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
  // In the buckets of the order's day and type; by less than 0: not granted after all.
  void take(const Taken& taken, policy::Quantity by);
  // Lowers only what is held. A release tells how many numbers went back, not of which type; where that is
  // known for some of them (the grant is in the journal), what is held of their types falls too.
  void give_back(policy::Quantity numbers) { returned_ += numbers; }
  void give_back_of(policy::NumberType type) { ++returned_of_[static_cast<std::size_t>(type)]; }

  // What a limit of this period and these types counts on a day. As policy::limit_state has it of the
  // ledger's buckets.
  policy::Quantity counted(const policy::Period& per, policy::NumberTypes types, policy::JstDate today) const;

 private:
  using ByType = std::array<policy::Quantity, policy::count_of<policy::NumberType>()>;
  struct Day {
    policy::JstDate day;
    policy::Quantity all = 0;
    ByType of{};
  };
  std::vector<Day> days_;  // in order
  Day ever_;
  policy::Quantity returned_ = 0;
  ByType returned_of_{};
};

}  // namespace sekisho::cache
