#include "cache/redis_link.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <set>

#include "cache/redis_nodes.h"

namespace sekisho::cache {
namespace asio = boost::asio;
using boost::system::error_code;
using namespace std::chrono_literals;
using Ms = std::chrono::milliseconds;

namespace {

bool was_refused(const RedisAnswer& answer) {
  return refusal_of(answer.refused()).kind != Refusal::Kind::none;
}

}  // namespace

RedisLink::RedisLink(asio::any_io_executor executor, config::RedisSettings settings)
    : executor_(executor), settings_(std::move(settings)), nodes_(make_nodes(executor, settings_)) {
  nodes_->on_change = [this](bool up) {
    if (on_change) on_change(up);
  };
  nodes_->on_reply = [this](double seconds) {
    last_roundtrip_seconds_ = seconds;
    if (on_reply) on_reply(seconds);
  };
}

RedisLink::~RedisLink() {
  // Coroutines that have not ended yet keep the nodes; they must not reach whoever is gone.
  nodes_->on_change = nullptr;
  nodes_->on_reply = nullptr;
  nodes_->stop();
}

void RedisLink::start() { nodes_->start(); }
void RedisLink::stop() { nodes_->stop(); }
bool RedisLink::up() const { return nodes_->up(); }
std::string RedisLink::trouble() const { return nodes_->trouble(); }

std::string RedisLink::servers() const {
  std::vector<std::string> ids;
  for (const auto& master : nodes_->masters()) ids.push_back(master->run_id());
  std::sort(ids.begin(), ids.end());
  std::string text;
  for (const auto& id : ids) text += (text.empty() ? "" : ",") + id;
  return text;
}

std::vector<Share> RedisLink::shares() const { return nodes_->shares(); }
Task<std::optional<bool>> RedisLink::some_slot_moves() { return nodes_->some_slot_moves(); }

const std::string& RedisLink::run_id(std::string_view key) const {
  static const std::string none;
  const auto server = nodes_->of(key);
  return server ? server->run_id() : none;
}

Task<RedisAnswer> RedisLink::call(Command command) { return call(std::move(command), settings_.deadline); }

Task<RedisAnswer> RedisLink::call(Command command, Ms deadline) {
  const auto server = nodes_->of(key_of(command));
  if (!server) co_return RedisAnswer{};
  const auto until = Clock::now() + deadline;
  auto answer = co_await server->call(command, deadline);
  if (!was_refused(answer)) co_return answer;
  co_return co_await send_again(command, until, std::move(answer));
}

// Until somebody does it, or the deadline is over, or there is nowhere left to send it. It was not done so
// far.
Task<RedisAnswer> RedisLink::send_again(const Command& command, Clock::time_point until, RedisAnswer answer) {
  for (int tries = 1;; ++tries) {
    const auto refusal = refusal_of(answer.refused());
    if (refusal.kind == Refusal::Kind::none) co_return answer;
    answer.kind = RedisAnswer::Kind::unsent;
    const auto route = nodes_->refused(refusal, tries);
    if (!route) co_return answer;
    if (route->pause > 0ms) co_await pause(route->pause);
    auto to = route->to ? route->to : nodes_->of(key_of(command));
    while ((!to || !to->up()) && Clock::now() < until) {
      co_await pause(2ms);
      if (!route->to) to = nodes_->of(key_of(command));
    }
    const auto left = std::chrono::duration_cast<Ms>(until - Clock::now());
    if (!to || !to->up() || left < 1ms) co_return answer;
    answer = co_await to->call(command, left, route->asking);
  }
}

Task<std::vector<RedisAnswer>> RedisLink::call_all(std::vector<Command> commands) {
  co_return co_await send_all(commands);
}

Task<std::vector<RedisAnswer>> RedisLink::send_all(const std::vector<Command>& commands) {
  struct Gathering {
    std::vector<RedisAnswer> answers;
    std::size_t missing = 0;
    asio::steady_timer all_there;
  };
  const auto until = Clock::now() + settings_.deadline;
  auto gathering = std::make_shared<Gathering>(
      Gathering{std::vector<RedisAnswer>(commands.size()), 0, asio::steady_timer(executor_)});
  gathering->all_there.expires_at(Clock::time_point::max());
  for (std::size_t i = 0; i < commands.size(); ++i) {
    const auto server = nodes_->of(key_of(commands[i]));
    if (!server) continue;
    ++gathering->missing;
    server->send(commands[i], settings_.deadline, [gathering, i](RedisAnswer answer) {
      gathering->answers[i] = std::move(answer);
      if (--gathering->missing == 0) gathering->all_there.cancel();
    });
  }
  error_code ignored;
  if (gathering->missing > 0)
    co_await gathering->all_there.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  auto answers = std::move(gathering->answers);
  for (std::size_t i = 0; i < commands.size(); ++i) {
    if (!was_refused(answers[i])) continue;
    auto refused = std::move(answers[i]);
    answers[i] = co_await send_again(commands[i], until, std::move(refused));
  }
  co_return answers;
}

Task<RedisAnswer> RedisLink::call_beside(std::string key, Command command, Ms deadline) {
  const auto server = nodes_->of(key);
  if (!server) co_return RedisAnswer{};
  co_return co_await server->call(command, deadline);
}

Task<std::vector<RedisAnswer>> RedisLink::call_every_master(Command command) {
  std::vector<RedisAnswer> answers;
  for (const auto& master : nodes_->masters()) {
    auto answer = co_await master->call(command, settings_.deadline);
    answers.push_back(std::move(answer));
  }
  co_return answers;
}

void RedisLink::post(const Command& command) {
  const auto server = nodes_->of(key_of(command));
  if (!server) return;
  // Only a cluster sends a command elsewhere; the copy is needed there alone.
  if (settings_.setup != config::RedisSettings::Setup::cluster)
    return server->send(command, settings_.deadline, nullptr);
  server->send(command, settings_.deadline, [this, command](RedisAnswer answer) {
    if (was_refused(answer))
      asio::co_spawn(executor_, post_again(command, std::move(answer)), asio::detached);
  });
}

Task<> RedisLink::post_again(Command command, RedisAnswer refused) {
  co_await send_again(command, Clock::now() + settings_.deadline, std::move(refused));
}

Task<RedisAnswer> RedisLink::run(const Script& script, Command command) {
  const auto server = nodes_->of(key_of(command));
  if (!server) co_return RedisAnswer{};
  const auto until = Clock::now() + settings_.deadline;
  auto answer = co_await server->call(command, settings_.deadline);
  if (was_refused(answer)) answer = co_await send_again(command, until, std::move(answer));
  if (answer.refused().starts_with("NOSCRIPT")) answer = co_await teach(script, command);
  co_return answer;
}

Task<std::vector<RedisAnswer>> RedisLink::run_all(const Script& script, std::vector<Command> commands) {
  auto answers = co_await send_all(commands);
  if (answers.front().refused().starts_with("NOSCRIPT"))
    answers.front() = co_await teach(script, commands.front());
  co_return answers;
}

// A server that forgot a script, or never knew it, learns it by this.
Task<RedisAnswer> RedisLink::teach(const Script& script, const Command& command) {
  Command whole{"EVAL", script.source};
  whole.add_from(command, 2);
  co_return co_await call(std::move(whole));
}

Task<RedisAnswer> RedisLink::run(const Script& script, const std::vector<std::string>& keys,
                                 const std::vector<std::string>& args) {
  Command call{"EVALSHA", script.digest};
  call.add(keys.size());
  for (const auto& key : keys) call.add(key);
  for (const auto& arg : args) call.add(arg);
  return run(script, std::move(call));
}

Task<std::optional<std::vector<std::string>>> RedisLink::keys_matching(std::string pattern) {
  std::set<std::string> found;  // SCAN may name a key twice
  auto before = co_await nodes_->layout();
  // A key that moves from a server not yet asked to one that was is passed over, and a cursor means nothing
  // to another server: then all is gone over again, and what any of it found counts.
  for (int again = 0; again < 3; ++again) {
    const auto masters = nodes_->masters();
    if (masters.empty()) co_return std::nullopt;
    for (const auto& master : masters) {
      std::string cursor = "0";
      do {
        const Command scan{"SCAN", cursor, "MATCH", pattern, "COUNT", "1000"};
        const auto answer = co_await master->call(scan, settings_.deadline);
        if (!answer.ok()) co_return std::nullopt;
        cursor = answer.text(0).value_or("0");
        for (auto& key : texts(answer.element(1))) found.insert(std::move(key));
      } while (cursor != "0");
    }
    auto after = co_await nodes_->layout();
    if (!after.empty() && after == before) break;
    before = std::move(after);
  }
  co_return std::vector<std::string>(found.begin(), found.end());
}

Task<bool> RedisLink::wait_up(Ms at_most) {
  const auto until = Clock::now() + at_most;
  while (!up() && Clock::now() < until) co_await pause(5ms);
  co_return up();
}

Task<> RedisLink::pause(Ms time) {
  asio::steady_timer timer(executor_, time);
  error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

}  // namespace sekisho::cache
