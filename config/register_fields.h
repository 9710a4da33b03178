// The fields of each register as mapping files and column headings name them.
#pragma once

#include <string_view>
#include <vector>

#include "policy/registry.h"

namespace sekisho::config {

struct RegisterField {
  std::string_view name;
  bool required = false;
  std::string_view also = {};  // another spelling that is taken
};
const std::vector<RegisterField>& fields_of(policy::Register which);

}  // namespace sekisho::config
