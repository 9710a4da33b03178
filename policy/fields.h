// One message's fields, read through locators into the types of an order. Used by reading.cpp alone.
//
// The first field that cannot be read stops the reading: `error()` is then a sentence that names it, and
// everything read later is empty.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/adapter.h"
#include "policy/numbering_plan.h"
#include "policy/reading.h"
#include "policy/strict_json.h"

namespace sekisho::policy {

class MessageFields {
 public:
  using Where = std::optional<Locator>;

  // `message` null: a carrier's answer, which has a body only. `body` is read when the first locator asks for
  // it.
  MessageFields(const RouteMatch& match, const Message* message, std::string_view body)
      : match_(match), message_(message), body_(body) {}
  // The headers of a carrier's answer.
  void look_in_headers(const HeaderValues& headers) { headers_ = &headers; }

  // Each is empty when there is no locator, or its place is absent and may be.
  std::optional<Quantity> quantity(const Where& where, std::string_view field, Quantity least);
  std::optional<NumberType> number_type(const Where& where, std::string_view field, const NumberingPlan& plan,
                                        JstDate today);
  std::optional<bool> truth(const Where& where, std::string_view field);
  std::string text(const Where& where,
                   std::string_view field);  // a string, or an integer's digits; 1 to 255 long
  std::vector<std::string> texts(const Where& where, std::string_view field);
  std::vector<std::string> numbers(const Where& where, std::string_view field);

  const std::string& error() const { return error_; }
  std::string take_error() { return std::exchange(error_, {}); }  // and read on

 private:
  // One value of a field: JSON, or text from the path, query, header or adapter.
  struct Value {
    std::optional<simdjson::dom::element> json;
    std::string text;
  };

  std::vector<Value> look(const Where& where, std::string_view field);
  std::optional<Value> one(const Where& where, std::string_view field);
  Found look_in_body(const Locator& locator);
  std::vector<std::string> look_in_query(std::string_view name);
  std::optional<NumberType> type_of_numbers(const Where& where, std::string_view field,
                                            const NumberingPlan& plan, JstDate today);
  std::optional<Quantity> whole_number(const Value& value, Quantity least);
  std::optional<std::string> plain_text(const Value& value);
  void fail(const Locator& where, std::string_view field, std::string_view text);

  const RouteMatch& match_;
  const Message* message_;
  const HeaderValues* headers_ = nullptr;
  std::string_view body_;
  std::optional<simdjson::dom::element> root_;
  std::string error_;
};

}  // namespace sekisho::policy
