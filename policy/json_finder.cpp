#include "policy/json_finder.h"

#include "policy/text_rules.h"

namespace sekisho::policy {
namespace {

namespace dom = simdjson::dom;
using Kind = PathStep::Kind;

class JsonFinder {
 public:
  JsonFinder(const std::vector<PathStep>& steps, Writer writer, Found& found)
      : steps_(steps), writer_(writer), found_(found) {}

  void find(dom::element root) {
    walk(root, 0);
    if (stopped()) return;
    if (misses_ > 0 && !found_.values.empty())
      found_.error = "it stands in some elements and is missing in others";
    else
      found_.absent = found_.values.empty() && (misses_ > 0 || searched_);
  }

 private:
  bool stopped() const { return !found_.error.empty(); }

  void walk(dom::element element, std::size_t at) {
    if (stopped()) return;
    if (element.is_null()) {
      ++misses_;
    } else if (at == steps_.size()) {
      found_.values.push_back({.json = element});
    } else if (steps_[at].kind == Kind::deep) {
      searched_ = true;
      search(element, at + 1);
    } else if (element.is_object() && steps_[at].kind == Kind::name) {
      if (!walk_member(dom::object(element), at)) ++misses_;
    } else if (element.is_object() && narrows(at)) {
      walk_matching(element, at, false);
    } else if (element.is_array()) {
      walk_items(dom::array(element), at);
    } else {
      const bool list = steps_[at].kind != Kind::name;
      found_.error = "'" + told(steps_[at]) + "' was looked for in something that is not " +
                     (list ? "a list" : "an object");
    }
  }

  // A filter behind a filter is about the same element.
  bool narrows(std::size_t at) const {
    return at > 0 && steps_[at].kind == Kind::matching && steps_[at - 1].kind == Kind::matching;
  }

  // Whether the key is there.
  bool walk_member(dom::object object, std::size_t at) {
    const auto member = member_of(object, steps_[at].name);
    if (member) walk(*member, at + 1);
    return member || stopped();
  }

  void walk_items(dom::array array, std::size_t at) {
    const PathStep& step = steps_[at];
    if (step.kind == Kind::any) {
      for (dom::element item : array) walk(item, at + 1);
    } else if (step.kind == Kind::matching) {
      for (dom::element item : array) walk_matching(item, at, false);
    } else if (!step.index) {
      found_.error = "'" + step.name + "' was looked for in a list";
    } else {
      dom::element item;
      if (array.at(*step.index).get(item) == simdjson::SUCCESS)
        walk(item, at + 1);
      else
        ++misses_;
    }
  }

  // An element that does not say by which it would match is not passed over: it may count as a match for the
  // carrier. While searching at any depth, only if it holds what is looked for.
  void walk_matching(dom::element item, std::size_t at, bool searching) {
    if (stopped()) return;
    const PathStep& step = steps_[at];
    dom::object object;
    std::optional<dom::element> member;
    if (item.get_object().get(object) == simdjson::SUCCESS) member = member_of(object, step.name);
    if (stopped()) return;
    std::string text;
    if (member && member->is_string())
      text = std::string_view(*member);
    else if (member && member->is_int64())
      text = std::to_string(std::int64_t(*member));
    else if (member && member->is_bool())
      text = bool(*member) ? "true" : "false";
    else if (!searching || holds_rest(item, at))
      found_.error = "an element has no '" + step.name + "' to tell whether it is meant";
    else
      return;
    if (stopped()) return;
    if (text == step.value)
      walk(item, at + 1);
    else if (writer_ == Writer::caller && same_ignoring_case(text, step.value))
      found_.error = "'" + step.name + "' differs from '" + step.value + "' only in case";
  }

  // Whether the element has, or may have for other parsers, what stands behind this filter and the next ones.
  bool holds_rest(dom::element item, std::size_t at) {
    if (!item.is_object() && !item.is_array()) return false;
    while (at + 1 < steps_.size() && steps_[at + 1].kind == Kind::matching) ++at;
    Found rest;
    JsonFinder inner(steps_, writer_, rest);
    inner.walk(item, at + 1);
    return !rest.values.empty() || inner.misspelt_;
  }

  // Every place from here down where step `at` fits; where it does not, nothing is missing.
  void search(dom::element element, std::size_t at) {
    if (stopped()) return;
    const PathStep& step = steps_[at];
    if (element.is_object()) {
      const dom::object object(element);
      if (step.kind == Kind::name) walk_member(object, at);
      for (const auto& field : object) search(field.value, at);
    } else if (element.is_array()) {
      std::size_t index = 0;
      for (dom::element item : dom::array(element)) {
        if (step.kind == Kind::any || (step.index && *step.index == index)) walk(item, at + 1);
        if (step.kind == Kind::matching) walk_matching(item, at, true);
        search(item, at);
        ++index;
      }
    }
  }

  std::optional<dom::element> member_of(dom::object object, const std::string& name) {
    std::optional<dom::element> member;
    for (const auto& field : object) {
      if (field.key.size() != name.size()) continue;
      if (field.key == name) {
        member = field.value;
      } else if (writer_ == Writer::caller && same_ignoring_case(field.key, name)) {
        found_.error = "there is a key that differs from '" + name + "' only in case";
        misspelt_ = true;
        return std::nullopt;
      }
    }
    return member;
  }

  static std::string told(const PathStep& step) {
    if (step.kind == Kind::any) return "*";
    return step.kind == Kind::matching ? "[" + step.name + "=" + step.value + "]" : step.name;
  }

  const std::vector<PathStep>& steps_;
  const Writer writer_;
  Found& found_;
  std::size_t misses_ = 0;
  bool searched_ = false;  // "**": what no place fits is absent
  bool misspelt_ = false;
};

}  // namespace

void find_in_json(dom::element root, const std::vector<PathStep>& steps, Writer writer, Found& found) {
  JsonFinder(steps, writer, found).find(root);
}

std::optional<BodySpan> token_in_json(std::string_view body, const std::vector<PathStep>& steps) {
  namespace ondemand = simdjson::ondemand;
  const simdjson::padded_string padded(body);
  ondemand::parser reader;
  ondemand::document document;
  ondemand::value value;
  if (reader.iterate(padded).get(document) || document.get_value().get(value)) return std::nullopt;
  for (const auto& step : steps) {
    bool stepped = false;
    ondemand::json_type type;
    if (step.kind != Kind::name || value.type().get(type)) return std::nullopt;
    if (type == ondemand::json_type::object) {
      ondemand::object object;
      if (value.get_object().get(object)) return std::nullopt;
      for (auto field : object) {
        std::string_view key;
        if (field.unescaped_key().get(key)) return std::nullopt;
        if (key != step.name) continue;
        if (field.value().get(value)) return std::nullopt;
        stepped = true;
        break;
      }
    } else if (type == ondemand::json_type::array) {
      ondemand::array array;
      if (!step.index || value.get_array().get(array) || array.at(*step.index).get(value))
        return std::nullopt;
      stepped = true;
    }
    if (!stepped) return std::nullopt;
  }
  bool scalar = false;
  if (value.is_scalar().get(scalar) || !scalar) return std::nullopt;
  auto token = value.raw_json_token();
  while (!token.empty() && std::string_view(" \t\r\n").find(token.back()) != std::string_view::npos)
    token.remove_suffix(1);
  return BodySpan{std::size_t(token.data() - padded.data()), token.size()};
}

}  // namespace sekisho::policy
