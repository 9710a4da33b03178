#include "config/file_error.h"

#include <algorithm>

namespace sekisho::config {

std::string FileError::print() const {
  std::string out = file;
  if (line > 0) out += ":" + std::to_string(line) + ":" + std::to_string(column);
  return out + ": " + text;
}

bool only_broken_promises(const Errors& errors) {
  return !errors.empty() &&
         std::all_of(errors.begin(), errors.end(), [](const FileError& error) { return error.broken_promise; });
}

}  // namespace sekisho::config
