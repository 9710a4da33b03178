// The gate's reading of many bodies, for comparison with other parsers (test_reading.py).
//
// stdin: frames "FORMAT QUERY_LENGTH BODY_LENGTH\n", the query, the body; FORMAT is json, form or xml.
// stdout: a line of JSON each: {"quantity":..,"area":..,"reference":..,"chain":[..],"items":..} or
// {"refused":".."}. "items" is a sum over a list, read by a second route; null where that is refused.
#include <boost/json.hpp>
#include <iostream>
#include <map>

#include "policy/reading.h"

namespace {

using namespace sekisho::policy;

std::optional<Locator> at(std::string_view text) { return std::get<Locator>(parse_locator(text)); }

struct Format {
  std::string type;
  Route route, items;
};

Format format(std::string type, std::string_view quantity, std::string_view area, std::string_view reference,
              std::string_view chain, std::string_view items) {
  Format out{.type = std::move(type)};
  out.route = {.method = "POST", .operation = Operation::allocate};
  out.items = out.route;
  out.route.order = {
      .quantity = at(quantity), .area = at(area), .chain = at(chain), .reference = at(reference)};
  out.items.order = {.quantity = at(items)};
  // The same repeats are lists to both routes.
  out.items.order.chain = at(chain);
  out.route.order.channels = at(std::string(items) + "?");
  return out;
}

const std::map<std::string, Format> formats = {
    {"json", format("application/json", "json:/quantity", "json:/area?", "json:/ref?", "json:/chain/*?",
                    "sum(json:/items/[action=add]/quantity)")},
    {"form", format("application/x-www-form-urlencoded", "form:quantity", "form:area?", "form:ref?",
                    "form:chain?", "sum(form:item)")},
    {"xml", format("application/xml", "xml:/Order/Quantity", "xml:/Order/Area?", "xml:/Order/@ref?",
                   "xml:/Order/Chain/Name?", "sum(xml:/Order/Item/Quantity)")},
};

ReadOrder read(const Route& route, const std::string& type, const std::string& query,
               const std::string& body) {
  static const Carrier carrier{.name = "demo"};
  const Message message{.query = query,
                        .headers =
                            [&](std::string_view name) {
                              return name == "Content-Type" ? Given{type, 1} : Given();
                            },
                        .body = body};
  return read_order({&carrier, &route, {}}, message, {}, {});
}

boost::json::object told(const Format& format, const std::string& query, const std::string& body) {
  const auto result = read(format.route, format.type, query, body);
  if (const auto* refused = std::get_if<Unreadable>(&result)) return {{"refused", refused->detail}};
  const auto& order = std::get<Order>(result);
  boost::json::object out{
      {"quantity", order.quantity}, {"area", order.area}, {"reference", order.reference}, {"items", nullptr}};
  auto& chain = out["chain"].emplace_array();
  for (const auto& name : order.chain) chain.emplace_back(name);
  const auto items = read(format.items, format.type, query, body);
  if (const auto* counted = std::get_if<Order>(&items)) out["items"] = counted->quantity;
  return out;
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  std::string name;
  std::size_t query_length = 0, body_length = 0;
  while (std::cin >> name >> query_length >> body_length) {
    std::cin.get();
    std::string query(query_length, '\0'), body(body_length, '\0');
    std::cin.read(query.data(), std::streamsize(query_length));
    std::cin.read(body.data(), std::streamsize(body_length));
    std::cout << boost::json::serialize(told(formats.at(name), query, body)) << '\n';
  }
}
