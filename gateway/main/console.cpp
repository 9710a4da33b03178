#include "gateway/main/console.h"

#include "cache/clock.h"

#include <chrono>
#include <cstdio>

namespace sekisho::console {
using namespace std::chrono_literals;

void Console::print(const json::value& result, const std::string& text) const {
  const auto out = as_json ? json::serialize(result) + "\n" : text;
  std::fwrite(out.data(), 1, out.size(), stdout);
  std::fflush(stdout);
}

int Console::fail(const std::string& sentence, int code) const {
  std::fprintf(stderr, "sekisho: %s\n", sentence.c_str());
  return code;
}

int Console::fail(const config::Errors& errors) const {
  for (const auto& error : errors) std::fprintf(stderr, "%s\n", error.print_with_line().c_str());
  if (as_json) print(json::object{{"ok", false}, {"errors", errors_json(errors)}}, "");
  return config::only_broken_promises(errors) ? answer_no : unreadable;
}

std::optional<config::Settings> Console::settings() const {
  if (config.empty()) {
    fail("no configuration: give --config FILE or set SEKISHO_CONFIG");
    return std::nullopt;
  }
  auto loaded = config::load_settings(config);
  if (!loaded) fail(loaded.errors);
  return std::move(loaded.value);
}

json::array errors_json(const config::Errors& errors) {
  json::array out;
  for (const auto& error : errors)
    out.push_back(json::object{{"file", error.file},
                               {"line", error.line},
                               {"column", error.column},
                               {"text", error.text},
                               {"source", error.source}});
  return out;
}

int with_redis(
    const Console& console,
    const std::function<Task<int>(cache::RedisLink& link, const config::Settings& settings)>& command) {
  auto settings = console.settings();
  if (!settings) return unreadable;
  // A command may wait longer than an order.
  settings->redis.deadline = std::max<config::Milliseconds>(settings->redis.deadline, 5000ms);
  boost::asio::io_context context(1);
  cache::RedisLink link(context.get_executor(), settings->redis);
  link.start();
  int code = unreadable;
  const auto run = [&]() -> Task<> {
    const bool up = co_await link.wait_up(3s);
    if (up)
      code = co_await command(link, *settings);
    else
      console.fail("Redis cannot be reached at the address in " + console.config +
                   (link.trouble().empty() ? "" : ": " + link.trouble()));
    link.stop();
  };
  std::exception_ptr broken;
  boost::asio::co_spawn(context, run(), [&](std::exception_ptr failed) {
    broken = failed;
    link.stop();
  });
  context.run();
  if (broken) std::rethrow_exception(broken);
  return code;
}

std::optional<policy::OperatorId> operator_id(const std::string& text) {
  if (auto id = policy::OperatorId::parse_account(text)) return id;
  return policy::OperatorId::parse("jp:" + text);
}

std::optional<policy::Instant> moment(const std::string& text) {
  if (const auto day = policy::JstDate::parse(text)) return day->plus(1).begins() - 1ms;
  return policy::parse_instant(text);
}

policy::Instant now() { return cache::wall_clock(); }

}  // namespace sekisho::console
