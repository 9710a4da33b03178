#include "gateway/policy_budget.h"

#include <fmt/format.h>

#include <algorithm>

#include "cache/keys.h"

namespace sekisho::gateway {
using cache::Task;

Task<bool> approve_flips(cache::RedisLink& link, const FlipApproval& approval) {
  cache::Command set{
      "HSET", cache::keys::policy_approval(approval.digest), "by", approval.by, "reason", approval.reason,
      "at",   std::to_string(policy::to_ms(approval.at))};
  const auto answer = co_await link.call(std::move(set));
  co_return answer.ok();
}

Task<std::optional<FlipApproval>> approval_of(cache::RedisLink& link, const std::string& digest) {
  cache::Command get{"HMGET", cache::keys::policy_approval(digest), "by", "reason", "at"};
  const auto answer = co_await link.call(std::move(get));
  std::optional<FlipApproval> out;
  if (answer.ok() && answer.text(0) && answer.text(1))
    out = FlipApproval{digest, std::string(*answer.text(0)), std::string(*answer.text(1)),
                       policy::from_ms(answer.integer(2).value_or(0))};
  co_return out;
}

std::string over_budget(const cache::Replayed& found, double share) {
  const auto flipped = found.flipped();
  if (flipped == 0 || double(flipped) <= share * double(found.decisions)) return "";
  const auto worst =
      std::find_if(found.groups.begin(), found.groups.end(),
                   [](const cache::FlipGroup& group) { return group.kind != cache::FlipKind::reworded; });
  return fmt::format(
      "this policy would answer {} of the last day's {} decisions otherwise ({:.1f} %, allowed are {:.1f} "
      "%): {} "
      "operators; most of all {} -> {} ({}). If that is meant: sekisho policy replay FILE --approve flips "
      "--by NAME "
      "--reason R, then reload",
      flipped, found.decisions, 100.0 * double(flipped) / double(found.decisions), 100 * share,
      found.operators, worst->before, worst->after, worst->decisions);
}

}  // namespace sekisho::gateway
