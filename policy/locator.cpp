#include <array>
#include <variant>

#include "policy/adapter.h"

namespace sekisho::policy {
namespace {

// Kinds and functions of the language that this version does not read. Named, so that an adapter that uses
// one is told so instead of "unknown".
constexpr std::array<std::string_view, 3> later_kinds = {"form", "xml", "token"};
constexpr std::array<std::string_view, 4> later_functions = {"span", "last", "recall", "amount"};

template <class List>
bool has(const List& list, std::string_view word) {
  for (auto entry : list)
    if (entry == word) return true;
  return false;
}

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

// One reference token of RFC 6901: "~1" is "/", "~0" is "~", nothing else may follow "~".
std::optional<std::string> unescape(std::string_view token) {
  std::string out;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '~') {
      out += token[i];
    } else if (++i < token.size() && (token[i] == '0' || token[i] == '1')) {
      out += token[i] == '0' ? '~' : '/';
    } else {
      return std::nullopt;
    }
  }
  return out;
}

// Fills `steps`; the answer is the error, empty when there is none.
std::string read_pointer(std::string_view pointer, std::vector<std::string>& steps) {
  if (pointer.empty()) return "names the whole body; name a field, as in 'json:/quantity'";
  if (pointer[0] != '/') return "must begin with '/', as in 'json:/quantity'";
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const auto token = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(token.size());
    if (token == "**") return "uses '**', which is not supported by this version";
    if (token.starts_with('['))
      return "uses a filter " + quoted(token) + ", which is not supported by this version";
    if (token == "-") return "uses '-', which never names an element";
    auto step = unescape(token);
    if (!step) return "has a '~' that is not '~0' or '~1'";
    steps.push_back(std::move(*step));
  }
  return {};
}

// The word before the first '(' or ':'; what decides how the rest is read.
std::string_view head_of(std::string_view text) { return text.substr(0, text.find_first_of("(:")); }

std::string read_kind(std::string_view text, Locator& locator) {
  const auto kind = head_of(text);
  if (kind.size() == text.size() || text[kind.size()] != ':')
    return "has no kind; write one of json:, query:, path:, header:, const:";
  const auto rest = text.substr(kind.size() + 1);
  if (kind == "json") {
    locator.kind = Locator::Kind::json;
    return read_pointer(rest, locator.steps);
  }
  if (kind == "query") {
    locator.kind = Locator::Kind::query;
  } else if (kind == "path") {
    locator.kind = Locator::Kind::path;
  } else if (kind == "header") {
    locator.kind = Locator::Kind::header;
  } else if (kind == "const") {
    locator.kind = Locator::Kind::constant;
  } else if (has(later_kinds, kind)) {
    return "is of the kind " + quoted(kind) + ", which is not supported by this version";
  } else {
    return "has the unknown kind " + quoted(kind) + "; write one of json:, query:, path:, header:, const:";
  }
  locator.text = rest;
  if (rest.empty()) return "has nothing behind " + quoted(std::string(kind) + ":");
  if (locator.kind != Locator::Kind::constant && rest.find_first_of(" \t/{}()") != rest.npos)
    return "is not a name: " + quoted(rest);
  if (locator.kind == Locator::Kind::constant && locator.optional)
    return "is a constant, which is never absent";
  return {};
}

std::string read(std::string_view text, Locator& locator) {
  if (text.ends_with('?')) {
    locator.optional = true;
    text.remove_suffix(1);
  }
  const auto head = head_of(text);
  if (head.size() == text.size() || text[head.size()] == ':') return read_kind(text, locator);

  if (has(later_functions, head)) return "uses " + quoted(head) + ", which is not supported by this version";
  if (head != "count" && head != "sum" && head != "type_of")
    return "has the unknown function " + quoted(head) + "; write count(...), sum(...) or type_of(...)";
  if (!text.ends_with(')')) return "lacks its closing ')'";
  auto inner = text.substr(head.size() + 1, text.size() - head.size() - 2);
  if (inner.ends_with('?')) {
    locator.optional = true;
    inner.remove_suffix(1);
  }
  locator.function = head == "count" ? Locator::Function::count
                     : head == "sum" ? Locator::Function::sum
                                     : Locator::Function::type_of;
  if (inner.find_first_of("()") != inner.npos) return "has a function inside a function";
  if (head == "type_of") {
    // The type of a number that never changes is known to whoever writes the file.
    if (inner.starts_with("const:"))
      return "takes the type of a constant; write the type, as in 'const:fixed'";
    return read_kind(inner, locator);
  }
  if (!inner.starts_with("json:"))
    return "counts something that is not in the body; write " + std::string(head) + "(json:/...)";
  return read_kind(inner, locator);
}

}  // namespace

std::variant<Locator, std::string> parse_locator(std::string_view text) {
  Locator locator;
  locator.source = text;
  const auto error = read(text, locator);
  if (!error.empty()) return "the locator " + quoted(text) + " " + error;
  return locator;
}

}  // namespace sekisho::policy
