// Reading one call in a test: a route of one operation, its locators as text, and what was read in a line.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "policy/reading.h"

namespace sekisho::policy {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

inline Given given(const HeaderList& list, std::string_view name) {
  Given out;
  for (const auto& entry : list)
    if (entry.first == name && out.times++ == 0) out.first = entry.second;
  return out;
}

inline std::optional<Locator> located(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return std::get<Locator>(parse_locator(text));
}

// A field with several places.
inline std::optional<Locator> places(const std::vector<std::string_view>& texts) {
  auto all = located(texts.front());
  for (std::size_t i = 1; i < texts.size(); ++i) all->others.push_back(*located(texts[i]));
  return all;
}

struct Call {
  std::string body;
  std::string type = {};  // Content-Type
  std::string query = {};
  HeaderList claims = {};
  HeaderList headers = {};     // beside Content-Type
  HeaderList parameters = {};  // of the path
};

struct OneRoute {
  Carrier carrier{.name = "demo", .number_types = {{"FIXED", NumberType::fixed}}};
  Route route{.method = "POST", .operation = Operation::allocate};
  NumberingPlan plan = {};

  ReadOrder read(const Call& call) const {
    auto headers = call.headers;
    headers.emplace_back("Content-Type", call.type);
    const Message message{.query = call.query,
                          .headers = [&](std::string_view name) { return given(headers, name); },
                          .body = call.body,
                          .claims = [&](std::string_view name) { return given(call.claims, name); }};
    return read_order({&carrier, &route, call.parameters}, message, plan, {});
  }

  // "10 fixed area=03 numbers=0312345678,0312345679", or the code and why not.
  std::string told(const Call& call) const {
    const auto result = read(call);
    if (const auto* refused = std::get_if<Unreadable>(&result))
      return std::string(code(refused->reason)) + ": " + refused->detail;
    const auto& order = std::get<Order>(result);
    std::string out = std::to_string(order.quantity);
    const auto say = [&](std::string_view name, const std::string& value) {
      if (!value.empty()) out += " " + std::string(name) + "=" + value;
    };
    if (order.number_type) out += " " + std::string(name(*order.number_type));
    if (order.channels > 0) say("channels", std::to_string(order.channels));
    say("area", order.area);
    say("reference", order.reference);
    say("recall", order.recall);
    std::string numbers;
    for (const auto& number : order.numbers) numbers += (numbers.empty() ? "" : ",") + number;
    say("numbers", numbers);
    return out;
  }

  // The body with another quantity, where the order may be trimmed.
  std::string trimmed(const Call& call, Quantity quantity) const {
    const auto result = read(call);
    const auto* order = std::get_if<Order>(&result);
    if (!order || !order->quantity_span) return "no trim";
    return rewrite_quantity(call.body, *order->quantity_span, quantity);
  }
};

}  // namespace sekisho::policy
