#include "cache/ledger.h"

#include <boost/json.hpp>

namespace sekisho::cache {
namespace json = boost::json;

std::string encode(const StoredAnswer& answer) {
  json::array headers;
  for (const auto& [name, value] : answer.headers) headers.push_back(json::array{name, value});
  json::object out{{"status", answer.status}, {"headers", std::move(headers)}};
  if (answer.body_kept) out["body"] = answer.body;
  return json::serialize(out);
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

std::vector<std::string> buckets_raised(const policy::Hold& hold) {
  std::vector<std::string> out;
  const std::string type = "." + std::string(policy::name(hold.number_type));
  for (const auto& bucket : {policy::day_bucket(hold.day), policy::month_bucket(hold.day),
                             policy::lifetime_bucket, policy::held_bucket}) {
    out.push_back(bucket);
    out.push_back(bucket + type);
  }
  return out;
}

}  // namespace sekisho::cache
