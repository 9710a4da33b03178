// Formatting a policy file: one shape for all, and nothing of it lost.
#include "config/policy_format.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "config/yaml.h"
#include "tests/config/written.h"

namespace sekisho::config {
namespace {

const std::filesystem::path pairs = std::filesystem::path(SEKISHO_SOURCE_DIR) / "tests/config/formatted";
const std::string head = "schema: sekisho/policy/v1\n";

std::string formatted(const std::string& text) {
  Folder folder;
  const auto out = format_policy(folder.write("f", text));
  return out ? out.text : print(out.errors);
}

TEST(PolicyFormat, the_example_is_in_house_format_already) {
  const auto out = format_policy(contract / "policy.yaml");
  EXPECT_EQ(print(out.errors), "");
  EXPECT_EQ(out.text, contents(contract / "policy.yaml"));
  EXPECT_FALSE(out.changed());
}

TEST(PolicyFormat, ugly_files_and_what_becomes_of_them) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(pairs)) {
    auto name = entry.path().filename().string();
    const auto ugly = name.find(".ugly");
    if (ugly == name.npos) continue;
    SCOPED_TRACE(name);
    const auto pretty = pairs / name.erase(ugly, 5);
    const auto out = format_policy(entry.path());
    EXPECT_EQ(print(out.errors), "");
    EXPECT_EQ(out.text, contents(pretty));
    EXPECT_TRUE(out.changed());
    EXPECT_EQ(format_policy(pretty).text, contents(pretty));
    ++count;
  }
  EXPECT_GE(count, 5);
}

TEST(PolicyFormat, lines_end_as_they_do_here_and_with_one_newline) {
  const auto want = head + "name: x  # c\n\nrules: []\n";
  EXPECT_EQ(formatted("\xef\xbb\xbf" + head + "name:  'x' # c  \r\n\r\n\r\nrules: [ ]\r\n\r\n\r\n"), want);
  EXPECT_EQ(formatted("schema: sekisho/policy/v1\nname: x  # c\nrules: []"), want);
  EXPECT_EQ(formatted("---\n{ rules: [],name: x, # c\n schema: sekisho/policy/v1 }\n...\n"), want);
}

TEST(PolicyFormat, quotation_marks_stay_where_they_have_a_meaning) {
  const std::pair<std::string, std::string> cases[] = {{"'yes'", "\"yes\""},
                                                       {"No", "No"},
                                                       {"\"100\"", "\"100\""},
                                                       {"100", "100"},
                                                       {"'$x'", "\"$x\""},
                                                       {"$x", "$x"},
                                                       {"'Null'", "\"Null\""},
                                                       {"''", "\"\""},
                                                       {"'2026-04-01'", "\"2026-04-01\""},
                                                       {"'plain'", "plain"},
                                                       {"\"a\\\\b\\\"\"", "a\\b\""},
                                                       {"'\"a\" b'", "'\"a\" b'"},
                                                       {"'''a'': b'", "\"'a': b\""},
                                                       {"'a # b'", "\"a # b\""},
                                                       {"'a#b'", "a#b"},
                                                       {"'a:b'", "a:b"},
                                                       {"'&a'", "\"&a\""},
                                                       {"'日本、東京'", "日本、東京"},
                                                       {"\"a\\x07\"", "\"a\\x07\""},
                                                       {"'a?b ?c'", "a?b ?c"},
                                                       {"'... a'", "\"... a\""}};
  for (const auto& [was, is] : cases) {
    EXPECT_EQ(formatted(head + "x: " + was + "\n"), head + "x: " + is + "\n");
    const auto in_list = formatted(head + "x: [" + was + "]\n");
    if (was != "'a?b ?c'") {
      EXPECT_EQ(in_list, head + "x: [" + is + "]\n");
    } else {
      EXPECT_EQ(in_list, head + "x:\n  - " + is + "\n");
    }
  }
  EXPECT_EQ(formatted(head + "'yes': 1\n\"a\": 2\n'b: c': 3\n"), head + "\"yes\": 1\na: 2\n\"b: c\": 3\n");
}

TEST(PolicyFormat, comments_begin_where_yaml_says) {
  EXPECT_EQ(formatted(head + "x: a#b #c\n"), head + "x: a#b  #c\n");
  EXPECT_EQ(formatted(head + "x: 'it''s # not' # but\n"), head + "x: \"it's # not\"  # but\n");
  EXPECT_EQ(formatted(head + "x: \"a \\\" # not\" # but\n"), head + "x: 'a \" # not'  # but\n");
  EXPECT_EQ(formatted(head + "x: it's # a\ny: don't # b\n"), head + "x: it's  # a\ny: don't  # b\n");
  EXPECT_EQ(formatted(head + "x: [a,#c\n b]\n"), head + "x:\n  - a  #c\n  - b\n");
  EXPECT_EQ(formatted(head + "x: a } ] # c\n"), head + "x: a } ]  # c\n");
  EXPECT_EQ(formatted(head + "x: 'a\n  # text\n  b' # c\n"), head + "x: \"a # text b\"  # c\n");
  EXPECT_EQ(formatted(head + "x: a # 一\n# 二\ny: b\n"), head + "x: a  # 一\n# 二\ny: b\n");
}

TEST(PolicyFormat, files_that_cannot_be_formatted) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "f: is empty\n"},
      {"rules: []\n", "f:1:1: the line 'schema: sekisho/policy/v1' is missing\n"},
      {"schema: sekisho/clients/v1\n", "f:1:9: expected 'sekisho/policy/v1', not 'sekisho/clients/v1'\n"},
      {head + "a: 1\na: 2\n", "f:3:1: the key 'a' is repeated; it stands on line 2 already\n"},
      {head + "a: &b c\n", "f:2:4: anchors (&name) are not read here; write the value out\n"},
      {head + "a: ! c\n", "f:2:4: tags (!name) are not read here; leave it out\n"},
      {head + "a: ! [c]\n", "f:2:4: tags (!name) are not read here; leave it out\n"},
      {head + "a: 'b\n", "f:2:4: is not YAML: the quotation that opens here is never closed\n"},
      {head + "a: |\n  b # no comment\n",
       "f:2:4: block text (|) cannot be formatted; write it on one line, in quotation marks where needed\n"},
      {head + "a: [>-\n  b\n  ]\n", "is not YAML"},
      {head + "a:\n  - >\n    b\n",
       "f:3:5: block text (>) cannot be formatted; write it on one line, in quotation marks where needed\n"},
      {"%YAML 1.2\n---\n" + head,
       "f:1:1: a line that begins with '%' (a YAML directive) cannot be formatted; leave it out\n"},
      {head + "a:\n  -\n  - b\n",
       "f:3:3: an item of the list that begins here is nothing; write it out or leave it out\n"},
      {head + "a: b\rc\n", "f:2:5: a carriage return stands within this line\n"},
  };
  for (const auto& [text, error] : cases)
    EXPECT_NE(formatted(text).find(error), std::string::npos) << formatted(text);
  EXPECT_FALSE(format_policy("/nowhere/at/all"));
}

// Makes up a policy file and writes it in as many ways as a hand could.
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

// A tree in one spelling: keys sorted, and which scalars are certainly text where this matters.
std::string spelled(const Node& node) {
  if (node.kind == Node::Kind::null) return "~";
  if (node.kind == Node::Kind::scalar)
    return (node.quoted && Scribbler::is_special(node.text) ? "text <" : "<") + node.text + ">";
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < node.items.size(); ++i)
    parts.push_back((node.keys.empty() ? "" : node.keys[i].text + "=") + spelled(node.items[i]));
  if (node.kind == Node::Kind::map) std::sort(parts.begin(), parts.end());
  std::string out = node.kind == Node::Kind::map ? "{" : "[";
  for (const auto& part : parts) out += part + ";";
  return out + (node.kind == Node::Kind::map ? "}" : "]");
}

std::string facts(const std::filesystem::path& file) {
  Document document(file, "sekisho/policy/v1");
  EXPECT_EQ(print(document.take_errors()), "");
  return document.root() ? spelled(*document.root()) : "";
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

std::string without_empty_lines(const std::string& text) {
  std::string out;
  for (const auto& line : lines(text)) out += line.empty() ? "" : line + "\n";
  return out;
}

// "#c12 above of w3w" stands above the line with w3w, "#c12 behind of w3w" on it, and every number once.
void expect_comments(const std::string& text, int count) {
  const auto all = lines(text);
  const auto code = [&](std::size_t line) { return all[line].substr(0, all[line].find("#c")); };
  std::map<int, int> seen;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto at = all[i].find("#c");
    if (at == std::string::npos) continue;
    ++seen[std::stoi(all[i].substr(at + 2))];
    EXPECT_EQ(all[i].find("#c", at + 1), std::string::npos) << all[i];
    const auto name = all[i].find(" of w", at);
    if (name == std::string::npos) continue;
    auto line = i;
    if (all[i].find(" above ", at) != std::string::npos)
      while (line + 1 < all.size() && code(line).find_first_not_of(' ') == std::string::npos) ++line;
    EXPECT_NE(code(line).find(all[i].substr(name + 4)), std::string::npos) << all[i] << "\n" << all[line];
  }
  for (int i = 0; i < count; ++i) EXPECT_EQ(seen[i], 1) << "comment " << i;
}

TEST(PolicyFormat, sixty_scribbled_files) {
  Folder folder;
  for (unsigned seed = 1; seed <= 60; ++seed) {
    Scribbler scribbler(seed);
    const auto text = scribbler.scribble(seed, true);
    const auto ugly = folder.write("ugly", text);
    const auto out = format_policy(ugly);
    const auto file = folder.write("formatted", out.text);
    EXPECT_EQ(print(out.errors), "");
    EXPECT_EQ(facts(file), facts(ugly));
    expect_comments(out.text, scribbler.comments());
    EXPECT_EQ(format_policy(file).text, out.text);
    // However the same is written: one text, but for the empty lines that are the author's.
    const auto one = format_policy(folder.write("one", scribbler.scribble(seed + 1, false)));
    const auto other = format_policy(folder.write("other", scribbler.scribble(seed + 2, false)));
    EXPECT_EQ(print(one.errors) + without_empty_lines(one.text), without_empty_lines(other.text));
    if (HasFailure()) FAIL() << "seed " << seed << "\n" << text << "======\n" << out.text;
  }
}

}  // namespace
}  // namespace sekisho::config
