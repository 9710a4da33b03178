#include "gateway/collector_answer.h"

#include <time.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

namespace sekisho::gateway {
namespace json = boost::json;

namespace {

constexpr std::int64_t longest_wait = 24 * 3600;  // seconds; whoever waits has a bound of its own
constexpr std::size_t longest_text = 200;

template <class T>
bool read_whole(std::string_view text, T& out) {
  const auto* end = text.data() + text.size();
  const auto [stopped, trouble] = std::from_chars(text.data(), end, out);
  return trouble == std::errc() && stopped == end;
}

// Seconds, or a date (RFC 9110 10.2.3).
std::chrono::seconds retry_after(std::string_view text, std::int64_t now) {
  std::int64_t seconds = 0;
  std::tm at{};
  const std::string whole(text);
  if (const auto* end = ::strptime(whole.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &at); end && *end == 0)
    seconds = std::int64_t(::timegm(&at)) - now;
  else if (!read_whole(text, seconds))
    return {};
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, longest_wait));
}

// The beginning of a text, in whole characters.
std::string shortened(std::string_view text) {
  auto size = std::min(text.size(), longest_text);
  while (size < text.size() && size > 0 && (text[size] & 0xc0) == 0x80) --size;
  return std::string(text.substr(0, size));
}

// What it took but threw away. A body that is not understood says nothing of the kind.
void read_partial_success(const std::string& body, CollectorAnswer& out) {
  json::error_code trouble;
  const auto said = json::parse(body, trouble);
  const auto* all = trouble ? nullptr : said.if_object();
  const auto* member = all ? all->if_contains("partialSuccess") : nullptr;
  const auto* partial = member ? member->if_object() : nullptr;
  if (!partial) return;
  if (const auto* rejected = partial->if_contains("rejectedSpans")) {
    if (const auto* number = rejected->if_int64(); number && *number > 0)
      out.rejected = std::uint64_t(*number);
    if (const auto* text = rejected->if_string()) read_whole(std::string_view(*text), out.rejected);
  }
  const auto* message = partial->if_contains("errorMessage");
  if (const auto* text = message ? message->if_string() : nullptr) out.why = shortened(*text);
  if (out.rejected > 0 && out.why.empty()) out.why = "it does not say why";
}

}  // namespace

CollectorAnswer understood(const http::Response& response, std::int64_t now) {
  CollectorAnswer out;
  const auto status = response.status;
  if (status / 100 == 2) {
    out.kind = CollectorAnswer::Kind::taken;
    read_partial_success(response.body, out);
    return out;
  }
  const bool later = status == 429 || status == 502 || status == 503 || status == 504;
  out.kind = later ? CollectorAnswer::Kind::later : CollectorAnswer::Kind::refused;
  out.why = "it answers " + std::to_string(status);
  if (const auto after = response.headers.find("Retry-After"); later && after)
    out.wait = retry_after(*after, now);
  return out;
}

}  // namespace sekisho::gateway
