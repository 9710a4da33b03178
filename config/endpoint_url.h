// `https://host[:port][/base/path]` in a file: a server that the gate calls.
#pragma once

#include "config/address.h"
#include "config/kinds.h"

namespace sekisho::config {

struct EndpointUrl {
  std::string example;
  using type = policy::Endpoint;
  bool read(Document& document, const Node& node, policy::Endpoint& out) const {
    if (node.kind != Node::Kind::scalar) return unexpected(document, node, says());
    auto parsed = parse_endpoint(node.text);
    if (const auto* trouble = std::get_if<std::string>(&parsed))
      return document.error(node.place, *trouble), false;
    out = std::get<policy::Endpoint>(std::move(parsed));
    return true;
  }
  std::string says() const { return "a URL such as " + example; }
};

}  // namespace sekisho::config
