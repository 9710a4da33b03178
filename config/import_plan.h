// What importing a register would change, and whether it may. Pure: the registry as it is and a file's rows
// in, the changed records out. Nothing is applied here.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/register_file.h"
#include "policy/registry.h"

namespace sekisho::config {

enum class Approval : std::uint8_t { shrink, rollback, rows, reinstate };
inline constexpr std::string_view approval_words[] = {"shrink", "rollback", "rows", "reinstate"};
constexpr auto& words_of(Approval) { return approval_words; }

struct ImportRules {
  double shrink = 0.05;
  std::size_t min_rows = 1;
  policy::WordSet<Approval> approved;
  std::optional<policy::JstDate> published, last_published;
  std::optional<std::uint64_t> list_serial, last_list_serial;  // the list's own number, where it has one
  bool one_list_a_serial = false;  // signed lists: another one with the same serial is a rollback too
  std::string last_digest;         // of the file imported last into this register
  policy::JstDate today;
};

struct Guard {  // why an import needs a named approval
  Approval approval{};
  std::string text;
};

struct ImportPlan {
  Errors errors;                           // rows that belong to nobody: the whole file is refused
  bool same_file = false;                  // imported already: nothing to do
  std::vector<Guard> guards;               // not approved: must not be applied
  std::vector<policy::RecordPtr> changed;  // whole new records (the store fills in their version)
  std::vector<std::string> added, altered, removed, revoked,
      expired;                             // operator ids; `added` to this register
  std::vector<std::string> still_revoked;  // listed as certified, kept revoked by an act of revocation
  std::vector<std::string> reinstated;     // were revoked, and are not any more
};

// A register is a whole list: an operator that it had and the file has not is removed from it (state none,
// facts emptied), never from the registry. Acts of revocation are carried over unchanged.
ImportPlan plan_import(const policy::Registry& registry, const RegisterFile& file, const ImportRules& rules);

}  // namespace sekisho::config
