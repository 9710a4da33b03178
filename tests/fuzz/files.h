// What must always be true of a loader: a value or complaints, never both and never neither; every complaint
// says something, and where; reading again tells the same.
#pragma once

#include "config/file_error.h"
#include "tests/fuzz/target.h"

namespace sekisho::fuzz {

inline std::string printed(const config::Errors& errors) {
  std::string out;
  for (const auto& error : errors) out += error.print_with_line() + "\n";
  return out;
}

template <class T, class Read>
config::Loaded<T> loaded(Read&& read) {
  config::Loaded<T> first = read();
  must(first.value.has_value() == first.errors.empty(), "a value, or complaints");
  for (const auto& error : first.errors) {
    must(!error.text.empty(), "a complaint says something");
    must(error.line >= 0 && error.column >= 0, "a complaint stands somewhere");
  }
  must_equal(printed(first.errors), printed(read().errors), "the same complaints when it is read again");
  return first;
}

}  // namespace sekisho::fuzz
