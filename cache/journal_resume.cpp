#include "cache/journal_resume.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace sekisho::cache {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void refuse(const LineReader& reader, std::string_view why) {
  throw std::runtime_error(
      fmt::format("{}: {}; the journal is left as it is: see `sekisho audit verify`, and begin a new one in "
                  "an empty directory",
                  reader.where(), why));
}

bool has_whole_line(const fs::path& file) {
  LineReader reader(file);
  std::string_view line;
  bool whole = false;
  return reader.next(line, whole) && whole;
}

// Cuts the file at `size` and, where the last record only lacked its newline, gives it that.
void mend(const fs::path& file, std::uint64_t size, bool add_newline) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  const bool ok = fd >= 0 && ::ftruncate(fd, static_cast<off_t>(size)) == 0 &&
                  (!add_newline || ::write(fd, "\n", 1) == 1) && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (!ok)
    throw std::runtime_error(
        fmt::format("{}: cannot repair the torn end: {}", file.string(), std::strerror(error)));
}

// The chain's end at the last line of an older, finished segment.
void start_behind(const fs::path& file, Chain& chain) {
  LineReader reader(file);
  std::string_view line;
  bool whole = false;
  std::optional<RecordForm> form;
  while (reader.next(line, whole)) {
    form = read_form(line);
    if (!whole || !form) refuse(reader, "not a record");
    chain.skip_to(form->seq, form->mac);
  }
}

struct End {
  std::uint64_t size = 0;  // of whole records
  std::uint64_t torn_bytes = 0;
  bool lacks_newline = false;
};

class Scan {
 public:
  Scan(Chain& chain, const std::optional<JournalHead>& head, Resumed& out)
      : chain_(chain), head_(head), out_(out) {}

  // `has_before`: the chain stands at the end of the segment before.
  End run(const fs::path& file, bool has_before) {
    LineReader reader(file);
    std::string_view line;
    bool whole = false;
    End end;
    bool linked = has_before;
    while (reader.next(line, whole)) {
      if (!whole) {
        tail(reader, line, end);
        break;
      }
      const auto form = read_form(line);
      if (!form) refuse(reader, "not a record");
      if (reader.line() == 1 && form->kind != RecordKind::checkpoint)
        refuse(reader, "a segment must begin with a checkpoint");
      // Segments before the first one here may have been archived: then nothing says what its first mac
      // follows.
      if (linked || form->seq == 1) check(reader, *form, line);
      linked = true;
      take(reader, *form, line);
      end.size = reader.offset() + line.size() + 1;
    }
    return end;
  }

 private:
  void check(const LineReader& reader, const RecordForm& form, std::string_view line) {
    const std::uint64_t expected = chain_.seq() + 1;
    if (form.seq != expected) {
      const auto hole = read_stated_hole(form, line);
      if (!hole || hole->from != expected || hole->until + 1 != form.seq)
        refuse(reader, fmt::format("record {} stands where record {} belongs", form.seq, expected));
      chain_.skip_to(hole->until, hole->head);
    }
    if (!chain_.fits(form))
      refuse(reader, fmt::format("record {} was altered: its mac does not fit", form.seq));
  }

  void take(const LineReader& reader, const RecordForm& form, std::string_view line) {
    if (head_ && head_->seq == form.seq && head_->mac != form.mac)
      refuse(reader, fmt::format("record {} has another mac than the head file says", form.seq));
    if (form.kind == RecordKind::checkpoint) {
      const auto checkpoint = read_checkpoint(line);
      if (!checkpoint) refuse(reader, "not a checkpoint");
      out_.open_from = checkpoint->open_from;
    }
    chain_.follow(form, line);
  }

  // What stands behind the last newline.
  void tail(const LineReader& reader, std::string_view line, End& end) {
    const auto belongs = [&](const std::optional<RecordForm>& form) {
      return form && form->seq == chain_.seq() + 1 && chain_.fits(*form);
    };
    const auto form = read_form(line);
    end.lacks_newline = belongs(form);
    if (end.lacks_newline) {
      take(reader, *form, line);
      end.size = reader.offset() + line.size();
      return;
    }
    if (belongs(read_form(line.substr(0, line.size() - 1))))
      refuse(reader, "the newline of the last record was altered");
    end.torn_bytes = line.size();
  }

  Chain& chain_;
  const std::optional<JournalHead>& head_;
  Resumed& out_;
};

}  // namespace

Resumed resume_journal(const fs::path& directory, const std::optional<JournalHead>& head, Chain& chain) {
  Resumed out;
  std::vector<Segment> segments = list_segments(directory);
  std::vector<fs::path>
      hollow;  // nothing whole in them: the crash came between making a segment and filling it
  while (!segments.empty() && !has_whole_line(segments.back().file)) {
    out.torn_bytes += fs::file_size(segments.back().file);
    hollow.push_back(segments.back().file);
    segments.pop_back();
  }
  End end;
  if (!segments.empty()) {
    const bool has_before = segments.size() > 1;
    if (has_before) start_behind(segments[segments.size() - 2].file, chain);
    end = Scan(chain, head, out).run(segments.back().file, has_before);
    out.torn_bytes += end.torn_bytes;
    out.segment = segments.back();
  }
  if (head && head->seq > chain.seq()) {
    out.missing = StatedHole{chain.seq() + 1, head->seq, head->mac};
    chain.skip_to(head->seq, head->mac);
  }
  // Everything stands: only now is the directory touched.
  if (end.torn_bytes > 0 || end.lacks_newline) mend(out.segment->file, end.size, end.lacks_newline);
  for (const auto& file : hollow) fs::remove(file);
  if (!hollow.empty()) sync_directory(directory);
  return out;
}

}  // namespace sekisho::cache
