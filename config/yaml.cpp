#include "config/yaml.h"

#include <utf8proc.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "config/files_read.h"
#include "config/nearest.h"
#include "config/yaml_words.h"

namespace sekisho::config {
namespace {

constexpr std::size_t max_bytes = 8 << 20;
constexpr std::size_t most_told = 8;  // keys, where none is near to an unknown one

// Inside { } and [ ] yaml-cpp ends a word at any "?", also in "json:/area?". A "?" that is glued behind a
// character is text everywhere in YAML, so it goes past yaml-cpp as a byte that no file holds (check_text),
// and comes back.
constexpr char hidden = '\x01';

std::string hide_question_marks(std::string text) {
  for (std::size_t i = 1; i < text.size(); ++i)
    if (text[i] == '?' && std::string_view(" \t\r\n[{,").find(text[i - 1]) == std::string_view::npos)
      text[i] = hidden;
  return text;
}

// yaml-cpp takes a file that ends with a line inside a quotation for a whole one, but complains when it ends
// within a line. So every file gets this comment behind its last line.
constexpr std::string_view last_line = "\n#";

std::string restored(std::string text) {
  std::replace(text.begin(), text.end(), hidden, '?');
  return text;
}

Place place_of(const YAML::Mark& mark) {
  return mark.is_null() ? Place{} : Place{mark.line + 1, mark.column + 1};
}

// The place, or the end of the text when it is behind that.
Place within(std::string_view text, Place place) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  const int lines = 1 + static_cast<int>(std::count(text.begin(), text.end(), '\n'));
  if (place.line <= lines) return place;
  return {lines, static_cast<int>(text.size() - (text.rfind('\n') + 1)) + 1};
}

// Makes nodes of yaml-cpp's events. Its own node tree drops repeated keys and forgets where nothing stood.
class Builder : public YAML::EventHandler {
 public:
  explicit Builder(Document& document) : document_(document) {}
  Node root;

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    check(mark, "", anchor);
    add({});  // its mark is that of whatever comes next
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    document_.error(place_of(mark), "aliases (*name) are not read here; write the value out");
    add({.place = place_of(mark)});
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check(mark, tag, anchor);
    add({.kind = Node::Kind::scalar, .place = place_of(mark), .text = restored(value), .quoted = tag == "!"});
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    check(mark, tag, anchor);
    open_.push_back({.kind = Node::Kind::list, .place = place_of(mark)});
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    check(mark, tag, anchor);
    open_.push_back({.kind = Node::Kind::map, .place = place_of(mark)});
  }
  void OnMapEnd() override { close(); }

 private:
  void check(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor)
      document_.error(place_of(mark), "anchors (&name) are not read here; write the value out");
    if (!tag.empty() && tag != "?" && tag != "!")
      document_.error(place_of(mark), "tags (!name) are not read here; leave it out");
  }

  void close() {
    Node node = std::move(open_.back());
    open_.pop_back();
    add(std::move(node));
  }

  void add(Node node) {
    if (open_.empty()) {
      root = std::move(node);
      return;
    }
    Node& parent = open_.back();
    if (node.place.line == 0) node.place = parent.keys.empty() ? parent.place : parent.keys.back().place;
    if (parent.kind == Node::Kind::map && parent.keys.size() == parent.items.size()) {
      add_key(parent, std::move(node));
    } else {
      parent.items.push_back(std::move(node));
    }
  }

  void add_key(Node& map, Node key) {
    if (key.kind != Node::Kind::scalar) {
      document_.error(key.place, "a key must be a word, not " + key.found());
    } else if (const auto first = std::find_if(map.keys.begin(), map.keys.end(),
                                               [&](const Node& other) { return other.text == key.text; });
               first != map.keys.end()) {
      document_.error(key.place, "the key " + in_quotes(key.text) + " is repeated; it stands on line " +
                                     std::to_string(first->place.line) + " already");
    }
    map.keys.push_back(std::move(key));
  }

  Document& document_;
  std::vector<Node> open_;  // the lists and maps around what comes next
};

}  // namespace

// What would be a number, yes or no, if no quotation marks made a text of it.
static bool looks_like_a_value(std::string_view text) {
  for (const auto word : {"yes", "no", "true", "false"})
    if (text == word) return true;
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

const Node* Node::find(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size() && i < items.size(); ++i)
    if (keys[i].text == key) return &items[i];
  return nullptr;
}

std::string Node::found() const {
  if (!stands_for.empty()) {
    Node plain = *this;
    plain.stands_for.clear();
    return plain.found() + " (which '" + stands_for + "' stands for)";
  }
  const auto is_step = [](const Node& item) { return item.find("value") != nullptr; };
  switch (kind) {
    case Kind::list:
      if (items.empty()) return "an empty list";
      return std::all_of(items.begin(), items.end(), is_step) ? "a list of dated steps" : "a list";
    case Kind::map:
      return items.empty() ? "an empty map" : "a map";
    case Kind::scalar:
      return in_quotes(text) + (quoted && looks_like_a_value(text) ? " in quotation marks" : "");
    case Kind::null:
      break;
  }
  return "nothing";
}

Document::Document(std::filesystem::path file, std::string_view schema) : file_(std::move(file)) {
  readable_ = read_bytes() && check_text() && parse() && check_schema(schema);
}

Document::Document(std::filesystem::path name, std::string text, std::string_view schema)
    : file_(std::move(name)), bytes_(std::move(text)) {
  readable_ = check_text() && parse() && check_schema(schema);
}

bool Document::read_bytes() {
  FilesRead::note(file_);
  std::error_code failure;
  if (std::filesystem::is_directory(file_, failure)) {
    error({}, "is a directory, not a file");
    return false;
  }
  std::ifstream in(file_, std::ios::binary);
  if (!in) {
    error({}, std::string("cannot be read: ") + std::strerror(errno));
    return false;
  }
  char chunk[32 * 1024];
  while (in && bytes_.size() <= max_bytes) {
    in.read(chunk, sizeof chunk);
    bytes_.append(chunk, static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad()) error({}, std::string("cannot be read: ") + std::strerror(errno));
  if (bytes_.size() > max_bytes) error({}, "is larger than 8 MiB; this cannot be a file of this kind");
  return errors_.empty();
}

// yaml-cpp takes other encodings, and the byte 0x04 for the end of the file: everything behind it would be
// lost.
bool Document::check_text() {
  const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(bytes_.data());
  utf8proc_ssize_t left = static_cast<utf8proc_ssize_t>(bytes_.size());
  Place place{1, 1};
  while (left > 0) {
    utf8proc_int32_t code = 0;
    const auto length = utf8proc_iterate(at, left, &code);
    if (length < 1) {
      error(place, "is not UTF-8 text");
      return false;
    }
    if ((code < 0x20 && code != '\n' && code != '\r' && code != '\t') || code == 0x7f) {
      error(place, "a control character stands here");
      return false;
    }
    place =
        code == '\n' ? Place{place.line + 1, 1} : Place{place.line, place.column + static_cast<int>(length)};
    at += length;
    left -= length;
  }
  return true;
}

bool Document::parse() {
  Builder builder(*this);
  try {
    std::istringstream in(hide_question_marks(bytes_) + std::string(last_line));
    YAML::Parser parser(in);
    if (!parser.HandleNextDocument(builder)) {
      error({}, "is empty");
      return false;
    }
    root_ = std::move(builder.root);
    Builder more(*this);
    if (parser.HandleNextDocument(more)) {
      auto place = more.root.place;
      while (place.line > 1 && !line(place.line).starts_with("---")) place = {place.line - 1, 1};
      error(place, "a second document (---) begins here; one file has one");
      return false;
    }
  } catch (const YAML::Exception& trouble) {
    not_yaml(within(bytes_, place_of(trouble.mark)), restored(trouble.msg));
    return false;
  }
  return true;
}

void Document::not_yaml(const Place& place, const std::string& complaint) {
  const auto text = line(place.line);
  const auto indented = text.substr(0, text.find_first_not_of(" \t"));
  if (const auto tab = indented.find('\t'); tab != indented.npos)
    return error({place.line, static_cast<int>(tab) + 1},
                 "is not YAML: this line is indented with a tab; indent with spaces");
  if (complaint == YAML::ErrorMsg::EOF_IN_SCALAR)
    if (const auto opened = open_quotation(bytes_))
      return error({opened->first, opened->second},
                   "is not YAML: the quotation that opens here is never closed");
  error(place, "is not YAML: " + yaml_complaint(complaint));
}

bool Document::check_schema(std::string_view schema) {
  const std::string line = "schema: " + std::string(schema);
  if (root_.kind != Node::Kind::map) {
    error(root_.place, "expected a map that begins with '" + line + "', not " + root_.found());
    return false;
  }
  const Node* node = root_.find("schema");
  if (!node) {
    error({1, 1}, "the line '" + line + "' is missing");
    return true;
  }
  if (node->text == schema) return true;
  // Of another kind or version: its other lines would be complaints about nothing.
  error(node->place, "expected '" + std::string(schema) + "', not " + node->found());
  return false;
}

void Document::error(const Place& place, std::string text) {
  if (std::find(settled_.begin(), settled_.end(), place) != settled_.end()) return;
  errors_.push_back({file_.string(), place.line, place.column, std::move(text)});
  errors_.back().source = line(place.line);
}

void Document::last_error(const Place& place, std::string text) {
  error(place, std::move(text));
  settle(place);
}

std::string Document::line(int number) const {
  std::string_view rest = bytes_;
  for (int at = 1; number > 0 && !rest.empty(); ++at) {
    auto text = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), text.size() + 1));
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (at == number) return shown(text);
  }
  return "";
}

Errors Document::take_errors() {
  std::stable_sort(errors_.begin(), errors_.end(), [](const FileError& a, const FileError& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
  return std::move(errors_);
}

Fields::Fields(Document& document, const Node& node, std::string what)
    : document_(document), node_(node), what_(std::move(what)), is_map_(node.kind == Node::Kind::map) {
  if (!is_map_) document_.error(node.place, "expected " + what_ + " as a map, not " + node.found());
}

Fields::~Fields() {
  for (const auto& key : node_.keys) {
    if (key.kind != Node::Kind::scalar) continue;  // reported already
    if (std::find(known_.begin(), known_.end(), key.text) != known_.end()) continue;
    document_.error(key.place, "unknown key " + in_quotes(key.text) + " in " + what_ + hint(key.text));
  }
}

std::string Fields::hint(const std::string& key) const {
  if (key.size() == 3 && key.find_first_not_of("0123456789") == key.npos)
    return "; a number is written without commas";
  auto near = did_you_mean(key, known_);
  std::string words;
  std::size_t count = 0;
  for (auto at = known_.begin(); at != known_.end(); ++at) {
    if (std::find(known_.begin(), at, *at) != at) continue;
    words += (count++ ? ", " : "; there can be ") + *at;
  }
  return near.empty() && count <= most_told ? words : near;
}

const Node* Fields::find(std::string_view key) {
  known_.emplace_back(key);
  return node_.find(key);
}

const Node* Fields::need(std::string_view key) {
  const Node* node = find(key);
  if (!node && is_map_) document_.error(node_.place, what_ + " needs '" + std::string(key) + "'");
  return node;
}

void Fields::error(std::string_view key, std::string text) {
  const Node* node = node_.find(key);
  document_.error(node ? node->place : node_.place, std::move(text));
}

}  // namespace sekisho::config
