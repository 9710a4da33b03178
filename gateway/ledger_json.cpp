#include "gateway/ledger_json.h"

#include <set>

#include "gateway/standing.h"

namespace sekisho::gateway {
namespace json = boost::json;

Account account_today(const policy::Policy& policy, const policy::PackedRecord* record,
                      const policy::OperatorId& id, policy::Usage usage, const policy::Usage* of_group,
                      policy::JstDate today) {
  Account account{.id = id, .usage = std::move(usage), .limits = {}};
  for (auto& one : policy::limits_today(policy, record, id, account.usage, of_group, today)) {
    const bool joint = policy.find(one.state.rule)->limit->of == policy::Scope::owner_group;
    if (!id.is_group() || joint) account.limits.push_back(std::move(one));
  }
  return account;
}

json::object account_json(const Account& account) {
  json::array limits;
  for (const auto& [limit, applies] : account.limits) {
    auto one = limit_json(limit);
    one["applies"] = applies;
    limits.push_back(std::move(one));
  }
  return {{"operator", account.id.text()},
          {"granted", account.usage.granted()},
          {"held", account.usage.held()},
          {"suspense", account.usage.suspense()},
          {"limits", std::move(limits)}};
}

std::vector<cache::OpenHold> each_once(std::vector<cache::OpenHold> open) {
  std::set<std::string> of_operators;
  for (const auto& [id, hold] : open)
    if (!id.is_group()) of_operators.insert(hold.id);
  std::erase_if(open, [&](const cache::OpenHold& one) {
    return one.operator_id.is_group() && of_operators.contains(one.hold.id);
  });
  return open;
}

json::object hold_json(const cache::OpenHold& open) {
  const auto& [id, hold] = open;
  return {{"hold", hold.id},
          {"operator", id.text()},
          {"state", hold.state == policy::HoldState::suspense ? "suspense" : "held"},
          {"reserved", hold.state == policy::HoldState::reserved},
          {"quantity", hold.quantity},
          {"number_type", policy::name(hold.number_type)},
          {"carrier", hold.carrier},
          {"order_id", hold.order_id.empty() ? json::value(nullptr) : json::value(hold.order_id)},
          {"since", policy::iso_jst(hold.since)},
          {"decision", hold.id},
          {"gateway", hold.gateway}};
}

json::array granted_json(const std::vector<cache::GrantedNumber>& numbers) {
  json::array out;
  for (const auto& number : numbers)
    out.push_back(json::object{{"number", number.number},
                               {"granted_at", policy::iso_jst(number.granted_at)},
                               {"decision", number.decision}});
  return out;
}

}  // namespace sekisho::gateway
