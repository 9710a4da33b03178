// What is shown of a file, and why its YAML is refused, in words for somebody who writes policies and not
// YAML readers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sekisho::config {

// The text as a terminal may have it: bytes that are no text, and control characters but the tab, are "�".
std::string shown(std::string_view text);

// "'text'", cut when it is long, on one line. What looks right and is not is told: full-width letters and
// spaces.
std::string in_quotes(std::string_view text);

// Line and column, from 1, of the quotation that is open at the end of the text.
std::optional<std::pair<int, int>> open_quotation(std::string_view text);

// What yaml-cpp complains about, as a sentence about this line.
std::string yaml_complaint(const std::string& complaint);

}  // namespace sekisho::config
