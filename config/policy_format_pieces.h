// A policy file as the formatter holds it: the tree of its entries and items, each with the comments that
// belong to it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/policy_format_scan.h"

namespace sekisho::config {

struct Remark {
  std::string text;
  bool gap = false;  // an empty line stood above it
};

// An entry of a map (with a key) or an item of a list (without).
struct Piece {
  const Node* key = nullptr;
  const Node* value = nullptr;
  Piece* parent = nullptr;
  std::size_t at = 0;  // where it begins
  std::vector<std::unique_ptr<Piece>> children;

  std::vector<Remark> before;  // lines of their own above it
  std::vector<Remark> behind;  // on its first line
  std::vector<Remark> after;   // lines of their own below its last child
  bool gap_above = false;      // an empty line stood above it and its comments,
  bool gap_below = false;      // ... between its comments and itself

  bool is_map() const { return value->kind == Node::Kind::map; }
  bool has_children() const { return !children.empty(); }
};

// The pieces of a file; the one at the top is the file itself, and what comes `before` it its head.
std::unique_ptr<Piece> pieces(const Document& document, const Scan& scan);

}  // namespace sekisho::config
