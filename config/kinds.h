// The kinds of values that stand in files: how each is written, read and bounded.
//
// A kind has `type`, `read(document, node, out)` (false: a complaint was noted at the node) and `says()`, its
// description in messages and reference pages. Kinds with a default in a reference page also have
// `print(value)`.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "config/nearest.h"
#include "config/yaml.h"
#include "policy/calendar.h"
#include "policy/types.h"
#include "policy/words.h"

namespace sekisho::config {

using Milliseconds = std::chrono::milliseconds;

// Notes "expected WHAT, not FOUND" and is false.
bool unexpected(Document& document, const Node& node, const std::string& what);

// One line of free text.
struct Text {
  using type = std::string;
  bool read(Document&, const Node&, std::string& out) const;
  std::string says() const { return "text"; }
  static std::string print(const std::string& value) { return value; }
};

// The name of a rule, a review, a limit's code: stable, outward, so of one spelling only.
struct KebabName {
  using type = std::string;
  bool read(Document&, const Node&, std::string& out) const;
  std::string says() const { return "a name in kebab-case such as 'little-record'"; }
};

// The name of a client, a carrier or a key.
struct Identifier {
  static bool fits(std::string_view text);
  using type = std::string;
  bool read(Document&, const Node&, std::string& out) const;
  std::string says() const { return "a name of letters, digits, '-', '_' and '.'"; }
};

// A field name of HTTP that the gate does not govern itself.
struct HeaderName {
  using type = std::string;
  bool read(Document&, const Node&, std::string& out) const;
  std::string says() const { return "the name of a header"; }
  static std::string print(const std::string& value) { return value; }
};

struct Path {
  using type = std::filesystem::path;
  bool read(Document&, const Node&, std::filesystem::path& out) const;
  std::string says() const { return "a path"; }
  static std::string print(const std::filesystem::path& value) { return value.string(); }
};

struct YesNo {
  using type = bool;
  bool read(Document&, const Node&, bool& out) const;
  std::string says() const { return "yes or no"; }
};

// A plain decimal integer: no sign, no leading zero, no separators.
struct Count {
  std::int64_t min = 0, max = 1'000'000'000;
  using type = std::int64_t;
  bool read(Document&, const Node&, std::int64_t& out) const;
  std::string says() const;
  static std::string print(std::uint64_t value) { return std::to_string(value); }
};

struct Duration {
  Milliseconds min{0}, max{std::chrono::hours(24 * 3660)};
  using type = Milliseconds;
  bool read(Document&, const Node&, Milliseconds& out) const;
  std::string says() const;
  static std::string print(Milliseconds value);
};

struct Size {
  std::int64_t min = 0, max = std::int64_t(1) << 40;
  using type = std::int64_t;  // bytes
  bool read(Document&, const Node&, std::int64_t& out) const;
  std::string says() const;
  static std::string print(std::int64_t bytes);
};

// "5%", kept as 0.05.
struct Share {
  using type = double;
  bool read(Document&, const Node&, double& out) const;
  std::string says() const { return "a share such as 5%, from 0% to 100%"; }
  static std::string print(double value);
};

struct Date {
  using type = policy::JstDate;
  bool read(Document&, const Node&, policy::JstDate& out) const;
  std::string says() const { return "a date such as 2026-04-01"; }
};

// The id of an operator.
struct Operator {
  using type = policy::OperatorId;
  bool read(Document&, const Node&, policy::OperatorId& out) const;
  std::string says() const { return "an operator's id such as 'jp:8999900000001'"; }
};

struct OneOf {
  std::vector<std::string> words;
  using type = std::string;
  bool read(Document&, const Node&, std::string& out) const;
  std::string says() const;
  static std::string print(const std::string& value) { return value; }
};

// A word of a vocabulary.
template <class E>
struct Word {
  using type = E;
  bool read(Document& document, const Node& node, E& out) const {
    if (node.kind == Node::Kind::scalar)
      if (const auto word = policy::parse_word<E>(node.text)) return out = *word, true;
    std::vector<std::string> words;
    for (auto word : words_of(E{})) words.emplace_back(word);
    std::string word;
    return OneOf{std::move(words)}.read(document, node, word);
  }
  std::string says() const { return "one of " + policy::all_words<E>(); }
};

// Words of a vocabulary: one alone, or a list without repetition.
template <class E>
struct Words {
  using type = policy::WordSet<E>;
  bool read(Document& document, const Node& node, policy::WordSet<E>& out) const {
    if (node.kind != Node::Kind::list) return read_one(document, node, out);
    if (node.items.empty()) return unexpected_empty(document, node);
    bool good = true;
    for (const auto& item : node.items) good &= read_one(document, item, out);
    return good;
  }
  std::string says() const { return "one or more of " + policy::all_words<E>(); }

 private:
  static bool unexpected_empty(Document& document, const Node& node) {
    document.error(node.place, "this list is empty, so it would never apply; name one or more of " +
                                   policy::all_words<E>());
    return false;
  }
  static bool read_one(Document& document, const Node& node, policy::WordSet<E>& out) {
    E value{};
    if (!Word<E>{}.read(document, node, value)) return false;
    if (out.has(value))
      return document.error(node.place, "'" + node.text + "' stands in this list twice"), false;
    out.add(value);
    return true;
  }
};

// A list of a kind, with at least one member; `one_alone`: a single member may stand without brackets.
template <class Kind>
struct List {
  Kind kind{};
  bool one_alone = false;
  using type = std::vector<typename Kind::type>;
  bool read(Document& document, const Node& node, type& out) const {
    if (one_alone && node.kind == Node::Kind::scalar) return read_one(document, node, out);
    if (node.kind != Node::Kind::list || node.items.empty()) return unexpected(document, node, says());
    bool good = true;
    for (const auto& item : node.items) good &= read_one(document, item, out);
    return good;
  }
  std::string says() const { return "a list, each member " + kind.says(); }

 private:
  bool read_one(Document& document, const Node& node, type& out) const {
    typename Kind::type value{};
    if (!kind.read(document, node, value)) return false;
    if (std::find(out.begin(), out.end(), value) != out.end())
      return document.error(node.place, node.found() + " stands in this list twice"), false;
    out.push_back(std::move(value));
    return true;
  }
};

}  // namespace sekisho::config
