// The dialect in which an API's clients expect to be refused: shape of the body, statuses, codes. Values
// only; config/carrier_denials.cpp reads them, gateway/http/dialect.h speaks by them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "policy/reason.h"

namespace sekisho::policy {

struct Denials {
  enum class Shape : std::uint8_t { problem, json, json_api, tmf_error, xml, form };

  // How the carrier names what every error says. `status` empty: the body does not say it.
  struct Names {
    std::vector<std::string> root;  // the objects or elements around it, the outermost first
    std::string code, text, status;
  };

  struct Code {
    std::string text;
    bool number = false;  // JSON writes it without quotation marks
    bool operator==(const Code&) const = default;
  };

  // Of one reason, else of its family.
  template <class T>
  struct Table {
    std::map<Reason, T> of_reason;
    std::map<Family, T> of_family;
    const T* find(Reason reason, Family family) const {
      if (const auto own = of_reason.find(reason); own != of_reason.end()) return &own->second;
      const auto common = of_family.find(family);
      return common == of_family.end() ? nullptr : &common->second;
    }
  };

  Shape shape = Shape::problem;
  Names names;        // of json, xml and form; the others have their own
  Table<int> status;  // what is not in it keeps the gate's
  Table<Code> codes;  // what is not in it is told by the gate's code
};
inline constexpr std::string_view denial_shape_words[] = {"problem",   "json", "json_api",
                                                          "tmf_error", "xml",  "form"};
constexpr auto& words_of(Denials::Shape) { return denial_shape_words; }

// Under this name stands what the gate itself adds to the carrier's shape.
inline constexpr std::string_view gates_part = "sekisho";

}  // namespace sekisho::policy
