#include "cache/recovery.h"

#include <boost/json.hpp>

#include "cache/journal_reader.h"

namespace sekisho::cache {
namespace json = boost::json;
using Kind = policy::Outcome::Kind;

namespace {

std::string string_of(const json::object& record, std::string_view field) {
  const auto* value = record.if_contains(json::string_view(field.data(), field.size()));
  return value && value->is_string() ? std::string(value->as_string()) : std::string();
}

policy::Quantity number_of(const json::object& record, std::string_view field) {
  const auto* value = record.if_contains(json::string_view(field.data(), field.size()));
  return value && value->is_int64() ? value->as_int64() : 0;
}

policy::Outcome outcome_of(const json::object& record) {
  policy::Outcome outcome;
  const auto result = string_of(record, "result");
  outcome.kind = result == "unsent"     ? Kind::unsent
                 : result == "finished" ? Kind::finished
                 : result == "pending"  ? Kind::pending
                                        : Kind::unknown;
  outcome.granted = number_of(record, "granted");
  outcome.released = number_of(record, "released");
  outcome.order_id = string_of(record, "order_id");
  if (const auto* numbers = record.if_contains("numbers"); numbers && numbers->is_array())
    for (const auto& number : numbers->as_array())
      if (number.is_string()) outcome.numbers.emplace_back(number.as_string());
  return outcome;
}

}  // namespace

JournaledOrders read_open_orders(const std::filesystem::path& directory) {
  JournaledOrders orders;
  const auto visit = [&](const JournalLine& line) {
    if (line.kind != RecordKind::forwarding && line.kind != RecordKind::outcome &&
        line.kind != RecordKind::settled)
      return true;
    const auto record = json::parse({line.json.data(), line.json.size()}).as_object();
    const auto decision = string_of(record, "decision");
    const auto id = policy::OperatorId::parse(string_of(record, "operator"));
    if (decision.empty() || !id) return true;
    auto& order = orders[decision];
    order.operator_id = *id;
    if (const auto operation = policy::parse_word<policy::Operation>(string_of(record, "operation")))
      order.operation = *operation;
    if (line.kind == RecordKind::forwarding) order.forwarding = true;
    if (line.kind == RecordKind::outcome) order.outcome = outcome_of(record);
    if (line.kind == RecordKind::settled) order.settled = true;
    return true;
  };
  read_journal(directory, recovery_start(directory), visit);
  return orders;
}

RecoveryPlan plan_recovery(const JournaledOrders& orders, const std::vector<OpenHold>& holds,
                           const std::string& gateway, std::uint64_t boot, policy::Instant now) {
  RecoveryPlan plan;
  const std::string mine = gateway + "/", present = mine + std::to_string(boot);
  for (const auto& open : holds) {
    const auto& hold = open.hold;
    if (!hold.gateway.starts_with(mine) || hold.gateway == present) continue;
    if (hold.state == policy::HoldState::suspense) continue;
    if (!hold.order_id.empty()) continue;  // accepted by the carrier, who will say later
    policy::Outcome outcome{.kind = Kind::unsent};
    if (const auto order = orders.find(hold.id); order != orders.end()) {
      if (order->second.outcome)
        outcome = *order->second.outcome;
      else if (order->second.forwarding)
        outcome.kind = Kind::unknown;
    }
    SettleRequest request{.operator_id = open.operator_id,
                          .hold_id = hold.id,
                          .hold = hold,
                          .settlement = policy::settle(outcome),
                          .now = now,
                          .idempotency_key = open.idempotency_key};
    // The carrier's words are gone with the gateway; a retry learns the outcome without the body.
    if (outcome.kind == Kind::finished || outcome.kind == Kind::pending)
      request.answer =
          StoredAnswer{.status = 200, .headers = {{"Sekisho-Decision", hold.id}}, .body_kept = false};
    plan.settlements.push_back(std::move(request));
  }
  for (const auto& [decision, order] : orders) {
    if (order.operation != policy::Operation::release || order.settled) continue;
    if (order.outcome && order.outcome->released > 0)
      plan.releases.push_back({order.operator_id, decision, order.outcome->numbers});
  }
  return plan;
}

}  // namespace sekisho::cache
