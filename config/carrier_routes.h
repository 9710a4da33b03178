// The `routes` of a carrier file: which calls there are, where an order's fields stand, how answers are read.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/yaml.h"
#include "policy/adapter.h"

namespace sekisho::config {

std::vector<policy::Route> read_routes(Document& document, const Node& list,
                                       const std::map<std::string, policy::NumberType>& number_types);

// The `webhook` of a route (config/carrier_webhook.cpp).
bool read_webhook(Document& document, const Node& node, policy::Webhook& webhook);

// Whether two routes of one method take the same calls, neither more closely than the other
// (policy::match_route prefers a literal segment to a parameter).
bool collide(const policy::Route& a, const policy::Route& b);

}  // namespace sekisho::config
