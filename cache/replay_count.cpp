#include "cache/replay_count.h"

#include <algorithm>

namespace sekisho::cache {
using policy::Quantity;

void Account::take(const Taken& taken, Quantity by) {
  const auto at = std::lower_bound(days_.begin(), days_.end(), taken.day,
                                   [](const auto& entry, policy::JstDate day) { return entry.first < day; });
  const auto entry =
      at != days_.end() && at->first == taken.day ? at : days_.insert(at, {taken.day, ByType{}});
  const auto type = static_cast<std::size_t>(taken.type);
  entry->second[type] += by;
  all_[type] += by;
}

Quantity Account::sum(const ByType& taken, const policy::Limit& limit) {
  Quantity out = 0;
  for (std::size_t i = 0; i < taken.size(); ++i)
    if (limit.counts(static_cast<policy::NumberType>(i))) out += taken[i];
  return out;
}

Quantity Account::counted(const policy::Limit& limit, policy::JstDate today) const {
  if (limit.per.kind == policy::Period::Kind::lifetime) return sum(all_, limit);
  if (limit.per.kind == policy::Period::Kind::held)
    return std::max<Quantity>(0, sum(all_, limit) - returned_);
  const auto first = policy::first_day(limit.per, today);
  Quantity out = 0;
  for (auto day = days_.rbegin(); first && day != days_.rend() && day->first >= *first; ++day)
    if (day->first <= today) out += sum(day->second, limit);
  return out;
}

}  // namespace sekisho::cache
