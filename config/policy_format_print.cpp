#include "config/policy_format_print.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "config/policy_format_words.h"

namespace sekisho::config {
namespace {

constexpr std::size_t most_columns = 100;
using Keys = std::vector<std::string_view>;

const Keys of_file = {"schema", "name", "zone", "contact", "values", "rules", "waivers", "guarantees"};
const Keys of_value = {"value", "as_of", "source"};
const Keys of_rule = {"id",     "mode", "basis", "why",      "active", "when",
                      "permit", "deny", "limit", "throttle", "review"};
const Keys of_waiver = {"id", "operators", "lifts", "from", "until", "reason", "approved_by", "ticket"};
const Keys of_guarantee = {"id", "when", "waived", "never", "at_most"};

bool is_section(const Piece& piece) {
  if (!piece.parent || piece.parent->parent || !piece.key) return false;
  const auto& key = piece.key->text;
  return key == "values" || key == "rules" || key == "waivers" || key == "guarantees";
}

bool in_section(const Piece& piece) { return piece.parent && is_section(*piece.parent); }

// The keys of this map, as they are ordered; others keep the author's order.
const Keys* keys_of(const Piece& piece) {
  if (!piece.parent) return &of_file;
  if (!in_section(piece)) return nullptr;
  const auto& section = piece.parent->key->text;
  if (section == "values") return &of_value;
  if (section == "rules") return &of_rule;
  return section == "waivers" ? &of_waiver : &of_guarantee;
}

void order_keys(Piece& piece) {
  for (auto& child : piece.children) order_keys(*child);
  const auto* keys = piece.is_map() ? keys_of(piece) : nullptr;
  if (!keys) return;
  const auto rank = [&](const auto& child) {
    return std::find(keys->begin(), keys->end(), child->key->text);
  };
  std::stable_sort(piece.children.begin(), piece.children.end(),
                   [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
}

// The value on one line; none: it cannot stand there, or would be hard to read there.
std::optional<std::string> on_one_line(const Piece& piece, bool in_brackets = false) {
  const Node& value = *piece.value;
  if (value.kind == Node::Kind::null) return in_brackets ? "~" : "";
  if (value.kind == Node::Kind::scalar) {
    auto text = written(value);
    // Not for the brackets' sake into quotation marks: it stands on a line of its own.
    if (in_brackets && text == value.text && !is_plain(text, true)) return std::nullopt;
    return text;
  }
  if (!piece.after.empty()) return std::nullopt;
  if (!piece.has_children()) return piece.is_map() ? "{}" : "[]";
  if (!piece.parent || is_section(piece) || in_section(piece)) return std::nullopt;
  std::string out;
  for (const auto& child : piece.children) {
    if (!child->before.empty() || !child->behind.empty()) return std::nullopt;
    // A list of maps is a table: a line each.
    if (!child->key && child->is_map() && child->has_children()) return std::nullopt;
    if (child->key && written(*child->key) == child->key->text && !is_plain(child->key->text, true))
      return std::nullopt;
    const auto text = on_one_line(*child, true);
    if (!text) return std::nullopt;
    out += (out.empty() ? "" : ", ") + (child->key ? written(*child->key) + ": " : "") + *text;
  }
  return piece.is_map() ? "{ " + out + " }" : "[" + out + "]";
}

void move_all(std::vector<Remark>& from, std::vector<Remark>& to) {
  for (auto& remark : from) to.push_back({std::move(remark.text)});
  from.clear();
}

class Printing {
 public:
  std::string print(Piece& top) {
    lines(top.before, 0, true);
    if (top.gap_below) gap();
    children(top, 0, false);
    lines(top.after, 0, true);
    return std::move(out_);
  }

 private:
  void gap() {
    if (!out_.empty()) out_ += '\n';
  }

  void lines(const std::vector<Remark>& remarks, std::size_t indent, bool gaps, bool gap_above_first = true) {
    for (std::size_t i = 0; i < remarks.size(); ++i) {
      if (remarks[i].gap && gaps && (i > 0 || gap_above_first)) gap();
      out_ += std::string(indent, ' ') + remarks[i].text + '\n';
    }
  }

  // The value on the line that begins its piece, where there is room; a scalar and nothing have always room.
  static std::optional<std::string> beside(const Piece& piece, std::size_t indent) {
    auto text = on_one_line(piece);
    if (!text || !piece.has_children()) return text;
    const auto lead = piece.key ? width(written(*piece.key)) + 2 : 2;
    if (indent + lead + width(*text) > most_columns) return std::nullopt;
    return text;
  }

  // Whether the first child stands on the line that begins this piece: "- id: a".
  static bool begins_with_child(const Piece& piece, std::size_t indent) {
    return !piece.key && !beside(piece, indent);
  }

  // One comment fits behind a line; the others, and those that would have to stand within the line, go above.
  static void lift(Piece& piece, std::size_t indent) {
    if (piece.behind.size() > 1) {
      std::vector<Remark> last(std::make_move_iterator(std::prev(piece.behind.end())),
                               std::make_move_iterator(piece.behind.end()));
      piece.behind.pop_back();
      move_all(piece.behind, piece.before);
      piece.behind = std::move(last);
    }
    if (!begins_with_child(piece, indent)) return;
    Piece& first = *piece.children.front();
    move_all(piece.behind, first.behind.empty() ? first.behind : piece.before);
    lift(first, indent + 2);
    move_all(first.before, piece.before);
  }

  void children(Piece& piece, std::size_t indent, bool first_is_begun) {
    for (std::size_t i = 0; i < piece.children.size(); ++i) {
      Piece& child = *piece.children[i];
      const bool begun = i == 0 && first_is_begun;
      if (!begun) {
        lift(child, indent);
        const bool outer = !piece.parent || is_section(piece);
        if (i > 0 && gap_above(child, *piece.children[i - 1])) gap();
        lines(child.before, indent, outer, false);
        if (outer && child.gap_below) gap();
        out_ += std::string(indent, ' ');
      }
      begin(child, indent);
    }
  }

  static bool gap_above(const Piece& piece, const Piece& previous) {
    if (is_section(piece) || is_section(previous)) return true;
    if (in_section(piece)) return piece.gap_above || piece.parent->key->text == "rules";
    return !piece.parent->parent && piece.gap_above && !piece.before.empty();
  }

  void begin(Piece& piece, std::size_t indent) {
    const auto text = beside(piece, indent);
    out_ += piece.key ? written(*piece.key) + ":" : "-";
    if (!text && !piece.key) {
      out_ += ' ';
      children(piece, indent + 2, true);
    } else {
      if (text && !text->empty()) out_ += " " + *text;
      for (const auto& remark : piece.behind) out_ += "  " + remark.text;
      out_ += '\n';
      if (!text) children(piece, indent + 2, false);
    }
    lines(piece.after, indent + 2, is_section(piece));
  }

  std::string out_;
};

}  // namespace

std::string print(Piece& top) {
  order_keys(top);
  return Printing().print(top);
}

}  // namespace sekisho::config
