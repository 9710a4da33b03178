#include "policy/strict_json.h"

#include <algorithm>
#include <charconv>

namespace sekisho::policy {
namespace {

namespace dom = simdjson::dom;

// Memory of a thread's reader: kept between bodies, so that an order costs no allocation here.
thread_local dom::parser parser;
thread_local std::vector<std::string_view> keys;  // of the objects being checked, as one stack

std::string check(dom::element element, int depth);

std::string check_object(dom::object object, int depth) {
  const auto begin = keys.size();
  for (const auto& field : object) {
    if (field.key.find('\0') != field.key.npos) return "a key holds a NUL, where some parsers end it";
    keys.push_back(field.key);
  }
  const auto first = keys.begin() + std::ptrdiff_t(begin);
  std::sort(first, keys.end());
  const auto twin = std::adjacent_find(first, keys.end());
  if (twin != keys.end()) return "the key '" + std::string(twin->substr(0, 40)) + "' is repeated";
  keys.resize(begin);
  for (const auto& field : object) {
    auto error = check(field.value, depth);
    if (!error.empty()) return error;
  }
  return {};
}

std::string check(dom::element element, int depth) {
  switch (element.type()) {
    case dom::element_type::OBJECT:
      if (++depth > json_depth_max) break;
      return check_object(dom::object(element), depth);
    case dom::element_type::ARRAY:
      if (++depth > json_depth_max) break;
      for (dom::element item : dom::array(element)) {
        auto error = check(item, depth);
        if (!error.empty()) return error;
      }
      return {};
    default:
      return {};
  }
  return "it is nested deeper than " + std::to_string(json_depth_max) + " levels";
}

std::string sentence_of(simdjson::error_code error) {
  switch (error) {
    case simdjson::EMPTY:
      return "it is empty";
    case simdjson::UTF8_ERROR:
      return "it is not valid UTF-8";
    case simdjson::DEPTH_ERROR:
      return "it is nested too deep";
    case simdjson::NUMBER_ERROR:
      return "it holds a number that is malformed or too large";
    case simdjson::CAPACITY:
    case simdjson::MEMALLOC:
      return "it is too large";
    default:
      return "it is not one well-formed JSON value";
  }
}

// "0", "17": an index as RFC 6901 writes it.
std::optional<std::size_t> index_of(std::string_view step) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
  if (error != std::errc() || end != step.data() + step.size() || (step.size() > 1 && step[0] == '0'))
    return std::nullopt;
  return index;
}

class Finder {
 public:
  Finder(const std::vector<std::string>& steps, Writer writer) : steps_(steps), writer_(writer) {}

  Found find(dom::element root) {
    walk(root, 0);
    if (found_.error.empty() && misses_ > 0) {
      if (found_.values.empty())
        found_.absent = true;
      else
        found_.error = "it stands in some elements and is missing in others";
    }
    return std::move(found_);
  }

 private:
  void walk(dom::element element, std::size_t at) {
    if (!found_.error.empty()) return;
    if (element.is_null()) {
      ++misses_;
    } else if (at == steps_.size()) {
      found_.values.push_back(element);
    } else if (element.is_object() && steps_[at] != "*") {
      walk_member(dom::object(element), at);
    } else if (element.is_array()) {
      walk_items(dom::array(element), at);
    } else {
      found_.error = "'" + steps_[at] + "' was looked for in something that is not " +
                     (steps_[at] == "*" ? "a list" : "an object");
    }
  }

  void walk_member(dom::object object, std::size_t at) {
    const std::string& step = steps_[at];
    std::optional<dom::element> member;
    for (const auto& field : object) {
      if (field.key == step) {
        member = field.value;
      } else if (writer_ == Writer::caller && same_ignoring_case(field.key, step)) {
        found_.error = "there is a key that differs from '" + step + "' only in case";
        return;
      }
    }
    if (member)
      walk(*member, at + 1);
    else
      ++misses_;
  }

  void walk_items(dom::array array, std::size_t at) {
    if (steps_[at] == "*") {
      for (dom::element item : array) walk(item, at + 1);
      return;
    }
    const auto index = index_of(steps_[at]);
    if (!index) {
      found_.error = "'" + steps_[at] + "' was looked for in a list";
      return;
    }
    dom::element item;
    if (array.at(*index).get(item) == simdjson::SUCCESS)
      walk(item, at + 1);
    else
      ++misses_;
  }

  const std::vector<std::string>& steps_;
  const Writer writer_;
  Found found_;
  std::size_t misses_ = 0;
};

}  // namespace

bool same_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

std::string read_strict_json(std::string_view body, dom::element& root) {
  if (body.starts_with("\xef\xbb\xbf")) return "it begins with a byte order mark";
  const auto error = parser.parse(body.data(), body.size(), true).get(root);
  if (error) return sentence_of(error);
  keys.clear();
  return check(root, 0);
}

Found find_values(dom::element root, const std::vector<std::string>& steps, Writer writer) {
  return Finder(steps, writer).find(root);
}

std::optional<BodySpan> find_token(std::string_view body, const std::vector<std::string>& steps) {
  namespace ondemand = simdjson::ondemand;
  const simdjson::padded_string padded(body);
  ondemand::parser reader;
  ondemand::document document;
  ondemand::value value;
  if (reader.iterate(padded).get(document) || document.get_value().get(value)) return std::nullopt;
  for (const auto& step : steps) {
    bool stepped = false;
    ondemand::json_type type;
    if (value.type().get(type)) return std::nullopt;
    if (type == ondemand::json_type::object) {
      ondemand::object object;
      if (value.get_object().get(object)) return std::nullopt;
      for (auto field : object) {
        std::string_view key;
        if (field.unescaped_key().get(key)) return std::nullopt;
        if (key != step) continue;
        if (field.value().get(value)) return std::nullopt;
        stepped = true;
        break;
      }
    } else if (type == ondemand::json_type::array) {
      const auto index = index_of(step);
      ondemand::array array;
      if (!index || value.get_array().get(array) || array.at(*index).get(value)) return std::nullopt;
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
