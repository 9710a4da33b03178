// Named values of a policy: a figure stands once, dated and with its source, and is used by name.
//
//   values:
//     little-record-numbers: { value: 100, as_of: 2026-05-27, source: figure set by this carrier }
//
// Wherever a value stands in rules, waivers or guarantees, `$little-record-numbers` may stand instead. Names
// are put out before anything is read, so that every field takes them and none knows of them.
#pragma once

#include <vector>

#include "config/yaml.h"
#include "policy/rules.h"

namespace sekisho::config {

// The file with every name replaced by its value; complaints about unknown and unused names are noted.
// `values` gets what stands under `values`.
Node with_values(Document& document, const Node& root, std::vector<policy::NamedValue>& values);

}  // namespace sekisho::config
