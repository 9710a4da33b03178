#include "gateway/call_spans.h"

#include <algorithm>

#include "gateway/counting.h"
#include "gateway/http/trace_context.h"
#include "gateway/span.h"
#include "gateway/standing.h"

namespace sekisho::gateway {
namespace {

using std::chrono::nanoseconds;

// What a steady moment was by the clock on the wall, which is read once a call: so its spans nest.
class Wall {
 public:
  std::int64_t operator()(Steps::Clock::time_point at) const {
    return (at.time_since_epoch() + ahead_).count();
  }

 private:
  nanoseconds ahead_ = std::chrono::system_clock::now().time_since_epoch() -
                       nanoseconds(Steps::Clock::now().time_since_epoch());
};

// Methods as OpenTelemetry knows them: of others the caller could make as many as it likes.
std::string method_of(const Exchange& x) {
  static constexpr std::string_view known[] = {"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                               "CONNECT", "OPTIONS", "TRACE", "PATCH"};
  const bool is_known = std::find(std::begin(known), std::end(known), x.request.method) != std::end(known);
  return is_known ? x.request.method : "_OTHER";
}

// The path as the configuration has it, with the names of its parameters: what stands in their place may be a
// number.
std::string_view route_of(const Exchange& x) {
  if (!x.match) return x.request.path() == standing_path ? standing_path : std::string_view();
  const std::string_view pattern = x.match->route->pattern;  // "POST /v1/number-orders"
  return pattern.substr(std::min(pattern.find(' ') + 1, pattern.size()));
}

std::string name_of(const Exchange& x) {
  const auto route = route_of(x);
  return method_of(x) + (route.empty() ? "" : " ") + std::string(route);
}

Span span_of_call(const Exchange& x, const http::Response* response, std::uint64_t id) {
  Span span{.trace = std::string(http::trace_id(x.traceparent)),
            .id = id,
            .kind = Span::Kind::server,
            .name = x.described ? "check" : name_of(x)};
  if (x.trace_given) {
    span.parent = http::parent_id(x.traceparent);
    span.parent_elsewhere = true;
  }
  auto& told = span.attributes;
  if (!x.described) told.emplace_back("http.request.method", method_of(x));
  if (const auto route = route_of(x); !route.empty() && !x.described)
    told.emplace_back("http.route", std::string(route));
  if (response) told.emplace_back("http.response.status_code", response->status);
  span.failed = response && response->status >= 500;
  if (span.failed) told.emplace_back("error.type", std::to_string(response->status));
  told.emplace_back("sekisho.decision", x.id);
  if (x.match) told.emplace_back("sekisho.operation", std::string(policy::name(x.operation())));
  if (x.match) told.emplace_back("sekisho.carrier", std::string(x.carrier_name()));
  if (x.client) told.emplace_back("sekisho.operator", x.account.text());
  if (!x.decision.allowed && x.decision.findings.empty()) return span;  // nothing was to be decided
  told.emplace_back("sekisho.outcome", std::string(outcome_of(x)));
  if (const auto code = code_of(x); !code.empty()) told.emplace_back("sekisho.code", std::string(code));
  return span;
}

void tell_of_carrier(const Exchange& x, Span& span) {
  const auto& answer = x.answer;
  const bool answered = answer.kind == CarrierAnswer::Kind::answered;
  span.kind = Span::Kind::client;
  span.name = name_of(x);
  auto& told = span.attributes;
  told.emplace_back("http.request.method", method_of(x));
  if (answer.endpoint) {
    told.emplace_back("server.address", answer.endpoint->host);
    told.emplace_back("server.port", answer.endpoint->port);
  }
  if (answered) told.emplace_back("http.response.status_code", answer.response.status);
  span.failed = !answered || answer.response.status >= 400;
  if (span.failed)
    told.emplace_back("error.type", answered ? std::to_string(answer.response.status)
                                             : std::string(policy::code(answer.reason)));
  told.emplace_back("sekisho.carrier", std::string(x.carrier_name()));
}

}  // namespace

void follow_trace(Desk& desk, Exchange& x) {
  auto given = http::traceparent_of(x.request.headers);
  x.trace_given = given.has_value();
  x.traceparent = given ? std::move(*given) : desk.ids.traceparent(!desk.spans);
  if (!desk.spans) return;
  if (!x.trace_given && http::is_chosen(x.traceparent, desk.settings.traces.ratio))
    x.traceparent.back() = '1';
  if (http::is_sampled(x.traceparent)) x.steps.note([&desk] { return desk.ids.span(); });
}

void pass_trace_on(const Exchange& x, http::Headers& headers) {
  if (x.steps.noted())
    headers.set("traceparent", http::with_parent(x.traceparent, x.steps[Step::forward].id));
  else
    headers.set("traceparent", x.traceparent);
  if (!headers.find("tracestate")) return;
  const auto state = x.trace_given ? http::tracestate_of(headers) : std::string();
  if (state.empty())
    headers.remove("tracestate");
  else
    headers.set("tracestate", state);
}

void tell_spans(Desk& desk, const Exchange& x, const http::Response* response) {
  if (!x.steps.noted()) return;
  const bool known = x.client || x.decision.allowed;
  if (!known && x.trace_given) return;
  const Wall wall;
  std::vector<Span> spans;
  spans.push_back(span_of_call(x, response, desk.ids.span()));
  // A trace that begins here was given the id of this span with it.
  if (!x.trace_given) spans[0].id = std::stoull(std::string(http::parent_id(x.traceparent)), nullptr, 16);
  spans[0].start = wall(x.began);
  spans[0].end = wall(Steps::Clock::now());
  static constexpr std::pair<Step, const char*> steps[] = {
      {Step::hold, "hold"}, {Step::journal, "journal"}, {Step::forward, ""}, {Step::settle, "settle"}};
  for (const auto& [step, name] : steps) {
    const auto& taken = x.steps[step];
    if (taken.from == Steps::Clock::time_point{}) continue;
    Span span{.trace = spans[0].trace, .id = taken.id, .parent = http::span_id(spans[0].id), .name = name};
    span.start = wall(taken.from);
    span.end = wall(taken.until);
    if (step == Step::forward) tell_of_carrier(x, span);
    spans.push_back(std::move(span));
  }
  desk.spans->take(std::move(spans));
}

}  // namespace sekisho::gateway
