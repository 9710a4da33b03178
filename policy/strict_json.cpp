#include "policy/strict_json.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <vector>

#include "policy/text_rules.h"

namespace sekisho::policy {
namespace {

namespace dom = simdjson::dom;

// Memory of a thread's reader: kept between bodies, so that an order costs no allocation here.
thread_local dom::parser parser;
thread_local std::string padded;  // the body, with the room behind it that simdjson reads ahead into
thread_local std::vector<std::string_view> keys;  // of the objects being checked, as one stack

// What JSON itself lets pass.
class Checker {
 public:
  // Only an escape can bring a NUL into a key.
  explicit Checker(std::string_view body) : may_hold_nul_(body.find("\\u0000") != body.npos) { keys.clear(); }

  bool check(dom::element element, int depth) {
    const auto type = element.type();
    if (type != dom::element_type::OBJECT && type != dom::element_type::ARRAY) return true;
    if (depth == json_depth_max)
      return fail("it is nested deeper than " + std::to_string(json_depth_max) + " levels");
    if (type == dom::element_type::OBJECT) return check_object(dom::object(element), depth + 1);
    for (dom::element item : dom::array(element))
      if (!check(item, depth + 1)) return false;
    return true;
  }
  std::string error;

 private:
  bool check_object(dom::object object, int depth) {
    const auto begin = keys.size();
    for (const auto& field : object) {
      if (may_hold_nul_ && field.key.find('\0') != field.key.npos)
        return fail("a key holds a NUL, where some parsers end it");
      keys.push_back(field.key);
      if (!check(field.value, depth)) return false;  // leaves the stack as it was
    }
    const auto own = std::span(keys).subspan(begin);
    if (have_twins(own)) {
      std::sort(own.begin(), own.end());
      return fail("the key '" + std::string(std::adjacent_find(own.begin(), own.end())->substr(0, 40)) +
                  "' is repeated");
    }
    keys.resize(begin);
    return true;
  }

  bool fail(std::string sentence) {
    error = std::move(sentence);
    return false;
  }

  const bool may_hold_nul_;
};

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
  Checker checker(body);
  checker.check(root, 0);
  return std::move(checker.error);
}

}  // namespace sekisho::policy
