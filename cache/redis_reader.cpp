#include "cache/redis_reader.h"

#include <hiredis/hiredis.h>

namespace sekisho::cache {
namespace {

redisReplyObjectFunctions usual_functions() { return *RedisReader(redisReaderCreate(), redisReaderFree)->fn; }

void* create_array(const redisReadTask* task, int elements) {
  static const auto usual = usual_functions().createArray;
  return elements > most_elements ? nullptr : usual(task, elements);
}

}  // namespace

RedisReader make_redis_reader() {
  static redisReplyObjectFunctions functions = [] {
    auto all = usual_functions();
    all.createArray = create_array;
    return all;
  }();
  return {redisReaderCreateWithFunctions(&functions), redisReaderFree};
}

}  // namespace sekisho::cache
