// One change of the registry, as a command makes it and as every gateway hears of it. Values only.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "policy/registry.h"

namespace sekisho::cache {

// What was done, by whom, why.
struct RegistryChange {
  enum class Kind : std::uint8_t { import, revoke, reinstate, merge, keys, restore };
  Kind kind = Kind::import;
  policy::Instant at{};
  std::string by, reason;
  std::map<std::string, std::string> meta;  // e.g. "etoc.verified_at" -> milliseconds
};
inline constexpr std::string_view registry_change_words[] = {"import", "revoke", "reinstate",
                                                             "merge",  "keys",   "restore"};
constexpr auto& words_of(RegistryChange::Kind) { return registry_change_words; }

// A change under its serial. Each names the one before it, so that a gateway sees when it missed one, or when
// Redis went back and on another way.
struct RegistryEvent {
  std::uint64_t serial = 0;
  std::string id, after;
  RegistryChange change;
  std::size_t count = 0;    // of changed operators
  std::size_t batches = 0;  // a large change: its records lie apart, and are not in `records` of a listing
  std::vector<policy::RecordPtr> records;
};

// The registry's fields beside its operators, e.g. "etoc.serial", "etoc.published".
using RegistryFields = std::map<std::string, std::string>;
// The trust file for signed lists, as it was read, and its version. Here, so that it is the same for every
// machine.
inline const std::string keys_text_field = "keys.text", keys_version_field = "keys.version";
std::string meta_field(policy::Register which, std::string_view what);
policy::Sources sources_of(const RegistryFields& fields);

// Serials and ids of changes, oldest first.
using ChangeIds = std::vector<std::pair<std::uint64_t, std::string>>;

// The registry as one place has it: Redis, or a gateway's copy on disk.
struct WholeRegistry {
  std::shared_ptr<const policy::Registry> registry;
  std::string epoch;      // changes when somebody begins the registry anew
  std::string head;       // id of the newest change in it
  std::string stream_id;  // where in the stream that change stands
  ChangeIds recent;       // the newest changes, `head` the last
  RegistryFields fields;
};

}  // namespace sekisho::cache
