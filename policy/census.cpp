#include "policy/census.h"

namespace sekisho::policy {

void Census::count(const Registry& registry) {
  *this = {};
  registry.each([this](const PackedRecord& record) { add(record, 1); });
}

void Census::change(const PackedRecord* before, const PackedRecord& now) {
  if (before) add(*before, -1);
  add(now, 1);
}

void Census::add(const PackedRecord& record, int number) {
  const auto listed = record.etoc_listed();
  const auto until = record.valid_until();
  if (record.revoked_by_act())
    lasting_[static_cast<std::size_t>(EtocState::revoked)] += number;
  else if (until && listed == EtocState::certified)
    certified_[*until] += number;
  else if (until && listed == EtocState::objection)
    objection_[*until] += number;
  else
    lasting_[static_cast<std::size_t>(listed)] += number;
}

std::array<std::int64_t, count_of<EtocState>()> Census::states(JstDate day) const {
  auto out = lasting_;
  const auto add_days = [&](const std::map<JstDate, std::int64_t>& ends, EtocState until_then) {
    for (const auto& [until, number] : ends)
      out[static_cast<std::size_t>(etoc_on(false, until_then, until, day))] += number;
  };
  add_days(certified_, EtocState::certified);
  add_days(objection_, EtocState::objection);
  return out;
}

std::int64_t Census::expiring(JstDate day, int days) const {
  std::int64_t out = 0;
  for (auto at = certified_.lower_bound(day); at != certified_.end() && at->first <= day.plus(days); ++at)
    out += at->second;
  return out;
}

}  // namespace sekisho::policy
