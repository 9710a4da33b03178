// What stands at a json: locator's steps.
//
// In a caller's order, a second spelling of a key that is looked up which differs only in case is refused:
// some carriers' parsers would take it for the field. So is a filter's value that differs only in case.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string_view>
#include <vector>

#include "policy/found.h"
#include "policy/locator.h"
#include "policy/order.h"

namespace sekisho::policy {

void find_in_json(simdjson::dom::element root, const std::vector<PathStep>& steps, Writer writer,
                  Found& found);

// The bytes of the one scalar at these steps (names alone), as they stand in the body.
std::optional<BodySpan> token_in_json(std::string_view body, const std::vector<PathStep>& steps);

}  // namespace sekisho::policy
