// The little of Structured Fields (RFC 8941) that signatures and digests are written in: dictionaries of
// lists in parentheses and of bytes, with parameters. Strict: what is read here and written again is the same
// text. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sekisho::gateway {

// `;name=value`: an integer, a text in quotes, a token or, alone, yes.
using ParameterValue = std::variant<std::int64_t, std::string, bool>;
struct Parameters {
  std::vector<std::pair<std::string, ParameterValue>> all;
  bool has(std::string_view name) const;
  std::optional<std::int64_t> integer(std::string_view name) const;
  std::optional<std::string> text(std::string_view name) const;
};

// `("a" "b");created=1`
struct InnerList {
  std::vector<std::string> items;
  Parameters parameters;
  std::string text;  // as the RFC writes it, which is what is signed
};

// The only members of their dictionaries, with their names; or nothing, also where there are several.
std::optional<std::pair<std::string, InnerList>> only_list(std::string_view header);
std::optional<std::pair<std::string, std::string>> only_bytes(std::string_view header);

// Every member, each of them bytes; or nothing.
std::optional<std::vector<std::pair<std::string, std::string>>> all_bytes(std::string_view header);

}  // namespace sekisho::gateway
