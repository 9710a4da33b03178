// How many operators stand how, kept up with every change instead of counted anew: a scrape of the metrics
// must not walk through a million records.
#pragma once

#include <array>
#include <map>

#include "policy/registry.h"

namespace sekisho::policy {

class Census {
 public:
  void count(const Registry& registry);                              // all of them
  void change(const PackedRecord* before, const PackedRecord& now);  // `before` null: it is new
  std::array<std::int64_t, count_of<EtocState>()> states(JstDate day) const;
  // Certified operators whose last valid day comes within so many days, today included.
  std::int64_t expiring(JstDate day, int days) const;

 private:
  void add(const PackedRecord& record, int number);
  std::array<std::int64_t, count_of<EtocState>()> lasting_{};  // whatever the day
  // Those whose certificate ends on a day, by what they are until then.
  std::map<JstDate, std::int64_t> certified_, objection_;
};

}  // namespace sekisho::policy
