// What stands at a locator's place, whichever reader looked it up.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::policy {

// Who wrote the message. A caller may write it so that the gate and the carrier read it differently; a
// carrier has nothing to gain by that, and its answers are read less narrowly.
enum class Writer { caller, carrier };

// JSON, or text from anywhere else; good as long as the message and what its reader keeps of it.
struct Value {
  std::optional<simdjson::dom::element> json;
  std::string_view text;
  bool plain = true;  // false: an XML element that holds more than text
};

struct Found {
  std::vector<Value> values;
  bool absent = false;  // nothing stands there (or JSON's null does); an empty list is there, without values
  std::string error;    // a shape that the locator does not fit, or a second reading
};

}  // namespace sekisho::policy
