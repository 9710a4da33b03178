#include "gateway/main/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "cache/clock.h"

namespace sekisho::console {
using namespace std::chrono_literals;

namespace {

// As wide as it is now: it may be made narrower meanwhile.
std::size_t columns_of_terminal() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

std::shared_ptr<gateway::ProgressLine> Console::progress_line() {
  const char* const term = std::getenv("TERM");
  const bool terminal = ::isatty(STDERR_FILENO) && term && std::string_view(term) != "dumb";
  const auto began = std::chrono::steady_clock::now();
  gateway::ProgressLine::Screen screen;
  if (terminal) screen.columns = columns_of_terminal;
  screen.write = [](std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); };
  screen.clock = [began] {
    return std::chrono::duration_cast<gateway::Elapsed>(std::chrono::steady_clock::now() - began);
  };
  return std::make_shared<gateway::ProgressLine>(std::move(screen));
}

config::Progress Console::progress(std::string what, Counted unit) const {
  return quiet ? config::Progress() : line_->of(std::move(what), unit);
}

void Console::print(const json::value& result, const std::string& text) const {
  line_->clear();
  const auto out = as_json ? json::serialize(result) + "\n" : text;
  std::fwrite(out.data(), 1, out.size(), stdout);
  std::fflush(stdout);
}

int Console::fail(const std::string& sentence, int code) const {
  line_->clear();
  std::fprintf(stderr, "sekisho: %s\n", sentence.c_str());
  return code;
}

int Console::fail(const config::Errors& errors) const {
  line_->clear();
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
