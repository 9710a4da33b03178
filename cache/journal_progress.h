// How many bytes of a journal's segments have been read, told every few megabytes: how many records there are
// nobody knows before.
#pragma once

#include <algorithm>
#include <limits>
#include <span>

#include "cache/journal_files.h"
#include "config/progress.h"

namespace sekisho::cache {

class JournalProgress {
 public:
  JournalProgress(std::span<const Segment> segments, const config::Progress& tell) : tell_(tell) {
    if (!tell_) return;
    for (const auto& segment : segments) total_ += size_of(segment);
    next_ = between;
    tell_(0, total_);
  }

  void at(const LineReader& reader) {  // after a line of it was read
    if (reader.offset() < next_) return;
    next_ = reader.offset() + between;
    tell_(std::min(before_ + reader.offset(), total_), total_);
  }
  void end_of(const Segment& segment) {
    if (!tell_) return;
    before_ += size_of(segment);
    next_ = between;
  }
  void done() {
    if (tell_) tell_(total_, total_);
  }

 private:
  static constexpr std::uint64_t between = 4u << 20;
  // One that is gone, or grows meanwhile, makes the figure a little wrong and harms nobody.
  static std::uint64_t size_of(const Segment& segment) {
    std::error_code ignored;
    const auto size = std::filesystem::file_size(segment.file, ignored);
    return ignored ? 0 : size;
  }

  const config::Progress& tell_;
  std::uint64_t total_ = 0, before_ = 0;
  std::uint64_t next_ = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace sekisho::cache
