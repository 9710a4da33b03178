// A Redis of our own for a test: on a unix socket in a folder of its own, keeping nothing, gone with the
// test.
#pragma once

#include <arpa/inet.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

#include "cache/redis_link.h"

namespace sekisho::cache {

// Runs one coroutine to its end. Tests stay plain functions, and may use ASSERT_*.
template <class T>
T wait(asio::io_context& context, Task<T> task) {
  std::optional<T> result;
  std::exception_ptr failed;
  asio::co_spawn(context, std::move(task), [&](std::exception_ptr broken, T value) {
    failed = broken;
    result = std::move(value);
  });
  while (!result) {
    context.restart();
    if (context.run_one_for(std::chrono::seconds(60)) == 0) throw std::runtime_error("a coroutine hangs");
  }
  if (failed) std::rethrow_exception(failed);
  return std::move(*result);
}

// In slices: a machine that stands still for long takes one of them and not all, so what is due is run.
inline void run_for(asio::io_context& context, std::chrono::milliseconds time) {
  constexpr std::chrono::milliseconds slice(20);
  for (; time.count() > 0; time -= slice) {
    context.restart();
    context.run_for(std::min(time, slice));
  }
}

// Runs until it is so, at most half a minute; says whether it came so.
template <class Condition>
bool run_until(asio::io_context& context, Condition&& so) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!so() && std::chrono::steady_clock::now() < end) {
    context.restart();
    context.run_one_for(std::chrono::milliseconds(20));
  }
  return so();
}

class RealRedis {
 public:
  explicit RealRedis(bool tcp = false) {
    std::string pattern = (std::filesystem::temp_directory_path() / "sekisho-redis-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) throw std::runtime_error("no folder for Redis");
    folder_ = pattern;
    if (tcp) port_ = free_port();
    start();
  }
  ~RealRedis() {
    kill();
    std::filesystem::remove_all(folder_);
  }
  RealRedis(const RealRedis&) = delete;

  void start() {
    const auto parent = ::getpid();
    const auto socket = this->socket(), port = std::to_string(port_), log = (folder_ / "log").string();
    process_ = ::fork();
    if (process_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // whatever becomes of the test, Redis ends with it
      if (::getppid() != parent) ::_exit(1);
      ::execlp("redis-server", "redis-server", "--port", port.c_str(), "--bind", "127.0.0.1", "--unixsocket",
               socket.c_str(), "--save", "", "--appendonly", "no", "--dir", folder_.c_str(), "--logfile",
               log.c_str(), "--enable-debug-command", "yes", nullptr);
      ::_exit(127);
    }
    for (int tries = 0; !answers(); ++tries) {
      int status = 0;
      if (tries == 1000 || ::waitpid(process_, &status, WNOHANG) == process_)
        throw std::runtime_error("redis-server did not start: is the package redis-server installed?");
      ::usleep(10'000);
    }
  }
  void kill() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = -1;
    std::filesystem::remove(socket());
  }
  void pause() { ::kill(process_, SIGSTOP); }  // alive, and silent
  void go_on() { ::kill(process_, SIGCONT); }

  config::RedisSettings settings(std::chrono::milliseconds deadline = std::chrono::seconds(10)) const {
    config::RedisSettings settings;
    settings.unix_path = socket();
    settings.deadline = deadline;
    return settings;
  }
  config::RedisSettings tcp_settings() const {
    config::RedisSettings settings;
    settings.port = port_;
    settings.deadline = std::chrono::seconds(10);
    return settings;
  }

  // One for all tests of this process that do not harm it.
  static RealRedis& shared() {
    static RealRedis one;
    return one;
  }

 private:
  std::string socket() const { return (folder_ / "r.sock").string(); }
  bool answers() const {
    const int connection = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    socket().copy(to.sun_path, sizeof to.sun_path - 1);
    const bool there = ::connect(connection, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
    ::close(connection);
    return there;
  }
  static std::uint16_t free_port() {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    ::bind(listener, reinterpret_cast<sockaddr*>(&at), size);
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size);
    ::close(listener);
    return ntohs(at.sin_port);
  }

  std::filesystem::path folder_;
  std::uint16_t port_ = 0;
  pid_t process_ = -1;
};

// A link that is up, on an empty Redis; ends in order.
struct Linked {
  explicit Linked(config::RedisSettings settings) : link(context.get_executor(), std::move(settings)) {
    link.start();
    if (!wait(context, link.wait_up(std::chrono::seconds(20))))
      throw std::runtime_error("Redis cannot be reached");
  }
  ~Linked() {
    link.stop();
    run_for(context, std::chrono::seconds(1));
  }
  RedisAnswer call(Command command) { return wait(context, link.call(std::move(command))); }
  std::string text(Command command) { return std::string(call(std::move(command)).text().value_or("")); }

  asio::io_context context{1};
  RedisLink link;
};

}  // namespace sekisho::cache
