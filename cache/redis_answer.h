// What comes back from Redis: an answer, and the values in it.
//
// Values are read out leniently: what is not there or is of another type is nothing, zero or empty. Whoever
// must know the difference asks ok() first.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cache/redis_command.h"

struct redisReply;

namespace sekisho::cache {

struct FreeReply {
  void operator()(redisReply* reply) const;
};

// What came of a command.
struct RedisAnswer {
  enum class Kind {
    reply,    // Redis answered (perhaps with an error)
    unsent,   // for certain not done: there is no connection, or a server refused what is not its own to do
    in_doubt  // sent, and no answer in time: Redis may have done it
  };
  Kind kind = Kind::unsent;
  std::unique_ptr<redisReply, FreeReply> raw;

  bool ok() const;                               // a reply that is not an error
  std::string_view refused() const;              // Redis's own words when it is an error; else empty
  std::string error() const;                     // the same, or why there is no reply
  std::optional<std::string_view> text() const;  // string or status
  std::optional<std::int64_t> integer() const;   // integer, or a string of digits
  std::size_t size() const;                      // elements of an array; 0 otherwise
  std::optional<std::string_view> text(std::size_t index) const;
  std::optional<std::int64_t> integer(std::size_t index) const;
  // Field, value pairs of the array at `index` (a HGETALL inside a script's answer).
  std::vector<std::pair<std::string, std::string>> pairs(std::size_t index) const;
  std::vector<std::pair<std::string, std::string>> pairs() const;
  const redisReply* element(std::size_t index) const;
};

// The same of an inner array.
std::size_t elements(const redisReply* array);
std::int64_t integer_at(const redisReply* array, std::size_t index);
std::string_view text_at(const redisReply* array, std::size_t index);
const redisReply* inner(const redisReply* array, std::size_t index);  // null when it is not there
std::vector<std::string> texts(const redisReply* array);

struct StreamEntry {
  std::string id;
  std::vector<std::pair<std::string, std::string>> fields;
};
StreamEntry stream_entry(const redisReply* entry);  // one element of XRANGE
std::vector<StreamEntry> stream_entries(const RedisAnswer& xread, std::string_view stream);

}  // namespace sekisho::cache
