// Looking for decisions in a journal that may be written meanwhile: the newest ones, or all that is on record
// of one. A journal may be long: a search ends at its deadline, and says how far it came.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "config/progress.h"
#include "policy/calendar.h"

namespace sekisho::cache {

using Deadline = std::chrono::steady_clock::time_point;

struct DecisionFilter {
  std::string operator_id, code;                                     // empty: any
  std::optional<policy::Instant> since;                              // made then or later
  std::uint64_t before = std::numeric_limits<std::uint64_t>::max();  // seq: older ones only
  std::size_t most = 100;
};

struct FoundDecisions {
  std::vector<std::string> records;   // whole `decision` records, newest first
  std::optional<std::uint64_t> next;  // older ones begin before this seq; nothing: there are none
};

// Throws as read_journal does. A page may hold fewer than were asked for, and `next` says where it goes on.
FoundDecisions newest_decisions(const std::filesystem::path& directory, const DecisionFilter& filter,
                                Deadline until);

// Every record of one decision, in order. `made`: when, as its id tells; no record of it is older. Nothing:
// the time was over. Throws as read_journal does. `progress` is told bytes.
std::optional<std::vector<std::string>> records_of(const std::filesystem::path& directory,
                                                   const std::string& decision,
                                                   std::optional<policy::Instant> made, Deadline until,
                                                   const config::Progress& progress = {});

}  // namespace sekisho::cache
