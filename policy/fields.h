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
#include "policy/found.h"
#include "policy/numbering_plan.h"
#include "policy/reading.h"

namespace sekisho::policy {

class MessageFields {
 public:
  using Where = std::optional<Locator>;

  // `message` null: a carrier's answer, which has a body only. `body` is read when the first locator asks for
  // it.
  MessageFields(const RouteMatch& match, const Message* message, std::string_view body)
      : match_(match), message_(message), body_(body) {}
  // The headers of a carrier's answer.
  void look_in_headers(const Lookup& headers) { headers_ = &headers; }

  // Each is empty when there is no locator, or its place is absent and may be.
  std::optional<Quantity> quantity(const Where& where, std::string_view field, Quantity least);
  std::optional<NumberType> number_type(const Where& where, std::string_view field, const NumberingPlan& plan,
                                        JstDate today);
  std::optional<bool> truth(const Where& where, std::string_view field);
  // A string, or an integer's digits; 1 to 255 long. Where several may stand, all must be alike.
  std::string text(const Where& where, std::string_view field);
  std::vector<std::string> texts(const Where& where, std::string_view field);
  std::vector<std::string> numbers(const Where& where, std::string_view field);
  // The id of an earlier answer that told these, as a recall(...) finds it.
  std::string recall(const Where& quantity, const Where& number_type);

  // The one place of several where the field stands; nothing: it stands in none (and may), or in two. What
  // has one place only stands there.
  Where stands_at(const Where& where, std::string_view field);

  // The bytes of the one value at this place of the body; good after the body was read.
  std::optional<BodySpan> token(const Locator& where) const;

  const std::string& error() const { return error_; }
  std::string take_error() { return std::exchange(error_, {}); }  // and read on

 private:
  enum class Takes { one, several };

  Found& look(const Locator& where, std::string_view field, Takes takes);
  std::optional<Value> one(const Locator& where, std::string_view field);
  void look_in_body(const Locator& where, Takes takes, Found& found);
  void look_in_query(const std::string& name, Found& found);
  bool open_query();
  bool open_body(Locator::Kind format);
  bool check_repeated_names();
  std::optional<Quantity> total(const Locator& where, std::string_view field, Quantity least);
  std::optional<Quantity> whole_number(const Locator& where, const Value& value, Quantity least) const;
  std::optional<std::pair<std::string, std::string>> ends_of(const Locator& where, std::string_view field);
  std::optional<Quantity> size_of_span(const Locator& where, std::string_view field);
  std::vector<std::string> numbers_of_span(const Locator& where, std::string_view field);
  std::optional<NumberType> type_of_numbers(const Where& where, std::string_view field,
                                            const NumberingPlan& plan, JstDate today);
  std::optional<std::string> plain_text(const Value& value) const;
  std::string shared_text(const Where& where, std::string_view field);
  std::optional<std::string> national(std::string_view text) const {
    return national_number(text, match_.carrier->spelling);
  }
  void fail(const Locator& where, std::string_view field, std::string_view text);

  const RouteMatch& match_;
  const Message* message_;
  const Lookup* headers_ = nullptr;
  std::string_view body_;
  std::optional<Locator::Kind> opened_;  // the format that the body was read as
  bool query_opened_ = false;
  simdjson::dom::element root_;
  std::string error_;
};

}  // namespace sekisho::policy
