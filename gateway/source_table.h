// How busy each source was of late, in memory that does not grow: leaky buckets, told by when each will be
// empty.
//
// A flood of sources must not push a busy one out, and so make it innocent. So a new source takes the place
// of the least busy one in its row, and begins where that one was: what is forgotten is never more than the
// quietest. Rows are found by a secret, so that nobody can aim at one.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <vector>

#include "config/network.h"

namespace sekisho::gateway {

class SourceTable {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::size_t rows = 1024, places = 8;

  explicit SourceTable(std::uint64_t secret) : secret_(secret | 1), rows_(rows) {}

  // When the bucket of this source is empty; whoever adds to it moves that.
  Time& empty_at(const config::AddressBytes& source);

 private:
  struct Place {
    config::AddressBytes source{};
    bool taken = false;
    Time empty_at{};
  };
  std::size_t row_of(const config::AddressBytes& source) const;

  const std::uint64_t secret_;
  std::vector<std::array<Place, places>> rows_;
};

std::uint64_t random_secret();

}  // namespace sekisho::gateway
