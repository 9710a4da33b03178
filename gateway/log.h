// JSON log lines on standard error: time, level, message, and fields. Never a credential, never a body.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace sekisho::gateway::log {

using Field = std::pair<std::string_view, std::string>;

void start(std::string_view level);  // debug info warn error
void stop();                         // writes what is queued
bool debugging();
void debug(std::string_view message, std::initializer_list<Field> fields = {});
void info(std::string_view message, std::initializer_list<Field> fields = {});
void warn(std::string_view message, std::initializer_list<Field> fields = {});
void error(std::string_view message, std::initializer_list<Field> fields = {});

}  // namespace sekisho::gateway::log
