// JSON log lines on standard error: time, level, message, and fields. Never a credential, never a body. The
// same message is written so often and no more (log_repeats.h), but for debugging.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace sekisho::gateway::log {

using Field = std::pair<std::string_view, std::string>;

enum class Level : std::uint8_t { trace, debug, info, warn, error };
inline constexpr std::string_view level_words[] = {"trace", "debug", "info", "warn", "error"};
constexpr auto& words_of(Level) { return level_words; }

void start(std::string_view level);
Level level();
void set_level(Level level);                                                      // from any thread, at once
void stop();                                                                      // writes what is queued
void notice(std::string_view message, std::initializer_list<Field> fields = {});  // at any level
bool debugging();
void debug(std::string_view message, std::initializer_list<Field> fields = {});
void info(std::string_view message, std::initializer_list<Field> fields = {});
void warn(std::string_view message, std::initializer_list<Field> fields = {});
void error(std::string_view message, std::initializer_list<Field> fields = {});

}  // namespace sekisho::gateway::log
