#include "gateway/http/problem.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <boost/json.hpp>

#include "gateway/http/dialect.h"
#include "gateway/http/fields.h"

namespace sekisho::http {
namespace {

namespace json = boost::json;
using policy::Language;
using policy::Reason;

// Boost.JSON escapes, but takes any bytes for UTF-8. Bytes of a message may be quoted in here.
void put(json::object& object, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  auto& kept = object[name].emplace_string();
  kept = text;
  if (!simdjson::validate_utf8(text.data(), text.size()))
    std::replace_if(
        kept.begin(), kept.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
}

json::object reason_member(const ProblemReason& reason, const json::storage_ptr& memory) {
  json::object member(memory);
  put(member, "code", reason.code);
  put(member, "rule", reason.rule);
  put(member, "basis", reason.basis);
  put(member, "text", reason.text);
  put(member, "remedy", reason.remedy);
  return member;
}

json::object limit_member(const ProblemLimit& limit, const json::storage_ptr& memory) {
  json::object member(memory);
  put(member, "rule", limit.rule);
  put(member, "code", limit.code);
  put(member, "per", limit.per);
  member["limit"] = limit.limit;
  member["used"] = limit.used;
  member["held"] = limit.held;
  member["left"] = limit.left;
  member["resets_at"] = nullptr;
  if (limit.resets_at) put(member, "resets_at", policy::iso_jst(*limit.resets_at));
  return member;
}

json::object body_of(const Problem& problem, int status, Language language, const json::storage_ptr& memory) {
  const policy::ReasonRow& row = policy::row(problem.reason);
  const auto in = static_cast<std::size_t>(language);
  json::object body(memory);
  body["type"] = fmt::format("https://sekisho.example/problems/{}", row.code);
  body["title"] = row.title[in];
  body["status"] = status;
  put(body, "detail", problem.detail.empty() ? row.title[in] : problem.detail);
  put(body, "instance", problem.instance);
  body["code"] = row.code;
  json::array reasons(memory);
  for (const ProblemReason& reason : problem.reasons) reasons.push_back(reason_member(reason, memory));
  if (reasons.empty())
    reasons.push_back(reason_member({.code = std::string(row.code),
                                     .text = std::string(row.title[in]),
                                     .remedy = std::string(row.remedy[in])},
                                    memory));
  body["reasons"] = std::move(reasons);
  put(body, "decision", problem.decision);
  put(body, "contact", problem.contact);
  json::array limits(memory);
  for (const ProblemLimit& limit : problem.limits) limits.push_back(limit_member(limit, memory));
  if (!limits.empty()) body["limits"] = std::move(limits);
  return body;
}

// After these nobody knows where the next message would begin, or the rest of this one is not wanted.
bool ends_connection(Reason reason) {
  switch (reason) {
    case Reason::malformed:
    case Reason::request_timeout:
    case Reason::headers_too_large:
    case Reason::uri_too_long:
    case Reason::body_too_large:
    case Reason::length_required:
    case Reason::expectation_failed:
      return true;
    default:
      return false;
  }
}

// "0.8" in thousandths (RFC 9110 12.4.2); nothing when it is not a weight.
std::optional<int> weight(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  int value = text[0] == '1' ? 1000 : 0;
  int unit = 100;
  for (char c : text.substr(std::min<std::size_t>(text.size(), 2))) {
    if (!is_digit(c)) return std::nullopt;
    value += (c - '0') * unit;
    unit /= 10;
  }
  return value <= 1000 ? std::optional(value) : std::nullopt;
}

struct Preference {
  std::string_view range;
  int weight = 1000;
};

std::optional<Preference> preference_of(std::string_view element) {
  const std::size_t mark = std::min(element.find(';'), element.size());
  Preference result{trimmed(element.substr(0, mark))};
  if (mark == element.size()) return result;
  std::string_view parameter = trimmed(element.substr(mark + 1));
  if (parameter.size() < 2 || (parameter[0] | 0x20) != 'q' || parameter[1] != '=') return std::nullopt;
  const auto stated = weight(parameter.substr(2));
  if (!stated) return std::nullopt;
  result.weight = *stated;
  return result;
}

bool speaks(std::string_view range, std::string_view language) {
  return same_name(range.substr(0, language.size()), language) &&
         (range.size() == language.size() || range[language.size()] == '-');
}

}  // namespace

Language choose_language(std::optional<std::string_view> accept_language) {
  if (!accept_language) return Language::en;
  int english = -1, japanese = -1, any = -1;  // -1: not named
  bool english_first = true;                  // decides between equals
  each_element(*accept_language, [&](std::string_view element) {
    const auto preference = preference_of(element);
    if (!preference) return;
    if (speaks(preference->range, "en")) english = std::max(english, preference->weight);
    if (speaks(preference->range, "ja")) {
      if (english < 0 && japanese < 0) english_first = false;
      japanese = std::max(japanese, preference->weight);
    }
    if (preference->range == "*") any = std::max(any, preference->weight);
  });
  const bool both_named = english >= 0 && japanese >= 0;
  if (english < 0) english = std::max(any, 0);
  if (japanese < 0) japanese = std::max(any, 0);
  if (japanese == english) return both_named && japanese > 0 && !english_first ? Language::ja : Language::en;
  return japanese > english ? Language::ja : Language::en;
}

Response to_response(const Problem& problem, Language language, const policy::Denials* dialect) {
  static const policy::Denials none;
  if (!dialect) dialect = &none;
  Response response;
  response.status = status_in(*dialect, problem);
  // The tree is gone before the answer is: on the stack, unless it is a long one.
  unsigned char space[4096];
  json::monotonic_resource memory(space);
  const auto told = body_of(problem, response.status, language, &memory);
  auto body = body_in(*dialect, problem, told, language);
  response.keep_alive = !ends_connection(problem.reason);
  Headers& headers = response.headers;
  headers.add("Content-Type", body.type);
  headers.add("Content-Language", language == Language::ja ? "ja" : "en");
  headers.add("Cache-Control", "no-store");
  if (problem.retry_after)
    headers.add("Retry-After", fmt::format("{}", std::max(*problem.retry_after, 1)));
  else if (response.status == 503)
    headers.add("Retry-After", "1");
  if (!problem.decision.empty()) headers.add("Sekisho-Decision", problem.decision);
  if (response.status == 401 && problem.challenges.empty())
    headers.add("WWW-Authenticate", "Bearer realm=\"sekisho\"");
  if (response.status == 401)
    for (const auto& challenge : problem.challenges) headers.add("WWW-Authenticate", challenge);
  if (response.status == 405) headers.add("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  response.body = std::move(body.text);
  return response;
}

}  // namespace sekisho::http
