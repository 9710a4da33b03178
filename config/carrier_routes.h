// The `routes` of a carrier file: which calls there are, where an order's fields stand, how answers are read.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/yaml.h"
#include "policy/adapter.h"

namespace sekisho::config {

using DenialsPtr = std::shared_ptr<const policy::Denials>;

// `denials`: of the whole carrier; null when the file says nothing of them.
std::vector<policy::Route> read_routes(Document& document, const Node& list,
                                       const std::map<std::string, policy::NumberType>& number_types,
                                       const DenialsPtr& denials);

// The `webhook` of a route (config/carrier_webhook.cpp).
bool read_webhook(Document& document, const Node& node, policy::Webhook& webhook);

// The `denials` of a carrier, or of a route, which start from the carrier's (config/carrier_denials.cpp).
DenialsPtr read_denials(Document& document, const Node& node, const DenialsPtr& of_carrier);

// Whether two routes of one method take the same calls, neither more closely than the other
// (policy::match_route prefers a literal segment to a parameter).
bool collide(const policy::Route& a, const policy::Route& b);

}  // namespace sekisho::config
