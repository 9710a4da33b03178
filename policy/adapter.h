// A carrier's API as one adapter file describes it: routes, where an order's fields stand, how answers are
// read. Values only; config/carrier_file.h makes them, policy/reading.h uses them.
#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "policy/locator.h"
#include "policy/numbering_plan.h"
#include "policy/order.h"
#include "policy/types.h"

namespace sekisho::policy {

struct Denials;

struct OrderFields {
  std::optional<Locator> quantity, number_type, area, channels, chain, reference, partial, order_id, numbers;
  std::optional<Locator> receiver;  // transfer: the operator that is given the numbers
};

enum class CarrierState : std::uint8_t { done, failed, pending, reserved };
inline constexpr std::string_view carrier_state_words[] = {"done", "failed", "pending", "reserved"};
constexpr auto& words_of(CarrierState) { return carrier_state_words; }

// How one class of answers is read: by their status, and by their format where several entries have it.
struct ResultRule {
  int status_from = 200, status_to = 299;  // "201", "4xx"
  bool pending = false;                    // 202: the outcome comes later
  bool all = false;                        // granted: as many as were ordered
  std::optional<Locator> granted, released, order_id, numbers, state;
  std::map<std::string, CarrierState> states;
};

// A segment that is a parameter: "{id}", or "{number}:rent" with text behind it.
struct PathParameter {
  std::string_view name, suffix;
};
std::optional<PathParameter> parameter_of(std::string_view segment);  // nothing: plain text

struct PathPattern {
  std::vector<std::string> segments;  // as written, braces and all
  bool names(std::string_view parameter) const;
  bool matches(std::string_view path, std::vector<std::pair<std::string, std::string>>& parameters) const;
};

// How a call of the carrier to the gate proves that it is the carrier's. Its body says how an order ended,
// and is read as an answer is.
struct Webhook {
  enum class Scheme : std::uint8_t { hmac_sha256, ed25519 };
  Scheme scheme = Scheme::hmac_sha256;
  std::string header, prefix;        // where the signature stands, and what stands before it ("sha256=")
  bool base64 = false;               // else hex
  std::string key;                   // the secret, or the public key's 32 bytes; never logged
  std::string covers = "{body}";     // what is signed, such as "{timestamp}.{body}"
  std::string timestamp;             // the header with the time, seconds since 1970; empty: none is signed
  std::chrono::seconds within{300};  // how far that time may be from ours
};
inline constexpr std::string_view webhook_scheme_words[] = {"hmac-sha256", "ed25519"};
constexpr auto& words_of(Webhook::Scheme) { return webhook_scheme_words; }

struct Route {
  std::string method;
  PathPattern path;
  std::string pattern;  // "POST /v1/number-orders"
  Operation operation = Operation::pass;
  OrderFields order;
  std::vector<ResultRule> results;
  std::optional<Webhook> webhook;                 // the carrier calls
  std::optional<std::chrono::milliseconds> poll;  // the gate itself asks this often about orders that wait
  std::chrono::milliseconds remember{};    // how long what an answer to it told can be recalled; 0: it is not
  std::shared_ptr<const Denials> denials;  // the dialect of refusals; null: problem+json
};

// Whether an order of this route has a quantity of numbers: a modification need not add any, and capacity is
// channels.
inline bool gives(const Route& route) {
  const bool none = route.operation == Operation::modify && !route.order.quantity && !route.order.numbers;
  return hands_out(route.operation) && route.operation != Operation::capacity && !none;
}

// Whether a call of this route names numbers only by the order that they were granted to. A cancellation is
// one where the carrier takes back what it gave; most are of orders that were given nothing yet.
inline bool names_order_only(const Route& route) {
  const auto takes_back = [](const ResultRule& rule) { return rule.released.has_value(); };
  const bool moves = route.operation == Operation::release || route.operation == Operation::transfer ||
                     (route.operation == Operation::cancel &&
                      std::any_of(route.results.begin(), route.results.end(), takes_back));
  return moves && route.order.order_id && !route.order.numbers;
}

struct Endpoint {
  std::string host;
  std::uint16_t port = 80;
  bool tls = false;                // https
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
  std::map<std::string, OperatorId> operators;     // the carrier's accounts: whose each is
  NumberSpelling spelling;                         // of the telephone numbers in its calls
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
