#include "gateway/supervisor.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace sekisho::gateway {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

long long number(const std::string& text) {
  long long value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// The manager's own clock, by which it tells an old word from a new one.
std::string monotonic_us() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::to_string(now.tv_sec * 1'000'000LL + now.tv_nsec / 1000);
}

std::string extension(std::chrono::microseconds time) {
  return "EXTEND_TIMEOUT_USEC=" + std::to_string(time.count()) + "\n";
}

}  // namespace

Supervisor::Supervisor() {
  const auto address = variable("NOTIFY_SOCKET");
  // A path, or with '@' a name in the abstract namespace. Anything else is a kind that we do not speak.
  if (address.size() < 2 || address.size() >= sizeof(sockaddr_un::sun_path)) return;
  if (address.front() != '/' && address.front() != '@') return;
  address_ = address;
  if (address_.front() == '@') address_.front() = '\0';
  socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const auto whose = variable("WATCHDOG_PID");
  if (whose.empty() || number(whose) == ::getpid())
    patience_ = std::chrono::microseconds(std::max(0LL, number(variable("WATCHDOG_USEC"))));
}

Supervisor::~Supervisor() {
  if (socket_ >= 0) ::close(socket_);
}

bool Supervisor::say(const std::string& lines) const {
  if (!listens()) return true;
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, address_.data(), address_.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  const auto sent = ::sendto(socket_, lines.data(), lines.size(), MSG_NOSIGNAL,
                             reinterpret_cast<const sockaddr*>(&to), size);
  return sent == static_cast<ssize_t>(lines.size());
}

void Supervisor::state(bool ready, std::string_view text) {
  if (stopping_) return;
  const bool becomes_ready = ready && !ready_told_;
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  if (!becomes_ready && line == text_told_) return;
  if (!say((becomes_ready ? "READY=1\nSTATUS=" : "STATUS=") + line)) return;
  ready_told_ |= becomes_ready;
  text_told_ = std::move(line);
}

void Supervisor::alive(std::chrono::microseconds until_the_next) {
  std::string sign;
  if (patience_.count() > 0) sign = "WATCHDOG=1\n";
  // A gateway that waits for Redis is well; to be killed for it would only cost what it knows.
  if (!ready_told_ && !stopping_) sign += extension(2 * until_the_next);
  if (!sign.empty()) say(sign);
}

void Supervisor::stopping(std::chrono::microseconds at_most) {
  stopping_ = true;
  say("STOPPING=1\nSTATUS=draining\n" + extension(at_most));
}

Supervisor::Reload::Reload(Supervisor& supervisor) : supervisor_(supervisor) {
  if (supervisor_.ready_told_ && !supervisor_.stopping_)
    supervisor_.say("RELOADING=1\nMONOTONIC_USEC=" + monotonic_us());
}

Supervisor::Reload::~Reload() {
  if (!supervisor_.ready_told_ || supervisor_.stopping_) return;
  supervisor_.ready_told_ = supervisor_.say("READY=1");  // else the next `state` says it
}

}  // namespace sekisho::gateway
