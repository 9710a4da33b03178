// What is wrong with a file, and where: the one shape in which every loader reports.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace sekisho::config {

struct FileError {
  std::string file;
  int line = 0, column = 0;     // from 1; 0: the file as a whole
  std::string text;             // a sentence, with a suggestion where there is one
  bool broken_promise = false;  // the file can be read; a proof over it fails (exit 1, where unreadable is 2)
  std::string source = {};      // the line itself
  std::string print() const;    // "policy.yaml:12:7: unknown key 'wen'; did you mean 'when'?"
  // The same, and below it the line with a mark under the place.
  std::string print_with_line() const;
};
using Errors = std::vector<FileError>;

// Everything could be read, and the answer is no.
bool only_broken_promises(const Errors& errors);

// A value, or everything that is wrong (all errors of a file, not only the first).
template <class T>
struct Loaded {
  std::optional<T> value;
  Errors errors;
  explicit operator bool() const { return value.has_value(); }
};

}  // namespace sekisho::config
