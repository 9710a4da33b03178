#include "cache/journal_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace sekisho::cache {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view extension = ".ndjson";

[[noreturn]] void fail(const fs::path& file, std::string_view what, int error) {
  throw std::runtime_error(fmt::format("{}: {}: {}", file.string(), what, std::strerror(error)));
}

// Closes on every way out.
struct Fd {
  int fd;
  ~Fd() {
    if (fd >= 0) ::close(fd);
  }
};

int write_fully(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t done = ::write(fd, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return errno;
    if (done == 0) return EIO;
    bytes.remove_prefix(static_cast<std::size_t>(done));
  }
  return 0;
}

int truncate_to(int fd, std::uint64_t size) {
  while (::ftruncate(fd, static_cast<off_t>(size)) != 0)
    if (errno != EINTR) return errno;
  return 0;
}

}  // namespace

fs::path segment_file(const fs::path& directory, std::uint64_t number) {
  return directory / fmt::format("{:08}{}", number, extension);
}

std::vector<Segment> list_segments(const fs::path& directory) {
  std::vector<Segment> out;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (!name.ends_with(extension)) continue;
    const std::string_view stem(name.data(), name.size() - extension.size());
    if (stem.size() < 8 || stem.size() > 18 || stem.find_first_not_of("0123456789") != stem.npos) continue;
    out.push_back({std::stoull(std::string(stem)), it->path()});
  }
  if (error) fail(directory, "cannot read the journal's directory", error.value());
  std::sort(out.begin(), out.end(), [](const Segment& a, const Segment& b) { return a.number < b.number; });
  return out;
}

std::optional<std::string> read_small_file(const fs::path& file) {
  const Fd in{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  if (in.fd < 0 && errno == ENOENT) return std::nullopt;
  if (in.fd < 0) fail(file, "cannot open", errno);
  std::string out;
  char chunk[4096];
  for (;;) {
    const ssize_t got = ::read(in.fd, chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(file, "cannot read", errno);
    if (got == 0) return out;
    out.append(chunk, static_cast<std::size_t>(got));
  }
}

void replace_file(const fs::path& file, std::string_view content, unsigned mode) {
  const fs::path fresh = file.string() + ".tmp";
  {
    const Fd out{::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)};
    if (out.fd < 0) fail(fresh, "cannot write", errno);
    ::fchmod(out.fd, mode);  // whatever the umask, and also when a crash left the temporary file
    if (const int error = write_fully(out.fd, content)) fail(fresh, "cannot write", error);
    if (::fsync(out.fd) != 0) fail(fresh, "cannot sync", errno);
  }
  if (::rename(fresh.c_str(), file.c_str()) != 0) fail(file, "cannot replace", errno);
}

void sync_directory(const fs::path& directory) {
  const Fd in{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (in.fd < 0 || ::fsync(in.fd) != 0) fail(directory, "cannot sync the directory", errno);
}

DirectoryLock::DirectoryLock(const fs::path& directory) {
  const fs::path file = directory / "lock";
  fd_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd_ < 0) fail(file, "cannot open the journal's lock", errno);
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    ::close(fd_);
    if (error != EWOULDBLOCK) fail(file, "cannot lock the journal", error);
    std::string owner = read_small_file(file).value_or("");
    while (!owner.empty() && owner.back() == '\n') owner.pop_back();
    throw std::runtime_error(
        fmt::format("{}: this journal is in use by another gateway (process {}); every gateway needs a "
                    "directory of its own",
                    directory.string(), owner.empty() ? "unknown" : owner));
  }
  const std::string owner = fmt::format("{}\n", ::getpid());
  if (truncate_to(fd_, 0) == 0) write_fully(fd_, owner);  // only for the message above
}

DirectoryLock::~DirectoryLock() { ::close(fd_); }

LineReader::LineReader(const fs::path& file) : file_(file), fd_(::open(file.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (fd_ < 0) fail(file, "cannot open", errno);
  buffer_.resize(256 * 1024);
}

LineReader::~LineReader() { ::close(fd_); }

bool LineReader::fill() {
  if (at_end_) return false;
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) buffer_.resize(buffer_.size() * 2);
  for (;;) {
    const ssize_t got = ::read(fd_, buffer_.data() + end_, buffer_.size() - end_);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(file_, "cannot read", errno);
    at_end_ = got == 0;
    end_ += static_cast<std::size_t>(got);
    return got > 0;
  }
}

bool LineReader::next(std::string_view& line, bool& whole) {
  std::size_t searched = 0;
  for (;;) {
    const char* from = buffer_.data() + begin_;
    const auto* newline =
        static_cast<const char*>(std::memchr(from + searched, '\n', end_ - begin_ - searched));
    if (newline || (at_end_ && begin_ < end_)) {
      whole = newline != nullptr;
      line = {from, static_cast<std::size_t>((whole ? newline : buffer_.data() + end_) - from)};
      const std::size_t taken = line.size() + (whole ? 1 : 0);
      begin_ += taken;
      line_offset_ = read_offset_;
      read_offset_ += taken;
      ++line_;
      return true;
    }
    if (at_end_) return false;
    searched = end_ - begin_;
    fill();
  }
}

std::string LineReader::where() const { return fmt::format("{}:{}", file_.string(), line_); }

void SegmentWriter::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

int SegmentWriter::open(const Segment& segment) {
  close();
  fd_ = ::open(segment.file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  struct stat info;
  if (fd_ < 0 || ::fstat(fd_, &info) != 0) return errno;
  segment_ = segment;
  size_ = synced_ = static_cast<std::uint64_t>(info.st_size);
  damaged_ = false;
  return 0;
}

int SegmentWriter::begin(const Segment& segment) {
  if (fd_ >= 0 && !synced())
    if (const int error = sync()) return error;
  // A file left by an attempt that failed here is empty and taken again.
  const int fresh = ::open(segment.file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fresh < 0) return errno;
  struct stat info;
  int error = ::fstat(fresh, &info) != 0 ? errno : info.st_size != 0 ? EEXIST : 0;
  if (!error) {
    const Fd directory{::open(segment.file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (directory.fd < 0 || ::fsync(directory.fd) != 0) error = errno;
  }
  if (error) {
    ::close(fresh);
    return error;
  }
  close();
  fd_ = fresh;
  segment_ = segment;
  size_ = synced_ = 0;
  return 0;
}

int SegmentWriter::repair() {
  if (!damaged_) return 0;
  if (const int error = truncate_to(fd_, size_ - unsynced_.size())) return error;
  if (const int error = write_fully(fd_, unsynced_)) return error;
  damaged_ = false;
  return 0;
}

int SegmentWriter::append(std::string_view batch) {
  if (const int error = repair()) return error;
  if (const int error = write_fully(fd_, batch)) {
    // Half a batch goes away at once, so that a reader finds whole records while we wait for space.
    if (truncate_to(fd_, size_) != 0) damaged_ = true;
    return error;
  }
  size_ += batch.size();
  unsynced_ += batch;
  return 0;
}

int SegmentWriter::sync() {
  if (const int error = repair()) return error;
  while (::fdatasync(fd_) != 0) {
    if (errno == EINTR) continue;
    const int error = errno;
    // The kernel may have dropped what it could not write, and would report success the next time. So nothing
    // since the last good sync counts: it is cut off, and written anew.
    damaged_ = true;
    return error;
  }
  synced_ = size_;
  unsynced_.clear();
  return 0;
}

void SegmentWriter::take_back(std::size_t bytes) {
  size_ -= bytes;
  unsynced_.resize(unsynced_.size() - bytes);
  damaged_ = true;
  repair();
}

}  // namespace sekisho::cache
