// How an adapter's file writes locators: text that is compiled, and checked against the field it is for.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/kinds.h"
#include "policy/adapter.h"

namespace sekisho::config {

using Where = std::optional<policy::Locator>;

// How one field of an order or an answer may be located.
struct Slot {
  bool counts = false;   // a number: count(...), sum(...), span(...), amount(...)
  bool several = false;  // a list: '*' alone
  bool ranges = false;   // a list of telephone numbers: span(...)
  bool type = false;     // a number type: type_of(...)
  bool recalls = false;  // what an earlier answer told: recall(...)
  bool alike = false;    // one text, which several places may repeat
  bool certain = false;  // must not be optional
};

// A locator; or a list of them: the field stands in exactly one of these places, and a constant at the end
// stands for what no other place says.
class LocatorKind {
 public:
  using type = Where;
  LocatorKind(const policy::Route& route, Slot slot, bool in_answer)
      : route_(route), slot_(slot), in_answer_(in_answer) {}
  bool read(Document& document, const Node& node, Where& out) const;
  std::string says() const { return "a locator such as 'json:/quantity'"; }

 private:
  bool read_places(Document& document, const Node& list, Where& out) const;
  std::string check(const policy::Locator& locator) const;
  std::string check_place(const policy::Locator& locator) const;

  const policy::Route& route_;
  Slot slot_;
  bool in_answer_;
};

// A body is read as one format, so all fields that look into it agree.
class OneFormat {
 public:
  void check(Fields& fields, std::string_view key, const Where& where);

 private:
  void check(Fields& fields, std::string_view key, const policy::Locator& one);

  Where first_;
};

}  // namespace sekisho::config
