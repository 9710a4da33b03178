// What all commands share: where the configuration is, how results are printed, how Redis is reached.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "cache/redis_link.h"
#include "config/file_error.h"
#include "config/settings.h"
#include "gateway/progress.h"

namespace sekisho::console {

namespace json = boost::json;
using cache::Task;
using gateway::Counted;

// Exit codes of every command.
inline constexpr int done = 0;        // done, or the answer is yes
inline constexpr int answer_no = 1;   // a check failed, not found, a guard refused
inline constexpr int unreadable = 2;  // wrong usage, unreadable input, or Redis cannot be reached

struct Console {
  std::string config;  // from --config or SEKISHO_CONFIG; empty: none
  bool as_json = false, quiet = false;

  // Prints a result: JSON when asked for, else the text.
  void print(const json::value& result, const std::string& text) const;
  int fail(const std::string& sentence, int code = unreadable) const;  // on standard error
  int fail(const config::Errors& errors) const;

  // The settings that --config names; nothing (and the reason printed) when they cannot be loaded.
  std::optional<config::Settings> settings() const;

  // What tells on standard error how far a stretch of work has come ("reading the list"), where that takes
  // long enough; until something is printed.
  config::Progress progress(std::string what, Counted unit) const;

 private:
  std::shared_ptr<gateway::ProgressLine> line_ = progress_line();
  static std::shared_ptr<gateway::ProgressLine> progress_line();
};

json::array errors_json(const config::Errors& errors);

// Runs a command that needs Redis: connects (at most 3 s), runs it, disconnects.
int with_redis(
    const Console& console,
    const std::function<Task<int>(cache::RedisLink& link, const config::Settings& settings)>& command);

// "jp:8999900000001" or the bare corporate number.
std::optional<policy::OperatorId> operator_id(const std::string& text);

policy::Instant now();

// The end of a day in Japan ("2026-11-24"), or a moment.
std::optional<policy::Instant> moment(const std::string& text);

}  // namespace sekisho::console
