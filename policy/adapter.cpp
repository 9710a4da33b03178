#include "policy/adapter.h"

#include <algorithm>

namespace sekisho::policy {
namespace {

bool is_alnum(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_unreserved(char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~'; }
// What may stand unencoded in a segment (RFC 3986 pchar), without ";": some servers cut segments there.
bool is_plain(char c) {
  return is_unreserved(c) || std::string_view("!$&'()*+,=:@").find(c) != std::string_view::npos;
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The segment with its escapes resolved. Nothing when two servers could read it as different segments:
// escapes of characters that need none, of separators, of "%" itself, of control and non-ASCII bytes; and dot
// segments, and dots at a segment's end, which some servers drop.
std::optional<std::string> decode_segment(std::string_view segment) {
  if (segment.ends_with('.')) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < segment.size(); ++i) {
    if (is_plain(segment[i])) {
      out += segment[i];
      continue;
    }
    if (segment[i] != '%' || i + 2 >= segment.size()) return std::nullopt;
    const int high = hex(segment[i + 1]), low = hex(segment[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    const int value = high * 16 + low;
    if (value < 0x20 || value > 0x7e) return std::nullopt;
    const char c = char(value);
    if (is_unreserved(c) || std::string_view("/\\%;?#").find(c) != std::string_view::npos)
      return std::nullopt;
    out += c;
    i += 2;
  }
  return out;
}

// "/v1/orders" as its decoded segments; nothing when it is written in an unusual way.
std::optional<std::vector<std::string>> split_path(std::string_view path) {
  if (!path.starts_with('/')) return std::nullopt;
  std::vector<std::string> segments;
  segments.reserve(8);
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    auto decoded = decode_segment(segment);
    if (!decoded) return std::nullopt;
    // Only the last segment may be empty ("/v1/"), for patterns that are written so.
    if (decoded->empty() && !path.empty()) return std::nullopt;
    segments.push_back(std::move(*decoded));
  }
  return segments;
}

bool segment_fits(std::string_view expected, std::string_view given) {
  const auto parameter = parameter_of(expected);
  if (!parameter) return expected == given;
  return given.size() > parameter->suffix.size() && given.ends_with(parameter->suffix);
}

bool fits(const PathPattern& pattern, const std::vector<std::string>& segments) {
  return std::equal(pattern.segments.begin(), pattern.segments.end(), segments.begin(), segments.end(),
                    segment_fits);
}

void take_parameters(const PathPattern& pattern, const std::vector<std::string>& segments,
                     std::vector<std::pair<std::string, std::string>>& parameters) {
  for (std::size_t i = 0; i < segments.size(); ++i)
    if (const auto parameter = parameter_of(pattern.segments[i]))
      parameters.emplace_back(parameter->name,
                              segments[i].substr(0, segments[i].size() - parameter->suffix.size()));
}

// "/orders/search" before "/orders/{id}:rent" before "/orders/{id}", leftmost segment first.
bool more_literal(const PathPattern& a, const PathPattern& b) {
  constexpr auto plain = std::string::npos;
  const auto fixed = [](const std::string& segment) {
    const auto parameter = parameter_of(segment);
    return parameter ? parameter->suffix.size() : plain;
  };
  for (std::size_t i = 0; i < a.segments.size(); ++i) {
    const auto of_a = fixed(a.segments[i]), of_b = fixed(b.segments[i]);
    if (of_a != of_b) return of_a > of_b;
  }
  return false;
}

}  // namespace

std::optional<PathParameter> parameter_of(std::string_view segment) {
  const auto end = segment.find('}');
  if (!segment.starts_with('{') || end == segment.npos || end == 1) return std::nullopt;
  return PathParameter{segment.substr(1, end - 1), segment.substr(end + 1)};
}

bool PathPattern::names(std::string_view parameter) const {
  return std::any_of(segments.begin(), segments.end(), [parameter](const std::string& segment) {
    const auto own = parameter_of(segment);
    return own && own->name == parameter;
  });
}

bool PathPattern::matches(std::string_view path,
                          std::vector<std::pair<std::string, std::string>>& parameters) const {
  const auto segments_given = split_path(path);
  if (!segments_given || !fits(*this, *segments_given)) return false;
  take_parameters(*this, *segments_given, parameters);
  return true;
}

std::optional<RouteMatch> match_route(const std::vector<Carrier>& carriers, std::string_view method,
                                      std::string_view path) {
  const auto segments = split_path(path);
  if (!segments) return std::nullopt;
  RouteMatch best;
  for (const auto& carrier : carriers)
    for (const auto& route : carrier.routes) {
      if (route.method != method || !fits(route.path, *segments)) continue;
      if (best.route && !more_literal(route.path, best.route->path)) continue;
      best.carrier = &carrier;
      best.route = &route;
    }
  if (!best.route) return std::nullopt;
  take_parameters(best.route->path, *segments, best.parameters);
  return best;
}

}  // namespace sekisho::policy
