// The journal's files: how segments are named and listed, read line by line, appended to all or nothing, and
// how the small files beside them are replaced so that a crash leaves the old one or the new one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::cache {

struct Segment {
  std::uint64_t number = 0;
  std::filesystem::path file;
};

std::filesystem::path segment_file(const std::filesystem::path& directory, std::uint64_t number);
// In order of their numbers. Throws std::runtime_error when the directory cannot be read.
std::vector<Segment> list_segments(const std::filesystem::path& directory);

// Nothing when it does not exist; throws std::runtime_error when it cannot be read.
std::optional<std::string> read_small_file(const std::filesystem::path& file);
// Temporary file, fsync, rename. Throws std::runtime_error.
void replace_file(const std::filesystem::path& file, std::string_view content, unsigned mode = 0644);
void sync_directory(const std::filesystem::path& directory);

// One owner at a time, for as long as this lives (flock). Throws std::runtime_error that says who has it.
class DirectoryLock {
 public:
  explicit DirectoryLock(const std::filesystem::path& directory);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;

 private:
  int fd_ = -1;
};

// Streams the lines of a file through one buffer.
class LineReader {
 public:
  explicit LineReader(const std::filesystem::path& file);  // throws std::runtime_error
  ~LineReader();
  LineReader(const LineReader&) = delete;

  // The next line without its newline, valid until the next call. `whole` is false for a last line without
  // one.
  bool next(std::string_view& line, bool& whole);
  std::size_t line() const { return line_; }             // of the line last returned, from 1
  std::uint64_t offset() const { return line_offset_; }  // where it begins in the file
  std::string where() const;                             // "journal/00000001.ndjson:17"

 private:
  bool fill();
  std::filesystem::path file_;
  int fd_ = -1;
  std::string buffer_;
  std::size_t begin_ = 0, end_ = 0;
  std::size_t line_ = 0;
  std::uint64_t read_offset_ = 0, line_offset_ = 0;
  bool at_end_ = false;
};

// The open end of the journal. Functions return 0 or an errno; after an error the next call first repairs the
// file, so that it never holds half a batch, nor a batch that a failed sync may have lost.
class SegmentWriter {
 public:
  SegmentWriter() = default;
  ~SegmentWriter() { close(); }
  SegmentWriter(const SegmentWriter&) = delete;

  int open(const Segment& segment);    // an existing one, at its end
  int begin(const Segment& segment);   // a new one; the old one is synced first
  int append(std::string_view batch);  // all or nothing
  // What was appended and a failed sync has lost is written again, unless it is taken back.
  int sync();
  void take_back(std::size_t bytes);  // of the end, not yet synced
  std::uint64_t number() const { return segment_.number; }
  std::uint64_t size() const { return size_; }
  bool synced() const { return size_ == synced_ && !damaged_; }

 private:
  int repair();
  void close();

  Segment segment_;
  int fd_ = -1;
  std::uint64_t size_ = 0;    // of what callers were promised
  std::uint64_t synced_ = 0;  // of what is on disk for certain
  std::string unsynced_;      // the bytes between
  bool damaged_ = false;      // the file's end may differ from `size_` or `unsynced_`
};

}  // namespace sekisho::cache
