#include "policy/strict_json.h"

#include <algorithm>
#include <cstring>

namespace sekisho::policy {
namespace {

namespace dom = simdjson::dom;

// Memory of a thread's reader: kept between bodies, so that an order costs no allocation here.
thread_local dom::parser parser;
thread_local std::string padded;  // the body, with the room behind it that simdjson reads ahead into
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

}  // namespace

std::string read_strict_json(std::string_view body, dom::element& root) {
  if (body.starts_with("\xef\xbb\xbf")) return "it begins with a byte order mark";
  padded.resize(body.size() + simdjson::SIMDJSON_PADDING);
  std::memcpy(padded.data(), body.data(), body.size());
  const auto error = parser.parse(padded.data(), body.size(), false).get(root);
  if (error) return sentence_of(error);
  keys.clear();
  return check(root, 0);
}

}  // namespace sekisho::policy
