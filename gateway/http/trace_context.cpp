#include "gateway/http/trace_context.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include "gateway/http/fields.h"

namespace sekisho::http {
namespace {

constexpr std::size_t whole = 55;  // of version 00
constexpr unsigned sampled = 1, random = 2;
constexpr std::size_t most_members = 32;

bool is_small(char c) { return c >= 'a' && c <= 'z'; }

std::uint64_t hex_value(std::string_view digits) {
  std::uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return value;
}

unsigned flags_of(std::string_view traceparent) { return unsigned(hex_value(traceparent.substr(53, 2))); }

// Every version begins as 00 does, but of its flags only "sampled" is known to stay what it is.
std::optional<std::string> of_later_version(std::string_view text) {
  const bool ends_well = text.size() == whole || (text.size() > whole && text[whole] == '-');
  const bool later = text.size() >= whole && !text.starts_with("00") && !text.starts_with("ff");
  const auto hex = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); };
  if (!ends_well || !later || !hex(text[0]) || !hex(text[1])) return std::nullopt;
  auto known = "00" + std::string(text.substr(2, whole - 2));
  if (!is_traceparent(known)) return std::nullopt;
  known.replace(whole - 2, 2, is_sampled(known) ? "01" : "00");
  return known;
}

// "vendor" or "tenant@system".
bool is_key(std::string_view key) {
  const auto plain = [](std::string_view part) {
    return std::all_of(part.begin(), part.end(), [](char c) {
      return is_small(c) || is_digit(c) || c == '_' || c == '-' || c == '*' || c == '/';
    });
  };
  const auto at = key.find('@');
  if (at == key.npos) return !key.empty() && key.size() <= 256 && is_small(key[0]) && plain(key);
  const auto tenant = key.substr(0, at), system = key.substr(at + 1);
  return !tenant.empty() && tenant.size() <= 241 && (is_small(tenant[0]) || is_digit(tenant[0])) &&
         plain(tenant) && !system.empty() && system.size() <= 14 && is_small(system[0]) && plain(system);
}

bool is_value(std::string_view value) {
  return !value.empty() && value.size() <= 256 && std::all_of(value.begin(), value.end(), [](char c) {
    return c >= 0x20 && c <= 0x7e && c != ',' && c != '=';
  });
}

}  // namespace

bool is_traceparent(std::string_view text) {
  if (text.size() != 55 || !text.starts_with("00-") || text[35] != '-' || text[52] != '-') return false;
  const auto hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  const auto trace = text.substr(3, 32), span = text.substr(36, 16), flags = text.substr(53, 2);
  for (const auto part : {trace, span, flags})
    if (!std::all_of(part.begin(), part.end(), hex)) return false;
  return trace.find_first_not_of('0') != trace.npos && span.find_first_not_of('0') != span.npos;
}

std::optional<std::string> traceparent_of(const Headers& headers) {
  std::optional<std::string_view> found;
  for (const auto& header : headers.all()) {
    if (!same_name(header.name, "traceparent")) continue;
    if (found) return std::nullopt;
    found = header.value;
  }
  if (!found) return std::nullopt;
  if (is_traceparent(*found)) return std::string(*found);
  return of_later_version(*found);
}

std::string tracestate_of(const Headers& headers) {
  std::string list;
  std::vector<std::string_view> keys;
  bool good = true;
  const auto take = [&](std::string_view member) {
    if (!good) return;
    const auto equals = std::min(member.find('='), member.size());
    const auto key = member.substr(0, equals);
    const bool again = std::find(keys.begin(), keys.end(), key) != keys.end();
    good = !again && keys.size() < most_members && equals < member.size() && is_key(key) &&
           is_value(member.substr(equals + 1));
    keys.push_back(key);
    if (!list.empty()) list += ',';
    list += member;
  };
  for (const auto& header : headers.all())
    if (same_name(header.name, "tracestate")) each_element(header.value, take);
  return good ? list : std::string();
}

std::string_view trace_id(std::string_view traceparent) { return traceparent.substr(3, 32); }
std::string_view parent_id(std::string_view traceparent) { return traceparent.substr(36, 16); }
bool is_sampled(std::string_view traceparent) { return flags_of(traceparent) & sampled; }

std::string with_parent(std::string_view traceparent, std::uint64_t span) {
  const auto known = flags_of(traceparent) & (sampled | random);
  return fmt::format("00-{}-{}-{:02x}", trace_id(traceparent), span_id(span), known);
}

bool is_chosen(std::string_view traceparent, double share) {
  // Of an id at least these bits are random (Trace Context, level 2; OpenTelemetry samples by them too).
  constexpr double all = double(std::uint64_t(1) << 56);
  const auto drawn = hex_value(trace_id(traceparent).substr(18));
  return drawn >= std::uint64_t(std::llround((1 - share) * all));
}

std::string span_id(std::uint64_t id) { return fmt::format("{:016x}", id); }

}  // namespace sekisho::http
