#include "gateway/main/registry_touched.h"

#include <fmt/format.h>

namespace sekisho::console {

Task<std::optional<std::vector<Touched>>> touched(cache::RedisLink& link, const std::vector<std::string>& ids,
                                                  policy::JstDate today, const config::Progress& progress) {
  cache::RedisLedger ledger(link, {});
  std::vector<Touched> out;
  for (std::size_t at = 0; at < ids.size(); ++at) {
    if (progress && at % 1000 == 0) progress(at, ids.size());
    const auto& text = ids[at];
    const auto id = policy::OperatorId::parse(text);
    if (!id) continue;
    const auto usage = co_await ledger.usage(*id);
    if (!usage) co_return std::nullopt;
    Touched one{.id = text, .numbers = usage->granted(), .open_orders = usage->holds.size()};
    for (int back = 0; back < 30; ++back)
      one.last_30_days += usage->bucket(policy::Bucket::of_day(today.plus(-back)));
    if (one.numbers > 0 || one.last_30_days > 0 || one.open_orders > 0) out.push_back(std::move(one));
  }
  if (progress) progress(ids.size(), ids.size());
  co_return out;
}

json::object touched_json(const Touched& one) {
  return {{"operator", one.id},
          {"numbers", one.numbers},
          {"last_30_days", one.last_30_days},
          {"open_orders", one.open_orders}};
}

std::string touched_text(const Touched& one) {
  return fmt::format("{} holds {} numbers, took {} in the last 30 days, {} order(s) open", one.id,
                     one.numbers, one.last_30_days, one.open_orders);
}

}  // namespace sekisho::console
