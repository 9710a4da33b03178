#include "cache/journal_head.h"

#include <fmt/format.h>

#include <charconv>

#include "cache/journal_chain.h"
#include "cache/journal_reader.h"

namespace sekisho::cache {

std::string written(const JournalHead& head) { return fmt::format("{} {}", head.seq, head.mac); }

std::optional<JournalHead> read_head(std::string_view text) {
  JournalHead head;
  Bytes32 mac;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), head.seq);
  text.remove_prefix(std::size_t(end - text.data()));
  if (failed != std::errc() || !text.starts_with(' ') || !unhex(text.substr(1), mac)) return std::nullopt;
  head.mac = text.substr(1);
  return head;
}

std::string why_another(const std::filesystem::path& directory, const JournalHead& head) {
  std::uint64_t end = 0;
  bool other = false;
  read_journal(directory, head.seq, [&](const JournalLine& line) {
    end = line.seq;
    other = line.seq == head.seq && read_form(line.json)->mac != head.mac;
    return line.seq < head.seq;
  });
  if (end < head.seq)
    return fmt::format(
        "it ends at record {}, and Redis knows it up to record {}: it is an older copy, or "
        "its end is lost",
        end, head.seq);
  if (other)
    return fmt::format(
        "its record {} is another one than Redis knows: it was gone on with from an older "
        "copy",
        head.seq);
  return "";
}

}  // namespace sekisho::cache
