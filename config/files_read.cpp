#include "config/files_read.h"

#include <sys/stat.h>

namespace sekisho::config {
namespace {

thread_local FilesRead* taking_down = nullptr;

std::int64_t nanoseconds(const timespec& time) { return time.tv_sec * 1'000'000'000LL + time.tv_nsec; }

}  // namespace

FileStamp stamp_of(const std::filesystem::path& file) {
  struct stat found {};
  if (::stat(file.c_str(), &found) != 0) return {};
  return {found.st_dev, found.st_ino, found.st_size, nanoseconds(found.st_mtim), nanoseconds(found.st_ctim)};
}

FilesRead::FilesRead() : outer_(taking_down) { taking_down = this; }

FilesRead::~FilesRead() { taking_down = outer_; }

void FilesRead::note(const std::filesystem::path& file) {
  if (taking_down) taking_down->stamps_.emplace(file, stamp_of(file));
}

}  // namespace sekisho::config
