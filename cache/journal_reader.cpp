#include "cache/journal_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <stdexcept>

#include "cache/journal_chain.h"
#include "cache/journal_files.h"
#include "cache/journal_progress.h"

namespace sekisho::cache {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void broken(const LineReader& reader, std::string_view why) {
  throw std::runtime_error(fmt::format("{}: {}", reader.where(), why));
}

// The seq of a segment's first record; nothing while it has none.
std::optional<std::uint64_t> first_seq(const fs::path& file) {
  LineReader reader(file);
  std::string_view line;
  bool whole = false;
  if (!reader.next(line, whole) || !whole) return std::nullopt;
  const auto form = read_form(line);
  if (!form) broken(reader, "not a journal record");
  return form->seq;
}

}  // namespace

void read_journal(const fs::path& directory, std::uint64_t from_seq,
                  const std::function<bool(const JournalLine&)>& visit, const config::Progress& progress) {
  const std::vector<Segment> segments = list_segments(directory);
  std::size_t begin = segments.size();
  while (begin > 0) {
    const auto seq = first_seq(segments[--begin].file);
    if (seq && *seq <= from_seq) break;
  }
  std::uint64_t last_seq = 0;
  JournalProgress read(std::span{segments}.subspan(begin), progress);
  for (std::size_t i = begin; i < segments.size(); ++i) {
    LineReader reader(segments[i].file);
    JournalLine out;
    out.file = segments[i].file;
    std::string_view line;
    bool whole = false;
    while (reader.next(line, whole)) {
      if (!whole && i + 1 == segments.size()) break;  // being written just now, or torn by a crash
      const auto form = read_form(line);
      if (!whole || !form) broken(reader, "not a journal record");
      if (form->seq <= last_seq)
        broken(reader, fmt::format("record {} comes after record {}", form->seq, last_seq));
      last_seq = out.seq = form->seq;
      out.kind = form->kind;
      out.json = line;
      out.line = reader.line();
      if (!visit(out)) return;
      read.at(reader);
    }
    read.end_of(segments[i]);
  }
  read.done();
}

std::uint64_t recovery_start(const fs::path& directory) {
  const std::vector<Segment> segments = list_segments(directory);
  // Each segment begins with a checkpoint, so the last one that holds a record holds the newest.
  for (auto segment = segments.rbegin(); segment != segments.rend(); ++segment) {
    std::optional<std::uint64_t> open_from;
    LineReader reader(segment->file);
    std::string_view line;
    bool whole = false;
    while (reader.next(line, whole) && whole) {
      const auto form = read_form(line);
      if (!form) broken(reader, "not a journal record");
      if (form->kind != RecordKind::checkpoint) continue;
      const auto checkpoint = read_checkpoint(line);
      if (!checkpoint) broken(reader, "not a checkpoint");
      open_from = checkpoint->open_from;
    }
    if (open_from) return *open_from;
  }
  return 0;
}

std::optional<JournalHead> read_head_file(const fs::path& file) {
  const auto content = read_small_file(file);
  if (!content) return std::nullopt;
  JournalHead head;
  const char* const end = content->data() + content->size();
  const auto digits = std::from_chars(content->data(), end, head.seq);
  Bytes32 mac;
  if (digits.ec == std::errc() && end - digits.ptr == 2 + std::ptrdiff_t(hex_length) && *digits.ptr == ' ' &&
      end[-1] == '\n')
    head.mac.assign(digits.ptr + 1, hex_length);
  if (!unhex(head.mac, mac))
    throw std::runtime_error(
        fmt::format("{}: not a journal's head: expected a sequence number and a mac of 64 hex "
                    "digits; remove the file to do without it",
                    file.string()));
  return head;
}

}  // namespace sekisho::cache
