#include "cache/replay_count.h"

#include <algorithm>

namespace sekisho::cache {
using policy::NumberType;
using policy::NumberTypes;
using policy::Quantity;

namespace {

Quantity sum(Quantity all, const auto& of, NumberTypes types) {
  if (types.empty()) return all;
  Quantity out = 0;
  types.each([&](NumberType type) { out += of[static_cast<std::size_t>(type)]; });
  return out;
}

}  // namespace

void Account::take(const Taken& taken, Quantity by) {
  auto at = days_.end();  // nearly always the last day, or a new one behind it
  while (at != days_.begin() && (at - 1)->day >= taken.day) --at;
  if (at == days_.end() || at->day != taken.day) at = days_.insert(at, Day{.day = taken.day});
  for (auto* entry : {&*at, &ever_}) {
    entry->all += by;
    entry->of[static_cast<std::size_t>(taken.type)] += by;
  }
}

Quantity Account::counted(const policy::Period& per, NumberTypes types, policy::JstDate today) const {
  using Kind = policy::Period::Kind;
  if (types == NumberTypes::all()) types = {};
  const auto ever = sum(ever_.all, ever_.of, types);
  if (per.kind == Kind::lifetime) return ever;
  // What was given out before the journal began may come back within it: that is no less than nothing.
  if (per.kind == Kind::held) return std::max<Quantity>(0, ever - sum(returned_, returned_of_, types));
  const auto first = policy::first_day(per, today);
  Quantity out = 0;
  for (auto entry = days_.rbegin(); first && entry != days_.rend() && entry->day >= *first; ++entry)
    if (entry->day <= today) out += sum(entry->all, entry->of, types);
  return out;
}

}  // namespace sekisho::cache
