// A JSON body that every careful parser reads alike, and the values that a locator finds in it.
//
// Beyond what JSON itself forbids, refused: a byte order mark, repeated keys at any depth (after unescaping),
// keys with a NUL, unpaired surrogates, more than 32 levels. Where a field is looked up in a caller's order,
// a second spelling of its key that differs only in case is refused too: some carriers' parsers would take it
// for the field.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/adapter.h"

namespace sekisho::policy {

inline constexpr int json_depth_max = 32;

bool same_ignoring_case(std::string_view a, std::string_view b);  // ASCII

// Why the body is refused, as a sentence; empty when it is not. `root` is good until the next read on this
// thread.
std::string read_strict_json(std::string_view body, simdjson::dom::element& root);

// What stands at a locator's steps.
struct Found {
  std::vector<simdjson::dom::element> values;
  bool absent = false;  // nothing stands there (or null does); an empty list is there, without values
  std::string error;    // a shape that the steps do not fit
};
enum class Writer { caller, carrier };
Found find_values(simdjson::dom::element root, const std::vector<std::string>& steps, Writer writer);

// The bytes of the one scalar at these steps (without "*"), as they stand in the body.
std::optional<BodySpan> find_token(std::string_view body, const std::vector<std::string>& steps);

}  // namespace sekisho::policy
