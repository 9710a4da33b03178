// A span of a trace, and many as OTLP has them in JSON (opentelemetry-proto, trace/v1). Pure.
//
// Nothing that a caller wrote stands in one: no path, no query, no header, no body. What names a call is the
// configuration's (routes, carriers, operators) or the gate's own.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sekisho::gateway {

struct Span {
  enum class Kind : std::uint8_t { internal = 1, server = 2, client = 3 };  // as OTLP numbers them
  std::string trace;                                                        // 32 hexadecimal digits
  std::uint64_t id = 0;
  std::string parent;             // 16 hexadecimal digits; empty: the trace begins here
  bool parent_elsewhere = false;  // in the caller's program
  Kind kind = Kind::internal;
  std::string name;
  std::int64_t start = 0, end = 0;  // nanoseconds since 1970
  std::vector<std::pair<std::string_view, std::variant<std::string, std::int64_t>>> attributes;
  bool failed = false;
};

// Whose spans these are.
struct SpanSource {
  std::string version, gateway;
};

// The body of one request to a collector.
std::string export_request(const SpanSource& source, std::span<const Span> spans);

// Where the spans of calls go. Takes them from any thread, at once: nobody waits for a collector.
class SpanSink {
 public:
  virtual ~SpanSink() = default;
  virtual void take(std::vector<Span> of_one_call) = 0;
};

}  // namespace sekisho::gateway
