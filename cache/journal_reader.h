// Reading a journal back: for recovery, `audit show` and `audit verify`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cache/journal.h"
#include "config/progress.h"

namespace sekisho::cache {

struct JournalLine {
  std::uint64_t seq = 0;
  RecordKind kind{};
  std::string_view json;  // the whole record
  std::filesystem::path file;
  std::size_t line = 0;  // from 1
};

// Calls `visit` for every well-formed record in order, from the segment that holds `from_seq` on (0: from the
// start). Stops early when visit returns false. Throws std::runtime_error naming file and line on a broken
// record, except a torn last line of the last segment, which is passed over. The journal may be in use
// meanwhile. `progress` is told bytes.
void read_journal(const std::filesystem::path& directory, std::uint64_t from_seq,
                  const std::function<bool(const JournalLine&)>& visit,
                  const config::Progress& progress = {});

// Where recovery must begin: `open_from` of the newest checkpoint, 0 when there is none.
std::uint64_t recovery_start(const std::filesystem::path& directory);

struct VerifyInput {
  std::filesystem::path directory;
  std::filesystem::path key_file;  // secret; may not exist: then digests and signatures alone are checked
  std::vector<JournalHead> heads;  // known outside the journal (Redis, a configured head file), read
                                   // before this call; "<directory>.head" is read by itself
  config::Progress progress;       // is told bytes; from the beginning again when a signature is false
};

struct Verdict {
  bool integrity = true;     // nothing altered
  bool completeness = true;  // nothing missing: seq without holes, and not shorter than a head known outside
  std::uint64_t records = 0;
  std::optional<std::uint64_t> first_bad;  // seq of the first record that is altered, or first missing
  std::string text;                        // one sentence, file and line where there is one
};
// With the secret every mac is checked, without it every digest and signature; records after the last
// checkpoint are then checked for form and seq only. A record right behind a hole is vouched for by the
// records that follow it in the chain only as far as its mac: what it was computed from is gone. The journal
// may be in use meanwhile. Throws std::runtime_error when there is nothing that could be verified (no
// journal, unreadable files).
Verdict verify_journal(const VerifyInput& input);

// The head file beside the journal, when there is one. Throws std::runtime_error when it is not a head file.
std::optional<JournalHead> read_head_file(const std::filesystem::path& file);

}  // namespace sekisho::cache
