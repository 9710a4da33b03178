// One shape for policy files, so that a change shows what was changed and nothing else.
//
// Formatting loses nothing: the text that comes out reads as the same tree, and holds every comment of the
// file once. Both are checked on every call, and so is that formatting it again changes nothing.
#pragma once

#include <filesystem>
#include <string>

#include "config/file_error.h"

namespace sekisho::config {

struct Formatted {
  std::string was;   // the file's bytes
  std::string text;  // the formatted ones; means nothing when there are errors
  Errors errors;     // not YAML, repeated keys, block text, ...; what the language forbids is no error here
  explicit operator bool() const { return errors.empty(); }
  bool changed() const { return text != was; }
};
Formatted format_policy(const std::filesystem::path& file);

}  // namespace sekisho::config
