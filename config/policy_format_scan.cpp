#include "config/policy_format_scan.h"

#include <algorithm>

namespace sekisho::config {
namespace {

bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool only(std::string_view text, std::string_view characters) {
  return text.find_first_not_of(characters) == std::string_view::npos;
}

}  // namespace

Scan::Scan(const Document& document) : bytes(document.bytes()) {
  if (bytes.starts_with("\xef\xbb\xbf")) bytes.erase(0, 3);  // yaml-cpp does not count it as a column
  starts_.push_back(0);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    if (bytes[i] == '\n') starts_.push_back(i + 1);
  check_lines();
  if (!problem) note(*document.root());
  if (!problem) walk();
}

std::size_t Scan::offset(const Place& place) const {
  const auto line = std::min(static_cast<std::size_t>(std::max(place.line, 1)), starts_.size());
  return std::min(starts_[line - 1] + static_cast<std::size_t>(std::max(place.column, 1) - 1), bytes.size());
}

std::size_t Scan::line_start(std::size_t at) const {
  return *std::prev(std::upper_bound(starts_.begin(), starts_.end(), at));
}

std::string_view Scan::line_to(std::size_t at) const {
  const auto start = line_start(at);
  return std::string_view(bytes).substr(start, at - start);
}

std::size_t Scan::line_behind(std::size_t at) const {
  const auto next = std::upper_bound(starts_.begin(), starts_.end(), at);
  return next == starts_.end() ? bytes.size() : *next;
}

bool Scan::is_empty_line(std::size_t start) const {
  return only(std::string_view(bytes).substr(start, line_behind(start) - start), " \t\r\n");
}

bool Scan::empty_line_above(std::size_t at) const {
  const auto start = line_start(at);
  return start > 0 && is_empty_line(line_start(start - 1));
}

// Lines whose meaning is not in the tree, so that they would be lost.
void Scan::check_lines() {
  for (std::size_t i = 0; i < starts_.size() && !problem; ++i) {
    const int line = static_cast<int>(i) + 1;
    const auto text = std::string_view(bytes).substr(starts_[i]);
    if (text.starts_with('%'))
      problem = {{line, 1},
                 "a line that begins with '%' (a YAML directive) cannot be formatted; leave it out"};
    for (std::size_t at = 0; at + 1 < text.size() && text[at] != '\n'; ++at)
      if (text[at] == '\r' && text[at + 1] != '\n')
        problem = {{line, static_cast<int>(at) + 1}, "a carriage return stands within this line"};
  }
}

void Scan::note(const Node& node) {
  const auto at = offset(node.place);
  const char first = at < bytes.size() ? bytes[at] : '\0';
  if (node.kind != Node::Kind::null && first == '!')
    problem = {node.place, "tags (!name) are not read here; leave it out"};
  if (node.kind == Node::Kind::scalar) {
    if (node.quoted && (first == '|' || first == '>'))
      problem = {node.place,
                 "block text (" + std::string(1, first) +
                     ") cannot be formatted; write it on one line, in quotation marks where needed"};
    begins_[at] = &node;
  } else if (node.kind != Node::Kind::null && (first == '{' || first == '[')) {
    begins_[at] = &node;
  }
  for (const auto& key : node.keys) note(key);
  if (node.kind == Node::Kind::list)
    for (const auto& item : node.items)
      if (item.kind == Node::Kind::null && !problem)  // it has no place, so nor have the comments around it
        problem = {item.place,
                   "an item of the list that begins here is nothing; write it out or leave it out"};
  for (const auto& item : node.items) note(item);
}

std::size_t Scan::behind_quotation(std::size_t at) const {
  const char quote = bytes[at++];
  for (; at < bytes.size(); ++at) {
    if (quote == '"' && bytes[at] == '\\') {
      ++at;
    } else if (bytes[at] == quote) {
      if (quote == '"' || at + 1 >= bytes.size() || bytes[at + 1] != '\'') return at + 1;
      ++at;  // '' within ' '
    }
  }
  return bytes.size();
}

void Scan::walk() {
  std::vector<const Node*> open;
  bool plain =
      false;  // within a scalar without quotation marks: there, a '#' that is glued to a word is text
  for (std::size_t i = 0; i < bytes.size();) {
    const char c = bytes[i];
    if (const auto begin = begins_.find(i); begin != begins_.end()) {
      plain = begin->second->kind == Node::Kind::scalar;
      if (!plain) open.push_back(begin->second);
      if (plain && (c == '"' || c == '\'')) {
        plain = false;
        i = behind_quotation(i);
        continue;
      }
      if (!plain) {
        ++i;
        continue;
      }
    }
    if (c == '#' && (!plain || blank(bytes[i - 1]))) {
      const auto before = line_to(i);
      auto end = std::min(bytes.find('\n', i), bytes.size());
      const auto next = end;
      while (blank(bytes[end - 1])) --end;
      comments.push_back({i, before.size(), bytes.substr(i, end - i), only(before, " \t"),
                          only(before, " \t-?.") && !only(before, " \t"),
                          open.empty() ? nullptr : open.back()});
      plain = false;
      i = next;
      continue;
    }
    if (!open.empty() && std::string_view(",[]{}").find(c) != std::string_view::npos) plain = false;
    if (!open.empty() && (c == '}' || c == ']')) {
      closed[open.back()] = i;
      open.pop_back();
    }
    if (c == ':' &&
        (i + 1 >= bytes.size() || blank(bytes[i + 1]) ||
         (!open.empty() && std::string_view(",[]{}").find(bytes[i + 1]) != std::string_view::npos)))
      plain = false;
    ++i;
  }
}

}  // namespace sekisho::config
