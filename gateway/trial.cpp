#include "gateway/trial.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "gateway/http/reader.h"
#include "gateway/identify.h"
#include "gateway/webhook.h"
#include "policy/reason.h"

namespace sekisho::gateway {
namespace {

using policy::Outcome;

bool counts_anew(std::string_view line) {
  const auto name = line.substr(0, line.find(':'));
  return http::same_name(name, "Content-Length") || http::same_name(name, "Transfer-Encoding");
}

struct Wire {
  std::string head;  // without its empty line
  std::string body;
};

Wire wire_of(std::string_view text) {
  Wire wire;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) break;
    if (!counts_anew(line)) wire.head += std::string(line) + "\r\n";
  }
  if (text.ends_with('\n')) text.remove_suffix(1);
  wire.body = text;
  return wire;
}

template <class Reader>
http::Progress feed(Reader& reader, std::string_view bytes) {
  for (;;) {
    const auto progress = reader.advance();
    if (progress == http::Progress::head_done) continue;
    if (progress != http::Progress::need_more || bytes.empty()) return progress;
    const auto space = reader.space();
    const auto size = std::min(space.size(), bytes.size());
    std::memcpy(space.data(), bytes.data(), size);
    reader.commit(size);
    bytes.remove_prefix(size);
  }
}

std::string refused(const http::ReadFailure& failure) {
  const auto detail = failure.detail.empty() ? std::string(policy::code(failure.reason)) : failure.detail;
  return "is not read as HTTP: " + detail;
}

policy::Lookup of(const http::Headers& headers) {
  return [&headers](std::string_view name) { return given(headers, name); };
}

// A recorded webhook is long past: its own time is taken for now.
bool is_signed(const policy::Webhook& webhook, const http::Request& request) {
  std::int64_t seconds = 0;
  if (const auto time = request.headers.find(webhook.timestamp); time)
    std::from_chars(time->data(), time->data() + time->size(), seconds);
  return is_from_carrier(webhook, of(request.headers), request.body, policy::from_ms(seconds * 1000));
}

std::string listed(const std::vector<std::string>& all) {
  constexpr std::size_t most = 20;
  std::string out;
  for (std::size_t i = 0; i < std::min(all.size(), most); ++i) out += (i == 0 ? "" : ", ") + all[i];
  return all.size() > most ? out + " and " + std::to_string(all.size() - most) + " more" : out;
}

std::string told(const policy::Order& order) {
  std::string out;
  const auto say = [&out](std::string_view what, const std::string& value) {
    if (!value.empty()) out += (out.empty() ? "" : ", ") + std::string(what) + value;
  };
  if (order.quantity > 0) say("", std::to_string(order.quantity));
  if (order.number_type)
    out += (order.quantity > 0 ? " " : "") + std::string(policy::name(*order.number_type));
  say("area ", order.area);
  if (order.channels > 0) say("channels ", std::to_string(order.channels));
  say("chain ", listed(order.chain));
  say("reference ", order.reference);
  if (order.partial) say("", order.quantity_span ? "takes fewer" : "takes fewer, but cannot be trimmed");
  say("of order ", order.order_id);
  say("what is known of ", order.recall == order.order_id ? "" : order.recall);
  say("for ", order.receiver.text());
  say("names ", listed(order.numbers));
  return "order:  " + (out.empty() ? "nothing is read of it" : out) + "\n";
}

std::string told(const Outcome& outcome, policy::Operation operation) {
  std::string out;
  switch (outcome.kind) {
    case Outcome::Kind::unsent:
      break;
    case Outcome::Kind::unknown:
      return "answer: unknown: " + outcome.detail + "\n";
    case Outcome::Kind::pending:
      out = "pending";
      break;
    case Outcome::Kind::reserved:
      out = "reserved " + (outcome.all ? "all" : std::to_string(outcome.granted));
      break;
    case Outcome::Kind::finished:
      out = operation == policy::Operation::search    ? "found"
            : operation == policy::Operation::release ? "released " + std::to_string(outcome.released)
            : outcome.all                             ? "granted all"
                                                      : "granted " + std::to_string(outcome.granted);
  }
  if (!outcome.numbers.empty()) out += ": " + listed(outcome.numbers);
  if (!outcome.order_id.empty()) out += ", order " + outcome.order_id;
  if (!outcome.detail.empty()) out += " (" + outcome.detail + ")";
  return "answer: " + out + "\n";
}

}  // namespace

std::variant<http::Request, std::string> recorded_request(std::string_view text) {
  auto [head, body] = wire_of(text);
  if (!body.empty()) head += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  http::RequestReader reader({});
  const auto progress = feed(reader, head + "\r\n" + body);
  if (progress == http::Progress::message_done) return reader.take();
  if (progress == http::Progress::failed) return refused(reader.failure());
  return "is no whole request: it ends before it is complete";
}

std::variant<http::Response, std::string> recorded_answer(std::string_view text, bool to_head) {
  const auto [head, body] = wire_of(text);
  http::ResponseReader reader({});
  reader.expect(to_head);
  auto progress = feed(reader, head + "\r\n" + body);
  if (progress == http::Progress::need_more) {
    reader.end_of_stream();  // the body runs until the end of the file
    progress = feed(reader, {});
  }
  if (progress == http::Progress::message_done) return reader.take();
  if (progress == http::Progress::failed) return refused(reader.failure());
  return "is no whole answer: it ends before it is complete";
}

bool Trial::is_read() const {
  if (!match || signature == false) return false;
  if (match->route->operation != policy::Operation::pass && !order()) return false;
  return !outcome || outcome->kind != Outcome::Kind::unknown;
}

Trial try_adapter(const std::vector<policy::Carrier>& carriers, const http::Request& request,
                  const http::Response* answer, const policy::NumberingPlan& plan, policy::JstDate today) {
  Trial trial;
  trial.match = policy::match_route(carriers, request.method, request.path());
  if (!trial.match) return trial;
  const auto& route = *trial.match->route;
  if (route.operation == policy::Operation::pass) return trial;
  const policy::Message message{
      .query = request.query(), .headers = of(request.headers), .body = request.body, .claims = {}};
  trial.read = policy::read_order(*trial.match, message, plan, today);
  if (route.webhook) {
    trial.signature = is_signed(*route.webhook, request);
    trial.outcome = policy::read_outcome(*trial.match, 200, request.body, of(request.headers));
  } else if (answer && !(route.operation == policy::Operation::search && route.results.empty())) {
    trial.outcome = policy::read_outcome(*trial.match, answer->status, answer->body, of(answer->headers));
  }
  return trial;
}

std::string told(const Trial& trial) {
  if (!trial.match) return "route:  none: the call is refused\n";
  const auto& route = *trial.match->route;
  std::string out = "route:  " + route.pattern + ": " + std::string(policy::name(route.operation)) + "\n";
  if (route.operation == policy::Operation::pass) return out;
  if (trial.signature) out += std::string("signed: ") + (*trial.signature ? "yes" : "no") + "\n";
  if (const auto* no = std::get_if<policy::Unreadable>(&trial.read))
    return out + "order:  refused, " + std::string(policy::code(no->reason)) + ": " + no->detail + "\n";
  out += told(*trial.order());
  if (trial.outcome) out += told(*trial.outcome, route.operation);
  return out;
}

}  // namespace sekisho::gateway
