// A host, and any bytes as a request target behind it. Always: what is taken begins with "/", holds no byte
// that could end a line or a target, and no dot segment after decoding; it is in origin form already; a route
// matches it the same each time, and no parameter of a route holds what would begin another segment.
#include "gateway/http/target.h"
#include "tests/fuzz/shipped.h"

namespace sekisho::fuzz {
namespace {

int hex(char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; }

// Segments as a server may see them that decodes first: %2F ends one too, ";" begins its parameters.
bool climbs(std::string_view path) {
  std::string decoded;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%') {
      decoded += path[i];
      continue;
    }
    decoded += static_cast<char>(hex(path[i + 1]) * 16 + hex(path[i + 2]));
    i += 2;
  }
  for (std::string_view rest = decoded; !rest.empty();) {
    const auto segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(rest.size(), segment.size() + 1));
    const auto name = segment.substr(0, segment.find(';'));
    if (name == "." || name == "..") return true;
  }
  return false;
}

void matches_alike(std::string_view path) {
  for (const auto* carrier : {"plain-json", "twilio-like", "tmf685", "vonage-like"}) {
    const auto& all = *carriers_of(carrier);
    const auto match = policy::match_route(all, "POST", path);
    const auto again = policy::match_route(all, "POST", path);
    must(match.has_value() == again.has_value(), "a route matches the same each time");
    if (!match) continue;
    must(match->parameters == again->parameters, "a route's parameters are the same each time");
    must(!climbs(path), "no route for a path that climbs when it is decoded");
    for (const auto& [name, value] : match->parameters)
      must(value.find('/') == value.npos, "a parameter is one segment");
  }
}

void run(std::string_view bytes) {
  Input input(bytes);
  const auto host = input.line();
  std::string target(input.rest());
  const bool is_host = http::is_host(host);
  if (is_host) must(host.find_first_of(" \t\r\n/?#@\\,") == host.npos, "a host is one host");
  if (http::to_origin_form(target, is_host ? host : "") != nullptr) return;
  must(target.starts_with('/'), "origin form begins with a slash");
  for (const char c : target) must(c > 0x20 && c < 0x7f && c != '#', "no byte in it that ends a target");
  std::string again = target;
  must(http::to_origin_form(again, host) == nullptr && again == target, "origin form stays as it is");
  matches_alike(std::string_view(target).substr(0, target.find('?')));
}

const Target target{"targets", run};

}  // namespace
}  // namespace sekisho::fuzz
