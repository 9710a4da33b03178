#include "gateway/log.h"

#include <pthread.h>
#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <boost/json.hpp>
#include <chrono>
#include <memory>
#include <mutex>

#include "gateway/log_repeats.h"
#include "policy/calendar.h"
#include "policy/words.h"

namespace sekisho::gateway::log {
namespace {

std::shared_ptr<spdlog::logger> logger;

std::mutex repeats_lock;
Repeats repeats;  // under it

static_assert(int(Level::trace) == spdlog::level::trace && int(Level::error) == spdlog::level::err);

void write(spdlog::level::level_enum level, std::string_view word, std::string_view message,
           std::initializer_list<Field> fields) {
  if (!logger || !logger->should_log(level)) return;
  std::optional<std::uint64_t> left_out = 0;
  if (level > spdlog::level::debug) {
    const std::lock_guard locked(repeats_lock);
    left_out = repeats.left_out(message, std::chrono::steady_clock::now());
  }
  if (!left_out) return;
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  boost::json::object line{{"time", policy::iso_jst(now)}, {"level", word}, {"message", message}};
  for (const auto& [name, value] : fields) line[name] = value;
  if (*left_out > 0) line["left_out_before"] = *left_out;
  logger->log(level, boost::json::serialize(line));
}

}  // namespace

void start(std::string_view level) {
  // Queued, so that a slow terminal never holds an order up; the oldest lines go first when it is too slow.
  spdlog::init_thread_pool(8192, 1, [] { ::pthread_setname_np(::pthread_self(), "log"); });
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  logger = std::make_shared<spdlog::async_logger>("sekisho", sink, spdlog::thread_pool(),
                                                  spdlog::async_overflow_policy::overrun_oldest);
  logger->set_pattern("%v");
  set_level(policy::parse_word<Level>(level).value_or(Level::info));
  logger->flush_on(spdlog::level::warn);
}

void stop() {
  spdlog::shutdown();  // joins the writing thread: only then may the logger go
  logger.reset();
}

Level level() { return logger ? static_cast<Level>(logger->level()) : Level::info; }
void set_level(Level level) {
  if (logger) logger->set_level(static_cast<spdlog::level::level_enum>(level));
}

void notice(std::string_view message, std::initializer_list<Field> fields) {
  write(spdlog::level::critical, "info", message, fields);  // a level that nobody can set
}
bool debugging() { return logger && logger->should_log(spdlog::level::debug); }
void debug(std::string_view message, std::initializer_list<Field> fields) {
  write(spdlog::level::debug, "debug", message, fields);
}
void info(std::string_view message, std::initializer_list<Field> fields) {
  write(spdlog::level::info, "info", message, fields);
}
void warn(std::string_view message, std::initializer_list<Field> fields) {
  write(spdlog::level::warn, "warn", message, fields);
}
void error(std::string_view message, std::initializer_list<Field> fields) {
  write(spdlog::level::err, "error", message, fields);
}

}  // namespace sekisho::gateway::log
