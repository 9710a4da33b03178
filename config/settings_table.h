// Every setting of a gateway in one table: its key, how it is written, its default, what it means. The loader
// and the reference page derive from it; adding a row is the whole change.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config/settings.h"
#include "config/yaml.h"

namespace sekisho::config {

struct SettingRow {
  std::string key;  // "limits.header_bytes"
  bool required;
  std::string values;     // how it is written, and its bounds
  std::string otherwise;  // the default as it would be written; empty: none
  std::string says;
  std::function<void(Document&, const Node&, Settings&)> read;
};

const std::vector<SettingRow>& settings_table();

}  // namespace sekisho::config
