// How single words of a policy file are written: with quotation marks only where they are needed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "config/yaml.h"

namespace sekisho::config {

// Could be read as more than text: as a number, a date, yes or no, nothing, a named value. Whether this
// stands in quotation marks has a meaning.
bool more_than_text(std::string_view text);

// Needs no quotation marks for YAML's sake; within { } and [ ] more characters do.
bool is_plain(std::string_view text, bool in_brackets);

// As it stands in the file, on one line.
std::string written(const Node& scalar);

// Columns of a terminal: a full-width character takes two.
std::size_t width(std::string_view utf8);

}  // namespace sekisho::config
