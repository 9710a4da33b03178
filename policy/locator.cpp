#include "policy/locator.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace sekisho::policy {
namespace {

using Kind = Locator::Kind;
using Function = Locator::Function;

struct KindWord {
  std::string_view word;
  Kind kind;
};
constexpr std::array<KindWord, 8> kinds = {{{"json", Kind::json},
                                            {"form", Kind::form},
                                            {"xml", Kind::xml},
                                            {"query", Kind::query},
                                            {"path", Kind::path},
                                            {"header", Kind::header},
                                            {"token", Kind::token},
                                            {"const", Kind::constant}}};
constexpr std::string_view kinds_told = "json:, form:, xml:, query:, path:, header:, token:, const:";

struct FunctionWord {
  std::string_view word;
  Function function;
};
constexpr std::array<FunctionWord, 6> functions = {{{"count", Function::count},
                                                    {"sum", Function::sum},
                                                    {"span", Function::span},
                                                    {"type_of", Function::type_of},
                                                    {"recall", Function::recall},
                                                    {"amount", Function::value}}};
constexpr std::string_view functions_told =
    "count(...), sum(...), span(..., ...), amount(...), type_of(...) or recall(...)";

template <class List>
auto find_word(const List& list, std::string_view word) {
  return std::find_if(list.begin(), list.end(), [&](const auto& entry) { return entry.word == word; });
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

// "0", "17": an index as RFC 6901 writes it.
std::optional<std::size_t> index_of(std::string_view step) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
  if (error != std::errc() || end != step.data() + step.size() || (step.size() > 1 && step[0] == '0'))
    return std::nullopt;
  return index;
}

// A name that every XML parser takes for one, without a namespace prefix.
bool is_xml_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && letter(name[0]) && std::all_of(name.begin(), name.end(), [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

// Each reader of a part fills `locator` or tells the error; empty when there is none.

std::string read_json_step(std::string_view token, PathStep& step) {
  if (token == "*") return step.kind = PathStep::Kind::any, "";
  if (token == "**") return step.kind = PathStep::Kind::deep, "";
  if (token == "-") return "uses '-', which never names an element";
  if (token.starts_with('[')) {
    const auto equals = token.find('=');
    if (!token.ends_with(']') || equals == token.npos || equals == 1)
      return "has the filter " + quoted(token) + "; write it as '[key=value]'";
    if (token.find("][") != token.npos)
      return "has several filters in " + quoted(token) + "; write each as a step, as in '/[a=b]/[c=d]'";
    step.kind = PathStep::Kind::matching;
    const auto value = unescape(token.substr(equals + 1, token.size() - equals - 2));
    if (!value) return "has a '~' that is not '~0' or '~1'";
    step.value = *value;
    token = token.substr(1, equals - 1);
  }
  const auto name = unescape(token);
  if (!name) return "has a '~' that is not '~0' or '~1'";
  step.name = *name;
  step.index = index_of(*name);
  return {};
}

std::string read_xml_step(std::string_view token, PathStep& step) {
  if (token == "*") return step.kind = PathStep::Kind::any, "";
  if (token.starts_with('@')) {
    step.kind = PathStep::Kind::attribute;
    token.remove_prefix(1);
  }
  if (token.find(':') != token.npos)
    return "has a namespace prefix in " + quoted(token) + ", and elements are named without one";
  if (!is_xml_name(token)) return "has " + quoted(token) + ", which is no plain name of an element";
  step.name = token;
  return {};
}

std::string read_steps(std::string_view path, Locator& locator) {
  const bool json = locator.kind == Kind::json;
  const std::string example = json ? "'json:/quantity'" : "'xml:/Order/Quantity'";
  if (path.empty()) return "names the whole body; name a field, as in " + example;
  if (path[0] != '/') return "must begin with '/', as in " + example;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto token = path.substr(0, path.find('/'));
    path.remove_prefix(token.size());
    PathStep step;
    if (auto error = json ? read_json_step(token, step) : read_xml_step(token, step); !error.empty())
      return error;
    locator.steps.push_back(std::move(step));
  }
  if (json) {
    const auto is_deep = [](const PathStep& step) { return step.kind == PathStep::Kind::deep; };
    if (is_deep(locator.steps.back())) return "ends with '**'; name what is looked for behind it";
    if (std::count_if(locator.steps.begin(), locator.steps.end(), is_deep) > 1)
      return "uses '**' twice, and would find some places twice";
    return {};
  }
  if (locator.steps.front().kind != PathStep::Kind::name)
    return "must begin with the name of the outermost element";
  for (std::size_t i = 0; i + 1 < locator.steps.size(); ++i)
    if (locator.steps[i].kind == PathStep::Kind::attribute)
      return "goes on behind an attribute, which holds nothing";
  return {};
}

// The word before the first '(' or ':'; what decides how the rest is read.
std::string_view head_of(std::string_view text) { return text.substr(0, text.find_first_of("(:")); }

std::string read_kind(std::string_view text, Locator& locator) {
  const auto word = head_of(text);
  if (word.size() == text.size() || text[word.size()] != ':')
    return "has no kind; write one of " + std::string(kinds_told);
  const auto rest = text.substr(word.size() + 1);
  const auto entry = find_word(kinds, word);
  if (entry == kinds.end())
    return "has the unknown kind " + quoted(word) + "; write one of " + std::string(kinds_told);
  locator.kind = entry->kind;
  if (locator.kind == Kind::json || locator.kind == Kind::xml) return read_steps(rest, locator);
  locator.text = rest;
  if (rest.empty()) return "has nothing behind " + quoted(std::string(word) + ":");
  if (locator.kind == Kind::constant) return locator.optional ? "is a constant, which is never absent" : "";
  // A claim may be named by a URL.
  if (rest.find_first_of(locator.kind == Kind::token ? " \t{}()" : " \t/{}()") != rest.npos)
    return "is not a name: " + quoted(rest);
  return {};
}

void take_question_mark(std::string_view& text, Locator& locator) {
  if (!text.ends_with('?')) return;
  locator.optional = true;
  text.remove_suffix(1);
}

bool begins_with_kind(std::string_view text) {
  const auto word = head_of(text);
  return word.size() < text.size() && text[word.size()] == ':' && find_word(kinds, word) != kinds.end();
}

// "json:/first, json:/last": the comma is the one that a second locator follows.
std::string read_span(std::string_view inner, Locator& locator) {
  for (auto comma = inner.find(','); comma != inner.npos; comma = inner.find(',', comma + 1)) {
    auto second = inner.substr(comma + 1);
    while (second.starts_with(' ')) second.remove_prefix(1);
    if (!begins_with_kind(second)) continue;
    auto last = std::make_shared<Locator>();
    last->source = locator.source;
    auto first = inner.substr(0, comma);
    take_question_mark(first, locator);
    take_question_mark(second, *last);
    if (auto error = read_kind(first, locator); !error.empty()) return error;
    if (auto error = read_kind(second, *last); !error.empty()) return error;
    if (locator.in_body() && last->in_body() && locator.kind != last->kind)
      return "looks into a body of two formats";
    for (const Locator* end :
         {static_cast<const Locator*>(&locator), static_cast<const Locator*>(last.get())})
      if (end->has_step(PathStep::Kind::any) || end->has_step(PathStep::Kind::deep))
        return "may find several first or last numbers";
    last->optional = locator.optional = locator.optional || last->optional;
    locator.last = std::move(last);
    return {};
  }
  return "needs a first and a last number, as in 'span(json:/first, json:/last)'";
}

std::string read_function(std::string_view text, Locator& locator);

std::string read_inner(std::string_view inner, Locator& locator) {
  using F = Function;
  if (locator.function == F::span) return read_span(inner, locator);
  const auto head = head_of(inner);
  const bool nested = head.size() < inner.size() && inner[head.size()] == '(';
  const bool adds_amounts = locator.function == F::sum && head == "amount";
  const bool type_of_span = locator.function == F::type_of && head == "span";
  if (nested && (adds_amounts || type_of_span)) {
    const auto outer = locator.function;
    if (auto error = read_function(inner, locator); !error.empty()) return error;
    locator.function = outer;
  } else if (inner.find_first_of("()") != inner.npos) {
    return "has a function inside a function";
  } else if (auto error = read_kind(inner, locator); !error.empty()) {
    return error;
  }
  const bool constant = locator.kind == Kind::constant;
  // The type of a number that never changes is known to whoever writes the file.
  if (locator.function == F::type_of && constant)
    return "takes the type of a constant; write the type, as in 'const:fixed'";
  if (locator.function == F::recall && constant) return "recalls a constant, which is no order's id";
  if (locator.function == F::recall &&
      (locator.has_step(PathStep::Kind::any) || locator.has_step(PathStep::Kind::deep)))
    return "may find several ids to recall";
  if ((locator.function == F::count || locator.function == F::sum) && !locator.in_body())
    return "counts something that is not in the body; write json:, form: or xml:";
  return {};
}

std::string read_function(std::string_view text, Locator& locator) {
  const auto head = head_of(text);
  const auto entry = find_word(functions, head);
  if (entry == functions.end())
    return "has the unknown function " + quoted(head) + "; write " + std::string(functions_told);
  if (!text.ends_with(')')) return "lacks its closing ')'";
  auto inner = text.substr(head.size() + 1, text.size() - head.size() - 2);
  if (entry->function != Function::span) take_question_mark(inner, locator);
  locator.function = entry->function;
  locator.amounts = head == "amount";
  return read_inner(inner, locator);
}

std::string read(std::string_view text, Locator& locator) {
  take_question_mark(text, locator);
  const auto head = head_of(text);
  if (head.size() == text.size() || text[head.size()] == ':') return read_kind(text, locator);
  return read_function(text, locator);
}

}  // namespace

bool Locator::has_step(PathStep::Kind step) const {
  return std::any_of(steps.begin(), steps.end(), [step](const PathStep& one) { return one.kind == step; });
}

const Locator* Locator::place_in_body() const {
  if (in_body()) return this;
  if (last && last->in_body()) return last.get();
  for (const auto& other : others)
    if (const auto* place = other.place_in_body()) return place;
  return nullptr;
}

std::variant<Locator, std::string> parse_locator(std::string_view text) {
  Locator locator;
  locator.source = text;
  const auto error = read(text, locator);
  if (!error.empty()) return "the locator " + quoted(text) + " " + error;
  return locator;
}

}  // namespace sekisho::policy
