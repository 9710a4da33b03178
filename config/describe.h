// Reference pages that derive from the tables of the loaders. docs/ holds what these print.
#pragma once

#include <string>

namespace sekisho::config {

std::string describe_settings_markdown();  // docs/reference/settings.md

}  // namespace sekisho::config
