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
#include "tests/config/scribbler.h"
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
