// Finding the end of a journal that exists, so that the chain goes on where it stopped.
//
// What a crash leaves behind is repaired: the last line may be torn. What a crash cannot do is refused, with
// file and line: an altered byte, records out of order, a hole. One thing in between: records that the head
// file knows, but the journal no longer holds. Then the gateway may run, but the loss stays visible for ever:
// numbering goes on behind the head, and a gap record states which records are missing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "cache/journal_chain.h"
#include "cache/journal_files.h"

namespace sekisho::cache {

struct Resumed {
  std::optional<Segment> segment;  // to append to; nothing: begin segment 1
  std::uint64_t torn_bytes = 0;    // cut off behind the last whole record
  std::uint64_t open_from = 0;     // of the last checkpoint
  std::optional<StatedHole> missing;
};

// Brings `chain` to the journal's end and repairs a torn last line. Throws std::runtime_error.
Resumed resume_journal(const std::filesystem::path& directory, const std::optional<JournalHead>& head,
                       Chain& chain);

}  // namespace sekisho::cache
