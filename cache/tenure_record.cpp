#include "cache/tenure_record.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>

#include "cache/hold_record.h"

namespace sekisho::cache {
namespace {

// The last one takes the rest.
template <std::size_t count>
std::optional<std::array<std::string_view, count>> parts_of(std::string_view text) {
  std::array<std::string_view, count> parts;
  for (std::size_t i = 0; i + 1 < count; ++i) {
    const auto bar = text.find('|');
    if (bar == std::string_view::npos) return std::nullopt;
    parts[i] = text.substr(0, bar);
    text.remove_prefix(bar + 1);
  }
  parts[count - 1] = text;
  return parts;
}

std::optional<policy::Instant> moment(std::string_view digits) {
  std::int64_t ms = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), ms);
  if (failed != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return policy::from_ms(ms);
}

}  // namespace

std::optional<GrantedNumber> decode_present(std::string_view number, std::string_view record) {
  const auto parts = parts_of<5>(record);
  if (!parts) return std::nullopt;
  const auto& [type_word, since, decision, group, order] = *parts;
  const auto type = policy::parse_word<policy::NumberType>(type_word);
  const auto from = moment(since);
  if (!type || !from) return std::nullopt;
  return GrantedNumber{
      std::string(number),     *type, *from, std::string(decision), unescape_order_id(order), {},
      unescape_order_id(group)};
}

std::optional<GrantedNumber> decode_past(std::string_view number_and_decision, std::string_view record) {
  const auto name = parts_of<2>(number_and_decision);
  const auto parts = parts_of<5>(record);
  if (!name || !parts) return std::nullopt;
  const auto& [type_word, since, until, group, order] = *parts;
  const auto type = policy::parse_word<policy::NumberType>(type_word);
  const auto from = moment(since), to = moment(until);
  if (!type || !from || !to) return std::nullopt;
  return GrantedNumber{
      std::string((*name)[0]), *type, *from, std::string((*name)[1]), unescape_order_id(order), to,
      unescape_order_id(group)};
}

std::vector<GrantedNumber> held_at(std::vector<GrantedNumber> grants, std::optional<policy::Instant> at) {
  std::erase_if(grants, [&](const GrantedNumber& one) {
    if (!at) return one.until.has_value();
    return one.granted_at > *at || (one.until && *one.until <= *at);
  });
  std::sort(grants.begin(), grants.end(), [](const GrantedNumber& a, const GrantedNumber& b) {
    if (a.number != b.number) return a.number < b.number;
    return std::tie(a.granted_at, a.decision) > std::tie(b.granted_at, b.decision);
  });
  const auto last =
      std::unique(grants.begin(), grants.end(),
                  [](const GrantedNumber& a, const GrantedNumber& b) { return a.number == b.number; });
  grants.erase(last, grants.end());
  return grants;
}

Tenure tenure_of(const policy::OperatorId& id, const GrantedNumber& grant) {
  return {.operator_id = id.text(),
          .decision = grant.decision,
          .order_id = grant.order_id,
          .from = grant.granted_at,
          .until = grant.until};
}

void newest_first(std::vector<Tenure>& tenures) {
  std::sort(tenures.begin(), tenures.end(), [](const Tenure& a, const Tenure& b) {
    return std::tie(a.from, a.decision) > std::tie(b.from, b.decision);
  });
}

}  // namespace sekisho::cache
