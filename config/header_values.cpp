#include "config/header_values.h"

#include <algorithm>

#include "config/kinds.h"

namespace sekisho::config {
namespace {

// What one header may hold (RFC 9110, 5.5), in ASCII. Never repeated in messages: it is mostly a secret.
bool is_header_value(const std::string& text) {
  return !text.empty() && text.size() <= 8192 && text.front() != ' ' && text.back() != ' ' &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

}  // namespace

bool HeaderValues::read(Document& document, const Node& node, type& out) const {
  if (node.kind != Node::Kind::map) return unexpected(document, node, says());
  bool good = true;
  for (std::size_t i = 0; i < node.keys.size() && i < node.items.size(); ++i) {
    const Node &key = node.keys[i], &value = node.items[i];
    std::string header;
    if (key.kind != Node::Kind::scalar || !HeaderName{}.read(document, key, header)) {
      good = false;
      continue;
    }
    if (value.kind != Node::Kind::scalar || !is_header_value(value.text)) {
      document.error(value.place,
                     "the value of '" + header + "' must be printable ASCII without spaces around it");
      good = false;
      continue;
    }
    for (const auto& [other, ignored] : out)
      if (other != header && same_name(other, header))
        document.error(key.place, "the header '" + header + "' is '" + other + "' again");
    out.emplace_back(header, value.text);
  }
  return good;
}

}  // namespace sekisho::config
