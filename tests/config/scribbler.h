// A policy file made up at random, written in as many ways as a hand could.
#pragma once

#include <algorithm>
#include <map>
#include <numeric>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace sekisho::config {

class Scribbler {
 public:
  explicit Scribbler(unsigned seed) : random_(seed) { root_ = file(); }

  std::string scribble(unsigned seed, bool comments) {
    random_.seed(seed);
    with_comments_ = comments;
    out_.clear();
    comment_count_ = 0;
    if (one_in(8)) out_ += "---\n";
    if (one_in(12)) {
      in_braces(root_, 1);
      out_ += "\n";
    } else {
      block(root_, 0, false);
    }
    lines_between(0, "");
    return out_;
  }
  int comments() const { return comment_count_; }

  static bool is_special(const std::string& text) {
    return text.empty() || text == "yes" || text == "no" || text == "null" ||
           std::string("0123456789$").find(text[0]) != std::string::npos;
  }

 private:
  struct Tree {
    Node::Kind kind = Node::Kind::null;
    std::string text;
    bool quoted = false, plain = true, plain_in_brackets = true;
    bool house_order = false;  // so it may be written in any other
    std::vector<std::string> keys;
    std::vector<Tree> items;
  };

  unsigned upto(unsigned most) { return static_cast<unsigned>(random_() % (most + 1)); }
  bool one_in(unsigned n) { return upto(n - 1) == 0; }

  Tree scalar() {
    const auto unique = "w" + std::to_string(++count_) + "w";
    const auto n = std::to_string(count_);
    // Plain anywhere, plain but not within brackets, never plain; and what has another meaning in quotes.
    const std::vector<std::string> anywhere = {
        "東京都w" + n, "a b " + n,
        "C#" + n,      "it's " + n,
        "a\\b " + n,   "json:/a?" + n,
        "w" + n + "?", "東京都 千代田区 霞が関 一丁目 大阪府 大阪市 北区 " + n};
    const std::vector<std::string> block = {"a, b " + n, "w" + n + " [x]", "x ?" + n};
    const std::vector<std::string> never = {"a} #" + n,    "# " + n,      "x: " + n,
                                            "w" + n + ":", "\"q\" '" + n, "- " + n};
    const std::vector<std::string> special = {"100", "$name", "yes", "2026-04-01", "no"};
    const auto one = [&](const std::vector<std::string>& all) {
      return all[upto(static_cast<unsigned>(all.size() - 1))];
    };
    Tree out{.text = unique};
    if (one_in(2)) {
      const auto which = upto(4);
      out.text = one(which == 0 ? anywhere : which == 1 ? block : which == 2 ? never : special);
      out.plain = which != 2;
      out.plain_in_brackets = which != 1;
      out.quoted = which == 4;
      if (out.quoted && one_in(3)) out.text = one_in(2) ? "null" : "";
    }
    out.kind = Node::Kind::scalar;
    return out;
  }

  Tree any(unsigned depth) {
    if (depth == 0 || one_in(2)) return scalar();
    Tree out{.kind = one_in(2) ? Node::Kind::list : Node::Kind::map};
    for (unsigned i = upto(3); i > 0; --i) {
      if (out.kind == Node::Kind::map) out.keys.push_back("k" + std::to_string(++count_));
      const bool nothing = out.kind == Node::Kind::map && one_in(9);
      out.items.push_back(nothing ? Tree{} : any(depth - 1));
    }
    return out;
  }

  Tree map_of(std::initializer_list<const char*> keys) {
    Tree out{.kind = Node::Kind::map, .house_order = true};
    for (const auto* key : keys) {
      if (one_in(3)) continue;
      out.keys.emplace_back(key);
      out.items.push_back(any(3));
    }
    return out;
  }

  Tree section(std::initializer_list<const char*> keys, bool map = false) {
    Tree out{.kind = map ? Node::Kind::map : Node::Kind::list};
    for (unsigned i = upto(4); i > 0; --i) {
      if (map) out.keys.push_back("v" + std::to_string(++count_));
      out.items.push_back(map_of(keys));
    }
    return out;
  }

  Tree file() {
    Tree out{.kind = Node::Kind::map, .house_order = true};
    const auto add = [&](const char* key, Tree tree) {
      out.keys.emplace_back(key);
      out.items.push_back(std::move(tree));
    };
    add("schema", {.kind = Node::Kind::scalar, .text = "sekisho/policy/v1"});
    add("name", scalar());
    if (one_in(2)) add("contact", scalar());
    if (one_in(2)) add("values", section({"value", "as_of", "source"}, true));
    add("rules",
        section({"id", "mode", "basis", "why", "active", "when", "permit", "deny", "limit", "review"}));
    if (one_in(2)) add("waivers", section({"id", "operators", "lifts", "from", "until", "reason"}));
    if (one_in(2)) add("guarantees", section({"id", "when", "waived", "never", "at_most"}));
    if (one_in(3)) add("unknown", any(3));
    return out;
  }

  std::vector<std::size_t> order(const Tree& map) {
    std::vector<std::size_t> out(map.items.size());
    std::iota(out.begin(), out.end(), 0);
    if (map.house_order)
      for (std::size_t i = out.size(); i > 1; --i)
        std::swap(out[i - 1], out[upto(static_cast<unsigned>(i - 1))]);
    return out;
  }

  void space(unsigned least = 0) { out_.append(least + upto(2), ' '); }
  std::string comment(const std::string& what = "") {
    return "#c" + std::to_string(comment_count_++) + (one_in(2) ? " 番号's \"x: [" : "") + what;
  }
  void behind(const std::string& what, unsigned n = 6) {
    if (!with_comments_ || !one_in(n)) return;
    space(1);
    out_ += comment(what.empty() ? "" : " behind of " + what);
  }
  // Empty lines and comments above something that is named, or not.
  void lines_between(std::size_t indent, const std::string& what) {
    while (one_in(5)) out_ += one_in(3) ? "  \n" : "\n";
    if (!with_comments_) return;
    while (one_in(7)) out_ += std::string(upto(8), ' ') + comment() + (one_in(3) ? "\n\n" : "\n");
    if (one_in(7)) out_ += std::string(indent, ' ') + comment(what.empty() ? "" : " above of " + what) + "\n";
  }

  // A word on one or several lines.
  std::string word(const Tree& tree, bool in_brackets, std::size_t indent) {
    const bool plain = in_brackets ? tree.plain && tree.plain_in_brackets : tree.plain;
    std::string text = tree.text;
    const auto how = tree.quoted || !plain ? 1 + upto(1) : is_special(text) ? 0 : upto(2);
    if (how != 0 && one_in(4))
      if (const auto at = text.find(' '); at != text.npos && at > 0)
        text.replace(at, 1, "\n" + std::string(indent + 1 + upto(5), ' '));
    std::string out;
    for (const char c : text) {
      if (how == 2 && (c == '"' || c == '\\')) out += '\\';
      if (how == 1 && c == '\'') out += '\'';
      out += c;
    }
    return how == 0 ? out : how == 1 ? "'" + out + "'" : "\"" + out + "\"";
  }

  static std::string name(const Tree& tree) {
    const bool simple = tree.text.starts_with('w') && tree.text.ends_with('w');
    return tree.kind == Node::Kind::scalar && simple ? tree.text : "";
  }

  void gap_in_brackets(std::size_t indent) {
    if (one_in(6)) {
      behind("", 4);
      out_ += "\n";
      if (with_comments_ && one_in(5)) out_ += std::string(upto(6), ' ') + comment() + "\n";
      out_.append(indent + upto(5), ' ');
    }
    space();
  }

  void in_braces(const Tree& tree, std::size_t indent) {
    if (tree.kind == Node::Kind::null) {
      out_ += one_in(2) ? "~" : "null";
    } else if (tree.kind == Node::Kind::scalar) {
      out_ += word(tree, true, indent);
    } else {
      const bool map = tree.kind == Node::Kind::map;
      out_ += map ? "{" : "[";
      gap_in_brackets(indent);
      const auto all = order(tree);
      for (std::size_t i = 0; i < all.size(); ++i) {
        if (map) out_ += one_in(5) ? "\"" + tree.keys[all[i]] + "\": " : tree.keys[all[i]] + ": ";
        if (map) gap_in_brackets(indent);
        in_braces(tree.items[all[i]], indent);
        gap_in_brackets(indent);
        if (i + 1 < all.size() || one_in(9)) out_ += ",";
        gap_in_brackets(indent);
      }
      out_ += map ? "}" : "]";
    }
  }

  // Behind "key:" or "-", up to the end of the line and further.
  void value(const Tree& tree, std::size_t indent, bool of_list) {
    const bool holds = !tree.items.empty();
    if (tree.kind == Node::Kind::null) {
      if (one_in(2)) out_ += " ~";
      behind("");
    } else if (holds && !one_in(3)) {
      if (of_list && !one_in(4)) {
        const auto more = upto(2);
        out_.append(1 + more, ' ');
        return block(tree, indent + 2 + more, true);
      }
      behind("");
      out_ += "\n";
      const bool flat = tree.kind == Node::Kind::list && !of_list && one_in(3);
      return block(tree, indent + (flat ? 0 : 1 + upto(3)), false);
    } else {
      if (one_in(8)) {
        behind("", 3);
        out_ += "\n";
        if (with_comments_ && one_in(3)) out_ += std::string(upto(6), ' ') + comment() + "\n";
        out_.append(indent + 1, ' ');
      }
      space(1);
      if (tree.kind == Node::Kind::scalar) {
        out_ += word(tree, false, indent + 1);
        behind(name(tree));
      } else {
        in_braces(tree, indent + 1);
        behind("");
      }
    }
    out_ += one_in(9) ? "  \n" : "\n";
  }

  void block(const Tree& tree, std::size_t indent, bool begun) {
    const bool map = tree.kind == Node::Kind::map;
    for (const auto i : order(tree)) {
      if (!begun) {
        lines_between(indent, indent == 0 ? "" : name(tree.items[i]));
        out_.append(indent, ' ');
      }
      begun = false;
      out_ += !map ? "-" : one_in(5) ? "'" + tree.keys[i] + "':" : tree.keys[i] + ":";
      value(tree.items[i], indent, !map);
    }
  }

  std::mt19937 random_;
  Tree root_;
  std::string out_;
  int count_ = 0, comment_count_ = 0;
  bool with_comments_ = true;
};

}  // namespace sekisho::config
