#include "cache/redis_order_memory.h"

#include <charconv>

#include "cache/keys.h"

namespace sekisho::cache {
namespace {

std::string field_of(const std::string& carrier, const std::string& order_id) {
  return carrier + "/" + order_id;  // a carrier's name holds no "/"
}

}  // namespace

Task<bool> RedisOrderMemory::waits(const WaitingOrder& order) {
  Command set{"HSET", keys::waiting_orders, field_of(order.carrier, order.order_id), order.account.text()};
  const auto answer = co_await link_.call(std::move(set));
  co_return answer.ok();
}

Task<bool> RedisOrderMemory::ended(const std::string& carrier, const std::string& order_id) {
  Command forget{"HDEL", keys::waiting_orders, field_of(carrier, order_id)};
  const auto answer = co_await link_.call(std::move(forget));
  co_return answer.ok();
}

Task<std::optional<policy::OperatorId>> RedisOrderMemory::account_of(const std::string& carrier,
                                                                     const std::string& order_id,
                                                                     bool& reachable) {
  Command get{"HGET", keys::waiting_orders, field_of(carrier, order_id)};
  const auto answer = co_await link_.call(std::move(get));
  reachable = answer.ok();
  co_return policy::OperatorId::parse(answer.text().value_or(""));
}

Task<std::vector<WaitingOrder>> RedisOrderMemory::due(const std::string& carrier, Milliseconds every) {
  std::vector<WaitingOrder> due;
  std::string cursor = "0";
  const auto prefix = field_of(carrier, "");
  do {
    Command scan{"HSCAN", keys::waiting_orders, cursor, "MATCH", prefix + "*", "COUNT", "1000"};
    const auto answer = co_await link_.call(std::move(scan));
    if (!answer.ok()) co_return due;
    cursor = answer.text(0).value_or("0");
    std::vector<WaitingOrder> found;
    std::vector<Command> claims;
    for (const auto& [field, account] : answer.pairs(1)) {
      const auto id = policy::OperatorId::parse(account);
      if (!id || !field.starts_with(prefix)) continue;
      found.push_back({carrier, field.substr(prefix.size()), *id});
      // Whoever sets it asks; it runs out by itself, so that a gateway which dies holds nothing up.
      claims.push_back({"SET", keys::asked_about(field), "1", "NX", "PX", std::to_string(every.count())});
    }
    const auto answers = co_await link_.call_all(std::move(claims));
    for (std::size_t i = 0; i < answers.size() && i < found.size(); ++i)
      if (answers[i].text() == "OK") due.push_back(std::move(found[i]));
  } while (cursor != "0");
  co_return due;
}

Task<bool> RedisOrderMemory::remember(const policy::OperatorId& who, const std::string& carrier,
                                      const std::string& id, const Recalled& what, Milliseconds keep) {
  Command set{"SET", keys::recalled(who, field_of(carrier, id)),
              std::to_string(what.quantity) + "|" + std::string(policy::name(what.number_type)), "PX",
              std::to_string(keep.count())};
  const auto answer = co_await link_.call(std::move(set));
  co_return answer.ok();
}

Task<std::optional<Recalled>> RedisOrderMemory::recall(const policy::OperatorId& who,
                                                       const std::string& carrier, const std::string& id,
                                                       bool& reachable) {
  Command get{"GET", keys::recalled(who, field_of(carrier, id))};
  const auto answer = co_await link_.call(std::move(get));
  reachable = answer.ok();
  const auto text = answer.text();
  if (!text) co_return std::nullopt;
  const auto bar = std::min(text->find('|'), text->size());
  Recalled what;
  const auto [end, failed] = std::from_chars(text->data(), text->data() + bar, what.quantity);
  const auto type = policy::parse_word<policy::NumberType>(text->substr(std::min(bar + 1, text->size())));
  if (failed != std::errc() || end != text->data() + bar || !type) co_return std::nullopt;
  what.number_type = *type;
  co_return what;
}

}  // namespace sekisho::cache
