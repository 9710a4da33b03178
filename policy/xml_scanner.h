// XML text into the elements of policy/xml.h. Used by xml.cpp alone.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "policy/byte_kinds.h"
#include "policy/xml.h"

namespace sekisho::policy {

// "&amp;", "&#49;" at the text's beginning: what it stands for, in UTF-8, and how long it is; nothing: it is
// no reference of our language.
struct XmlReference {
  std::array<char, 4> bytes{};
  std::size_t size = 0;
  std::size_t length = 0;
};
std::optional<XmlReference> xml_reference(std::string_view text);

class XmlScanner {
 public:
  XmlScanner(std::string_view body, Writer writer, Xml& into) : body_(body), writer_(writer), xml_(into) {}
  std::string scan();  // the error, empty when there is none

 private:
  // Each is false when the body is refused; `error_` then says why.
  bool piece();
  bool declaration();
  bool comment();
  bool start_tag();
  bool attribute(bool outermost);
  bool namespaces(std::string_view name, std::string_view raw, bool outermost);
  bool end_tag();
  bool text();
  bool cdata();

  bool fail(std::string sentence);
  bool references_are_good(std::string_view text) const;

  std::string_view rest() const { return body_.substr(at_); }
  bool skip(char expected);
  bool skip(std::string_view expected);
  bool skip_spaces();  // whether there were any
  std::string_view name();

  std::string_view body_;
  std::string error_;
  Writer writer_;
  Xml& xml_;
  ByteKinds has_;
  std::size_t at_ = 0;
  std::array<std::uint32_t, xml_depth_max> open_{};  // indices of the open elements
  std::array<std::size_t, xml_depth_max> inside_{};  // where their contents begin
  std::size_t depth_ = 0;
};

}  // namespace sekisho::policy
