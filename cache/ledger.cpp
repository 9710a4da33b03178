#include "cache/ledger.h"

#include <boost/json.hpp>

#include "cache/journal_fields.h"

namespace sekisho::cache {
namespace json = boost::json;

std::string encode(const StoredAnswer& answer, std::size_t most_bytes) {
  const bool with_body = answer.body_kept && answer.body.size() <= most_bytes;
  std::string out;
  out.reserve(512 + (with_body ? answer.body.size() * 5 / 4 : 0));
  out += "{\"status\":";
  out += std::to_string(answer.status);
  out += ",\"headers\":[";
  for (const auto& [name, value] : answer.headers) {
    out += out.back() == '[' ? "[" : ",[";
    append_json_text(out, name);
    out += ',';
    append_json_text(out, value);
    out += ']';
  }
  out += ']';
  if (with_body) {
    out += ",\"body\":";
    append_json_text(out, answer.body);
  }
  out += '}';
  return out;
}

std::optional<StoredAnswer> decode_answer(std::string_view text) {
  json::parse_options options;
  options.allow_invalid_utf8 = true;  // a carrier's answer is kept as it came, in any encoding
  boost::system::error_code failed;
  const auto value = json::parse({text.data(), text.size()}, failed, {}, options);
  if (failed || !value.is_object()) return std::nullopt;
  const auto& object = value.as_object();
  StoredAnswer answer;
  if (const auto* status = object.if_contains("status")) answer.status = status->to_number<int>(failed);
  if (const auto* headers = object.if_contains("headers"); headers && headers->is_array())
    for (const auto& pair : headers->as_array())
      answer.headers.emplace_back(json::value_to<std::string>(pair.at(0)),
                                  json::value_to<std::string>(pair.at(1)));
  const auto* body = object.if_contains("body");
  answer.body_kept = body != nullptr;
  if (body) answer.body = json::value_to<std::string>(*body);
  return answer;
}

}  // namespace sekisho::cache
