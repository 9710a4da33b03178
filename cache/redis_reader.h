// The reader of what Redis sends: hiredis's, but an array may not claim more elements than any answer has.
// hiredis takes memory for all that are claimed before one of them came.
#pragma once

#include <hiredis/read.h>

#include <memory>

namespace sekisho::cache {

inline constexpr int most_elements = 1 << 24;  // of one array

using RedisReader = std::unique_ptr<redisReader, void (*)(redisReader*)>;
RedisReader make_redis_reader();

}  // namespace sekisho::cache
