#include "cache/redis_answer.h"

#include <hiredis/hiredis.h>

#include <charconv>

namespace sekisho::cache {
namespace {

std::optional<std::string_view> text_of(const redisReply* reply) {
  if (!reply || (reply->type != REDIS_REPLY_STRING && reply->type != REDIS_REPLY_STATUS)) return std::nullopt;
  return std::string_view(reply->str, reply->len);
}

std::optional<std::int64_t> integer_of(const redisReply* reply) {
  if (reply && reply->type == REDIS_REPLY_INTEGER) return reply->integer;
  const auto text = text_of(reply);
  if (!text) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (failed != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return value;
}

std::vector<std::pair<std::string, std::string>> pairs_of(const redisReply* reply) {
  std::vector<std::pair<std::string, std::string>> out;
  if (!reply || reply->type != REDIS_REPLY_ARRAY) return out;
  for (std::size_t i = 0; i + 1 < reply->elements; i += 2)
    out.emplace_back(text_of(reply->element[i]).value_or(""), text_of(reply->element[i + 1]).value_or(""));
  return out;
}

}  // namespace

void FreeReply::operator()(redisReply* reply) const { freeReplyObject(reply); }

bool RedisAnswer::ok() const { return kind == Kind::reply && raw && raw->type != REDIS_REPLY_ERROR; }

std::string_view RedisAnswer::refused() const {
  return raw && raw->type == REDIS_REPLY_ERROR ? std::string_view(raw->str, raw->len) : std::string_view();
}

std::string RedisAnswer::error() const {
  if (!refused().empty()) return std::string(refused());
  if (kind == Kind::unsent) return "no connection to Redis";
  if (kind == Kind::in_doubt) return "no answer from Redis in time";
  return "";
}

std::optional<std::string_view> RedisAnswer::text() const { return text_of(raw.get()); }
std::optional<std::int64_t> RedisAnswer::integer() const { return integer_of(raw.get()); }
std::size_t RedisAnswer::size() const { return raw && raw->type == REDIS_REPLY_ARRAY ? raw->elements : 0; }
const redisReply* RedisAnswer::element(std::size_t index) const {
  return index < size() ? raw->element[index] : nullptr;
}
std::optional<std::string_view> RedisAnswer::text(std::size_t index) const { return text_of(element(index)); }
std::optional<std::int64_t> RedisAnswer::integer(std::size_t index) const {
  return integer_of(element(index));
}
std::vector<std::pair<std::string, std::string>> RedisAnswer::pairs(std::size_t index) const {
  return pairs_of(element(index));
}
std::vector<std::pair<std::string, std::string>> RedisAnswer::pairs() const { return pairs_of(raw.get()); }

std::size_t elements(const redisReply* array) {
  return array && array->type == REDIS_REPLY_ARRAY ? array->elements : 0;
}

std::int64_t integer_at(const redisReply* array, std::size_t index) {
  return index < elements(array) ? integer_of(array->element[index]).value_or(0) : 0;
}

std::string_view text_at(const redisReply* array, std::size_t index) {
  return index < elements(array) ? text_of(array->element[index]).value_or("") : "";
}

const redisReply* inner(const redisReply* array, std::size_t index) {
  return index < elements(array) ? array->element[index] : nullptr;
}

std::vector<std::string> texts(const redisReply* array) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < elements(array); ++i) out.emplace_back(text_of(array->element[i]).value_or(""));
  return out;
}

StreamEntry stream_entry(const redisReply* entry) {
  StreamEntry out;
  if (elements(entry) != 2) return out;
  out.id = text_of(entry->element[0]).value_or("");
  out.fields = pairs_of(entry->element[1]);
  return out;
}

std::vector<StreamEntry> stream_entries(const RedisAnswer& xread, std::string_view stream) {
  std::vector<StreamEntry> out;
  for (std::size_t i = 0; i < xread.size(); ++i) {
    const auto* one = xread.element(i);
    if (elements(one) != 2 || text_of(one->element[0]) != stream) continue;
    for (std::size_t j = 0; j < elements(one->element[1]); ++j)
      out.push_back(stream_entry(one->element[1]->element[j]));
  }
  return out;
}

}  // namespace sekisho::cache
