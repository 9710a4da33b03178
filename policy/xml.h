// An XML body of a small language that every XML parser reads alike, and the values that a locator finds in
// it.
//
// It has elements, attributes, text, comments, the five predefined entities and numeric references. Refused:
// DOCTYPE and its entities, processing instructions, any encoding but UTF-8, names outside ASCII, more than
// 32 levels, anything behind the outermost element. CDATA and comments may stand in elements that nobody
// reads. In a caller's order also namespace prefixes, and a namespace that changes below the outermost
// element: a parser that knows namespaces would find other elements than one that does not.
#pragma once

#include <cstdint>
#include <forward_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/found.h"
#include "policy/locator.h"
#include "policy/order.h"

namespace sekisho::policy {

inline constexpr std::size_t xml_depth_max = 32;
inline constexpr std::size_t xml_attributes_max = 64;  // of one element

class Xml {
 public:
  // Why the body is refused, as a sentence; empty when it is not. What was read is good while `body` is.
  std::string read(std::string_view body, Writer writer);

  // Where a named element may stand several times, all of them are meant: in a caller's order the last step;
  // for a sum the elements that hold one addend each ("/Order/Item" of "/Order/Item/Quantity"), for a second
  // addend in one of them is read by some and not by others; "*" at any step. Elsewhere parsers would choose
  // a different one.
  enum class Repeats { none, last, summed };
  // The values are good until the next read.
  void find(const std::vector<PathStep>& steps, Repeats repeats, Found& found);

  // The bytes of the one value at these steps, as they stand in the body.
  std::optional<BodySpan> token(const std::vector<PathStep>& steps);

 private:
  friend class XmlScanner;
  friend class XmlFinder;
  struct Attribute {
    std::string_view name, raw;  // raw: references unresolved
  };
  struct Element {
    std::string_view name;
    std::string_view raw;              // all text, if `plain`
    std::uint32_t next = 0;            // the index behind its last descendant
    std::uint32_t first = 0, end = 0;  // its attributes
    bool plain = true;                 // holds text and nothing else
  };
  // In the order of their start tags: the first child of i is i + 1, the next sibling is at `next`.
  std::vector<Element> elements_;
  std::vector<Attribute> attributes_;
  std::forward_list<std::string> resolved_;  // what was found and had references
  std::string_view body_;
  Writer writer_ = Writer::caller;
};

}  // namespace sekisho::policy
