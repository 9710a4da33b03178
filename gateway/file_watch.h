// Tells when the files that an installation was loaded from have changed.
//
// Directories are watched, not files: editors put a new file in the old one's place, and a container's
// mounted configuration is a link that is swapped. What happens there is only an occasion to look: a change
// is a stamp that differs from the one under which the file was read, so neighbours that are written all day
// (a journal's head) change nothing.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>

#include "cache/task.h"
#include "config/files_read.h"

namespace sekisho::gateway {

using cache::Task;
namespace asio = boost::asio;

class FileWatch {
 public:
  // `changed` is told once the files have been left alone for half a second.
  FileWatch(asio::io_context& context, std::function<void()> changed);
  ~FileWatch();

  void start();
  // These and no others, as they were when they were read; also before the start, and while nothing is
  // watched.
  void expect(config::FileStamps files);
  void stop();

 private:
  Task<> listen();
  void swallow();
  void look();

  asio::posix::stream_descriptor events_;
  asio::steady_timer quiet_;
  std::function<void()> changed_;
  config::FileStamps files_;
};

}  // namespace sekisho::gateway
