// A traceparent, and tracestate lines behind it. Always: what is taken is as the standard has it, and read
// again it is the same; with another parent it is of the same trace, and sampled as before; a list has 32
// members at most, each key once, and no byte in it that could end a header.
#include <algorithm>

#include "gateway/http/trace_context.h"
#include "tests/fuzz/target.h"

namespace sekisho::fuzz {
namespace {

http::Headers with(std::string_view name, std::string_view value) {
  http::Headers headers;
  headers.add(name, value);
  return headers;
}

void reads_parent(std::string_view text) {
  const auto taken = http::traceparent_of(with("traceparent", text));
  if (!taken) return;
  must(http::is_traceparent(*taken), "what is taken is a traceparent");
  must(http::traceparent_of(with("traceparent", *taken)) == taken, "a traceparent stays as it is");
  const auto ours = http::with_parent(*taken, 0x1f);
  must(http::is_traceparent(ours), "with another parent it is one too");
  must(http::trace_id(ours) == http::trace_id(*taken), "the trace stays");
  must(http::is_sampled(ours) == http::is_sampled(*taken), "whether it is sampled stays");
}

void run(std::string_view bytes) {
  Input input(bytes);
  reads_parent(input.line());
  http::Headers headers;
  while (!input.rest().empty()) headers.add("tracestate", input.line());
  const auto list = http::tracestate_of(headers);
  if (list.empty()) return;
  for (const char c : list) must(c >= 0x20 && c < 0x7f, "no byte in it that ends a header");
  must(std::count(list.begin(), list.end(), ',') < 32, "a list has 32 members at most");
  must(std::count(list.begin(), list.end(), '=') == std::count(list.begin(), list.end(), ',') + 1,
       "each member is a key and a value");
  must(http::tracestate_of(with("tracestate", list)) == list, "a list stays as it is");
}

const Target target{"traces", run};

}  // namespace
}  // namespace sekisho::fuzz
