#include "gateway/file_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>
#include <set>

#include "gateway/log.h"

namespace sekisho::gateway {
using boost::system::error_code;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr auto quiet_for = 500ms;
constexpr int links_at_most = 40;  // as many as the kernel follows
constexpr std::uint32_t occasions = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                                    IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

// Every directory in which something could come to stand that makes `file` another one: its own, those of the
// links on the way to it, and where one is missing, the nearest above it.
void add_directories(const fs::path& file, std::set<fs::path>& out, int links = 0) {
  std::error_code failed;
  fs::path walked;
  for (auto part = file.begin(); part != file.end(); ++part) {
    const auto here = walked / *part;
    const auto state = fs::symlink_status(here, failed);
    if (state.type() == fs::file_type::not_found) return void(out.insert(walked));
    if (state.type() == fs::file_type::symlink && links < links_at_most) {
      out.insert(walked);
      auto target = walked / fs::read_symlink(here, failed);
      for (++part; part != file.end(); ++part) target /= *part;
      return add_directories(target.lexically_normal(), out, links + 1);
    }
    if (std::next(part) == file.end()) out.insert(walked);
    walked = here;
  }
}

}  // namespace

FileWatch::FileWatch(asio::io_context& context, std::function<void()> changed)
    : events_(context), quiet_(context), changed_(std::move(changed)) {}

FileWatch::~FileWatch() = default;

void FileWatch::start() {
  const int descriptor = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (descriptor < 0)
    return log::error("files are not watched; SIGHUP reloads them", {{"error", std::strerror(errno)}});
  events_.assign(descriptor);
  look();
  asio::co_spawn(events_.get_executor(), listen(), asio::detached);
}

void FileWatch::expect(config::FileStamps files) {
  files_ = std::move(files);
  if (events_.is_open()) look();
}

void FileWatch::stop() {
  error_code ignored;
  events_.close(ignored);
  quiet_.cancel();
}

Task<> FileWatch::listen() {
  while (events_.is_open()) {
    error_code failed;
    co_await events_.async_wait(asio::posix::stream_descriptor::wait_read,
                                asio::redirect_error(asio::use_awaitable, failed));
    if (failed) co_return;
    swallow();
    look();
  }
}

// What they say is not asked: an event is an occasion to look.
void FileWatch::swallow() {
  alignas(inotify_event) char buffer[4096];
  while (::read(events_.native_handle(), buffer, sizeof buffer) > 0) {
  }
}

// Directories are asked for anew each time: one may have come, or have taken another's place. The kernel
// knows those that it has.
void FileWatch::look() {
  std::set<fs::path> directories;
  bool changed = false;
  for (auto& [file, stamp] : files_) {
    add_directories(fs::absolute(file).lexically_normal(), directories);
    const auto now = config::stamp_of(file);
    changed |= now != stamp;
    stamp = now;
  }
  for (const auto& directory : directories)
    if (::inotify_add_watch(events_.native_handle(), directory.c_str(), occasions) < 0 && errno != ENOENT)
      log::warn("a directory is not watched",
                {{"directory", directory.string()}, {"error", std::strerror(errno)}});
  if (!changed) return;
  quiet_.expires_after(quiet_for);
  quiet_.async_wait([this](error_code ended) {
    if (!ended) changed_();
  });
}

}  // namespace sekisho::gateway
