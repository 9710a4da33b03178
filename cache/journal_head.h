// The journal's head where it is kept outside the journal: the last record that was on disk then. It tells an
// older copy of a journal from the journal itself, for `audit verify` and for the gateway, which must not go
// on with one: it would write other records under numbers that are taken, and knows nothing of what it did
// since.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "cache/journal.h"

namespace sekisho::cache {

std::string written(const JournalHead& head);                 // "17 <mac>"
std::optional<JournalHead> read_head(std::string_view text);  // nothing: it is none

// Why this journal cannot be the one that the head was taken from, as a sentence about "it"; empty: it may
// be. That the record lies in a hole which the journal states, or before its first segment, proves nothing
// against it. Throws as read_journal does.
std::string why_another(const std::filesystem::path& directory, const JournalHead& head);

}  // namespace sekisho::cache
