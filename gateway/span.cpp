#include "gateway/span.h"

#include <boost/json.hpp>

#include "gateway/http/trace_context.h"

namespace sekisho::gateway {
namespace json = boost::json;

namespace {

// The flags of a span: those of Trace Context, and whether the parent is somebody else's.
constexpr std::uint32_t sampled = 1, parent_is_known = 0x100, parent_is_remote = 0x200;
constexpr int status_error = 2;

json::object attribute(std::string_view key, const std::variant<std::string, std::int64_t>& value) {
  // 64 bits are text, as everywhere in the JSON of protocol buffers.
  const auto* text = std::get_if<std::string>(&value);
  json::object said = text ? json::object{{"stringValue", *text}}
                           : json::object{{"intValue", std::to_string(std::get<std::int64_t>(value))}};
  return {{"key", key}, {"value", std::move(said)}};
}

json::object to_json(const Span& span) {
  json::object out{{"traceId", span.trace}, {"spanId", http::span_id(span.id)}};
  if (!span.parent.empty()) out["parentSpanId"] = span.parent;
  out["flags"] = sampled | parent_is_known | (span.parent_elsewhere ? parent_is_remote : 0);
  out["name"] = span.name;
  out["kind"] = int(span.kind);
  out["startTimeUnixNano"] = std::to_string(span.start);
  out["endTimeUnixNano"] = std::to_string(span.end);
  json::array attributes;
  for (const auto& [key, value] : span.attributes) attributes.push_back(attribute(key, value));
  out["attributes"] = std::move(attributes);
  if (span.failed) out["status"] = json::object{{"code", status_error}};
  return out;
}

}  // namespace

std::string export_request(const SpanSource& source, std::span<const Span> spans) {
  json::array told;
  for (const auto& span : spans) told.push_back(to_json(span));
  const json::array about{attribute("service.name", std::string("sekisho")),
                          attribute("service.version", source.version),
                          attribute("service.instance.id", source.gateway)};
  const json::object scope{{"name", "sekisho"}, {"version", source.version}};
  const json::array of_scopes{json::object{{"scope", scope}, {"spans", std::move(told)}}};
  const json::object of_gateway{{"resource", json::object{{"attributes", about}}}, {"scopeSpans", of_scopes}};
  return json::serialize(json::object{{"resourceSpans", json::array{of_gateway}}});
}

}  // namespace sekisho::gateway
