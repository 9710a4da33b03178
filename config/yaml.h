// A small, strict reader of YAML files: every node knows its line, and every complaint about a file is
// collected.
//
// Refused, because they make a file read otherwise than it looks: repeated keys, anchors, aliases, tags,
// several documents in a file, control characters, text that is not UTF-8.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/file_error.h"

namespace sekisho::config {

struct Place {
  int line = 0, column = 0;  // from 1; columns count bytes
  bool operator==(const Place&) const = default;
};

struct Node {
  enum class Kind { null, scalar, list, map };
  Kind kind = Kind::null;
  Place place;
  std::string text;               // scalar
  bool quoted = false;            // scalar: certainly text, never a number or yes/no
  std::string stands_for;         // the named value ("$x") that it was written as; empty: none
  std::vector<Node> keys, items;  // map: keys[i] names items[i]; list: items

  const Node* find(std::string_view key) const;
  std::string found() const;  // for messages: "a list", "'twelve'", "nothing"
};

// One file. Reading never throws; what is wrong stands in the errors, and `root` is null when nothing can be
// read.
class Document {
 public:
  Document(std::filesystem::path file, std::string_view schema);
  // The text itself; `name` stands in complaints.
  Document(std::filesystem::path name, std::string text, std::string_view schema);

  const Node* root() const { return readable_ ? &root_ : nullptr; }
  const std::filesystem::path& file() const { return file_; }
  const std::string& bytes() const { return bytes_; }
  std::filesystem::path beside(const std::string& path) const {
    return (file_.parent_path() / path).lexically_normal();
  }

  void error(const Place& place, std::string text);
  // And nothing more about this place: what else is said of it follows from this.
  void last_error(const Place& place, std::string text);
  void settle(const Place& place) { settled_.push_back(place); }
  std::string line(int number) const;  // of the file, from 1, as a terminal may have it
  Errors take_errors();                // in the order of lines

  // The value, unless anything was wrong.
  template <class T>
  Loaded<T> finish(T value) {
    Loaded<T> loaded{.errors = take_errors()};
    if (loaded.errors.empty()) loaded.value = std::move(value);
    return loaded;
  }

 private:
  bool read_bytes();
  bool check_text();
  bool parse();
  void not_yaml(const Place& place, const std::string& complaint);
  bool check_schema(std::string_view schema);

  std::filesystem::path file_;
  std::string bytes_;
  Node root_;
  bool readable_ = false;
  Errors errors_;
  std::vector<Place> settled_;
};

// The keys of one map. Ask for every key that may stand there: when this goes out of scope, what was not
// asked for is reported as unknown.
class Fields {
 public:
  Fields(Document& document, const Node& node, std::string what);
  ~Fields();
  Fields(const Fields&) = delete;
  Fields& operator=(const Fields&) = delete;

  const Node* find(std::string_view key);
  const Node* need(std::string_view key);  // and report when it is missing

  // Reads a value by its kind (config/kinds.h). False: absent or wrong.
  template <class Kind, class T>
  bool may(std::string_view key, const Kind& kind, T& out) {
    return take(find(key), kind, out);
  }
  template <class Kind, class T>
  bool need(std::string_view key, const Kind& kind, T& out) {
    return take(need(key), kind, out);
  }
  void error(std::string_view key, std::string text);  // at this key's value
  bool is_map() const { return is_map_; }

 private:
  template <class Kind, class T>
  bool take(const Node* node, const Kind& kind, T& out) {
    typename Kind::type value{};
    if (!node || !kind.read(document_, *node, value)) return false;
    out = std::move(value);
    return true;
  }

  std::string hint(const std::string& key) const;  // for an unknown one

  Document& document_;
  const Node& node_;
  std::string what_;
  bool is_map_;
  std::vector<std::string> known_;
};

}  // namespace sekisho::config
