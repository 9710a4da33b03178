#include "gateway/source_table.h"

#include <algorithm>
#include <cstring>
#include <random>

namespace sekisho::gateway {

std::uint64_t random_secret() {
  std::random_device device;
  return std::uint64_t(device()) << 32 | device();
}

// A product of two words, of which the middle depends on all bits of both and on the secret.
std::size_t SourceTable::row_of(const config::AddressBytes& source) const {
  std::uint64_t halves[2];
  std::memcpy(halves, source.data(), sizeof halves);
  std::uint64_t mixed = secret_;
  for (const auto half : halves) {
    const auto product = static_cast<unsigned __int128>(mixed ^ half) * (secret_ ^ 0x9e3779b97f4a7c15u);
    mixed = std::uint64_t(product >> 64) ^ std::uint64_t(product);
  }
  return mixed % rows;
}

SourceTable::Time& SourceTable::empty_at(const config::AddressBytes& source) {
  auto& row = rows_[row_of(source)];
  const auto own = std::find_if(row.begin(), row.end(),
                                [&](const Place& place) { return place.taken && place.source == source; });
  if (own != row.end()) return own->empty_at;
  auto& quietest = *std::min_element(row.begin(), row.end(),
                                     [](const Place& a, const Place& b) { return a.empty_at < b.empty_at; });
  quietest.source = source;
  quietest.taken = true;
  return quietest.empty_at;
}

}  // namespace sekisho::gateway
