// The fields of a form body or of a query, where every server finds the same ones.
//
// Refused: ";" (a separator for some), broken escapes, anything raw that is not printable ASCII, text that is
// not UTF-8, control characters in names, and the names by which some servers take another method or charset.
// Where a field is looked up, so is a second name that some servers fold into it: "Quantity", "quantity[]",
// " quantity", "[quantity]".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/found.h"
#include "policy/order.h"

namespace sekisho::policy {

class Form {
 public:
  // Why the text is refused, as a sentence; empty when it is not. The fields are good while `text` is.
  std::string read(std::string_view text);

  // Every value of that name, in their order.
  void find(std::string_view name, Found& found) const;
  // A name, as it was sent, that this server or another takes for `name`; empty: there is none.
  std::string_view namesake(std::string_view name) const;
  // A name that stands in several fields, behind `after` in the order of names; nothing: there is none.
  std::optional<std::string_view> repeated(std::optional<std::string_view> after = std::nullopt) const;
  // The bytes of the one value of that name, as they stand in the text.
  std::optional<BodySpan> token(std::string_view name) const;

 private:
  struct Field {
    std::string_view name, value;  // resolved
    BodySpan raw;                  // the value in the text
  };
  struct Piece;
  std::string take(Piece name, Piece value);
  std::optional<std::string_view> resolved(const Piece& piece);

  std::vector<Field> fields_;
  std::vector<std::string_view> names_;  // sorted; none if no two are equal
  std::string resolved_;                 // what `fields_` point into; never longer than the text
};

}  // namespace sekisho::policy
