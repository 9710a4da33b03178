// Any bytes as the body of an order in one format, by the routes of shipped adapters that read it. Always: an
// accepted quantity is in range and was not made of nothing; a second reading is the same; a trim rewrites
// the quantity and nothing else.
#pragma once

#include "policy/media_type.h"
#include "policy/reading.h"
#include "tests/fuzz/shipped.h"

namespace sekisho::fuzz {

constexpr policy::Quantity most = 999'999'999'999'999'999;  // 18 digits

inline policy::ReadOrder read(const Called& call, policy::Locator::Kind format, std::string_view body) {
  const policy::Message message{.query = call.query,
                                .headers =
                                    [&](std::string_view name) {
                                      if (name != "Content-Type") return policy::Given{};
                                      return policy::Given{media_type_of(format), 1};
                                    },
                                .body = body,
                                .claims = {}};
  return policy::read_order(call.match, message, shipped_plan(), policy::JstDate::of(2026, 11, 28));
}

// All of an order but its quantity and where that stands.
inline bool same_but_quantity(const policy::Order& a, const policy::Order& b) {
  return a.operation == b.operation && a.carrier == b.carrier && a.number_type == b.number_type &&
         a.area == b.area && a.channels == b.channels && a.chain == b.chain && a.reference == b.reference &&
         a.partial == b.partial && a.order_id == b.order_id && a.numbers == b.numbers &&
         a.receiver == b.receiver && a.recall == b.recall;
}

inline void trims_only_the_quantity(const Called& call, policy::Locator::Kind format, std::string_view body,
                                    const policy::Order& order) {
  const auto span = *order.quantity_span;
  must(span.length > 0 && span.offset + span.length <= body.size(), "the quantity stands in the body");
  for (const auto quantity : {order.quantity, order.quantity / 2, policy::Quantity(1)}) {
    const auto trimmed = policy::rewrite_quantity(body, span, quantity);
    const auto behind = body.substr(span.offset + span.length);
    must(trimmed.starts_with(body.substr(0, span.offset)) && trimmed.ends_with(behind),
         "a trim leaves what stands around the quantity");
    const auto again = read(call, format, trimmed);
    const auto* fewer = std::get_if<policy::Order>(&again);
    must(fewer && fewer->quantity == quantity, "a trimmed body reads as the trimmed quantity");
    must(same_but_quantity(*fewer, order), "a trim changes the quantity and nothing else");
  }
}

inline void read_as(policy::Locator::Kind format, std::string_view bytes) {
  Input input(bytes);
  const auto call = called(input);
  if (!call) return;
  const auto body = input.rest();
  const auto result = read(*call, format, body), again = read(*call, format, body);
  must(result.index() == again.index(), "a second reading is the same");
  if (const auto* refused = std::get_if<policy::Unreadable>(&result)) {
    must(!refused->detail.empty(), "a refusal says why");
    return must_equal(refused->detail, std::get<policy::Unreadable>(again).detail,
                      "a second reading is the same");
  }
  const auto& order = std::get<policy::Order>(result);
  const auto& second = std::get<policy::Order>(again);
  must(order.quantity == second.quantity && same_but_quantity(order, second), "a second reading is the same");
  must(order.quantity >= 0 && order.quantity <= most, "a quantity is in range");
  must(order.channels >= 0 && order.channels <= most, "channels are in range");
  const bool told_later = !order.recall.empty() || names_order_only(*call->match.route);
  if (gives(*call->match.route) && !told_later) must(order.quantity > 0, "what hands out has a quantity");
  must_be_national(order.numbers);
  if (order.quantity_span) trims_only_the_quantity(*call, format, body, order);
}

}  // namespace sekisho::fuzz
