// A carrier's API as one adapter file describes it: routes, where an order's fields stand, how answers are
// read. Values only; config/carrier_file.h makes them, policy/reading.h uses them.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "policy/locator.h"
#include "policy/order.h"
#include "policy/types.h"

namespace sekisho::policy {

struct OrderFields {
  std::optional<Locator> quantity, number_type, area, channels, chain, reference, partial, order_id, numbers;
};

enum class CarrierState : std::uint8_t { done, failed, pending };
inline constexpr std::string_view carrier_state_words[] = {"done", "failed", "pending"};
constexpr auto& words_of(CarrierState) { return carrier_state_words; }

// How one class of answers is read. The first entry whose status fits applies.
struct ResultRule {
  int status_from = 200, status_to = 299;  // "201", "4xx"
  bool pending = false;                    // 202: the outcome comes later
  std::optional<Locator> granted, released, order_id, numbers, state;
  std::map<std::string, CarrierState> states;
};

struct PathPattern {
  std::vector<std::string> segments;  // "{id}" is kept with its braces
  bool matches(std::string_view path, std::vector<std::pair<std::string, std::string>>& parameters) const;
};

struct Route {
  std::string method;
  PathPattern path;
  std::string pattern;  // "POST /v1/number-orders"
  Operation operation = Operation::pass;
  OrderFields order;
  std::vector<ResultRule> results;
};

struct Endpoint {
  std::string host;
  std::uint16_t port = 80;
  std::string base_path;           // without a trailing "/"
  std::string authority() const {  // as a Host header says it; an IPv6 address in brackets
    const bool ipv6 = host.find(':') != std::string::npos;
    return (ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
  }
};

struct Carrier {
  std::string name;
  std::vector<Endpoint> endpoints;
  std::size_t connections = 64;  // per worker
  std::chrono::milliseconds connect_timeout{2000}, response_timeout{30000};
  std::vector<std::pair<std::string, std::string>> headers;  // set on every request; never logged
  std::vector<Route> routes;
  std::map<std::string, NumberType> number_types;  // the carrier's words
};

struct RouteMatch {
  const Carrier* carrier = nullptr;
  const Route* route = nullptr;
  std::vector<std::pair<std::string, std::string>> parameters;  // of the path, decoded
};

// The one route for this call, or none. A path that is written in an unusual way (%2F, "//", "/./", ";") fits
// no route.
std::optional<RouteMatch> match_route(const std::vector<Carrier>& carriers, std::string_view method,
                                      std::string_view path);

}  // namespace sekisho::policy
