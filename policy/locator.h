// One place in a message, and what is made of what stands there (interfaces.md, "locators"). Compiled once,
// when an adapter is loaded; reading an order interprets no text of it.
//
//   json:/orderItem/[action=add]/quantity    form:Quantity    xml:/Order/Quantity    xml:/Order/@id
//   query:ref    path:id    header:Idempotency-Key?    token:sub    const:1
//   count(L)  sum(L)  amount(L)  sum(amount(L))  span(FIRST, LAST)  type_of(L)  recall(L)
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sekisho::policy {

// One step of a json: or xml: path.
struct PathStep {
  enum class Kind {
    name,       // a key, an index of a list, a child element
    any,        // "*": every element
    deep,       // "**": any depth, this place included (json)
    matching,   // "[key=value]": the elements of a list whose key has this value (json)
    attribute,  // "@name" (xml)
  };
  Kind kind = Kind::name;
  std::string name;                  // unescaped; matching: the key
  std::string value;                 // matching
  std::optional<std::size_t> index;  // the name as an index, where it is one
  bool operator==(const PathStep&) const = default;
};

struct Locator {
  enum class Kind { json, form, xml, query, path, header, token, constant };
  enum class Function {
    value,
    count,
    sum,
    span,     // how many from this place's number to `last`'s; as a list, each of them
    type_of,  // the number type, from the numbers found
    recall,   // what stands here is the id of an earlier answer, which told the quantity or the type
  };
  Kind kind = Kind::constant;
  Function function = Function::value;
  bool optional = false;                // "?" at the end: may be absent
  bool amounts = false;                 // amount(...): a number with its unit, as in "10000 ea"
  std::string text;                     // form, query, path, header, token: the name; constant: the value
  std::vector<PathStep> steps;          // json, xml
  std::shared_ptr<const Locator> last;  // span
  std::vector<Locator> others;          // the field stands here, or in one of these: exactly one is there
  std::string source;                   // as written, for messages

  bool in_body() const { return kind == Kind::json || kind == Kind::form || kind == Kind::xml; }
  const Locator* place_in_body() const;  // of this, its last number and the others: one in the body, or null
  bool makes_number() const {
    return function == Function::count || function == Function::sum || function == Function::span || amounts;
  }
  bool has_step(PathStep::Kind step) const;
  // More than one value may stand there.
  bool finds_several() const {
    return has_step(PathStep::Kind::any) || has_step(PathStep::Kind::deep) ||
           has_step(PathStep::Kind::matching);
  }
};

// Reads the text form. The error is a sentence about the text.
std::variant<Locator, std::string> parse_locator(std::string_view text);

}  // namespace sekisho::policy
