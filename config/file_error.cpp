#include "config/file_error.h"

namespace sekisho::config {

std::string FileError::print() const {
  std::string out = file;
  if (line > 0) out += ":" + std::to_string(line) + ":" + std::to_string(column);
  return out + ": " + text;
}

}  // namespace sekisho::config
