// Where the comments of a YAML file stand. yaml-cpp drops them, but it tells where every scalar begins, and
// with that a single walk over the bytes knows which '#' begins a comment.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/yaml.h"

namespace sekisho::config {

struct Comment {
  std::size_t at = 0;            // of its '#', in Scan::bytes
  std::size_t column = 0;        // from 0
  std::string text;              // from the '#' on, without spaces at the end
  bool alone = false;            // nothing stands before it on its line
  bool dashed = false;           // only the dash of an item that is still to come
  const Node* within = nullptr;  // the innermost { } or [ ] that is open there
};

struct Scan {
  explicit Scan(const Document& document);

  std::string bytes;  // of the file, without a byte order mark
  std::vector<Comment> comments;
  std::map<const Node*, std::size_t> closed;  // where the } or ] of a map or list stands
  struct Problem {
    Place place;
    std::string text;
  };
  std::optional<Problem> problem;  // why this file cannot be formatted; the rest is empty then

  std::size_t offset(const Place& place) const;
  std::size_t line_start(std::size_t at) const;
  std::string_view line_to(std::size_t at) const;  // what stands before this on its line
  std::size_t line_behind(std::size_t at) const;   // where the next one starts; the end of the file
  bool is_empty_line(std::size_t start) const;     // the end of the file is one
  bool empty_line_above(std::size_t at) const;

 private:
  void note(const Node& node);
  void check_lines();
  void walk();
  std::size_t behind_quotation(std::size_t at) const;

  std::vector<std::size_t> starts_;            // of the lines
  std::map<std::size_t, const Node*> begins_;  // scalars, { and [
};

}  // namespace sekisho::config
