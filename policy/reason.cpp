#include "policy/reason.h"

#include <iterator>

namespace sekisho::policy {
namespace {

constexpr ReasonRow table[] = {
#define REASON(id, code, status, family, title, remedy, title_ja, remedy_ja) \
  {Reason::id, code, status, Family::family, {title, title_ja}, {remedy, remedy_ja}},
#include "policy/reason.def"
#undef REASON
};

constexpr bool table_is_sound() {
  for (std::size_t i = 0; i < std::size(table); ++i) {
    const auto& a = table[i];
    // An outage is never a verdict, and a verdict never a 5xx.
    if (a.family == Family::decision && a.status != 403) return false;
    if (a.family == Family::unsure && a.status / 100 != 5) return false;
    if (a.family == Family::not_now && a.status != 429) return false;
    for (std::size_t j = i + 1; j < std::size(table); ++j)
      if (a.code == table[j].code) return false;
  }
  return true;
}
static_assert(table_is_sound(), "reason.def: codes are unique, families match their status");

}  // namespace

std::span<const ReasonRow> all_reasons() { return table; }

const ReasonRow& row(Reason reason) { return table[static_cast<std::size_t>(reason)]; }

std::optional<Reason> parse_reason(std::string_view code) {
  for (const auto& entry : table)
    if (entry.code == code) return entry.reason;
  return std::nullopt;
}

}  // namespace sekisho::policy
