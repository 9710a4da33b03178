// Headers that a file has the gate set on each of its requests: a map of names and values, which are mostly
// secrets.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/yaml.h"

namespace sekisho::config {

struct HeaderValues {
  using type = std::vector<std::pair<std::string, std::string>>;
  bool read(Document& document, const Node& node, type& out) const;
  std::string says() const { return "a map of header names and values"; }
};

}  // namespace sekisho::config
