// The registry in Redis: committed whole by commands, followed by gateways.
//
// A change is a set of whole records under the next serial. It lies in a hash (the present) and in a stream
// (how it became so); `registry_commit.lua` writes both at once, so nobody sees half of it.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cache/redis_link.h"
#include "policy/registry.h"

namespace sekisho::cache {

// What was done, by whom, why.
struct RegistryChange {
  enum class Kind : std::uint8_t { import, revoke, reinstate };
  Kind kind = Kind::import;
  policy::Instant at{};
  std::string by, reason;
  std::map<std::string, std::string> meta;  // e.g. "etoc.verified_at" -> milliseconds
};
inline constexpr std::string_view registry_change_words[] = {"import", "revoke", "reinstate"};
constexpr auto& words_of(RegistryChange::Kind) { return registry_change_words; }

// Names of a register's meta fields.
std::string meta_field(policy::Register which, std::string_view what);  // "etoc.serial"

struct RegistryMeta {
  std::uint64_t serial = 0;
  std::string epoch;  // changes when somebody begins the registry anew; empty: there is none
  std::map<std::string, std::string> fields;
  std::array<policy::SourceStatus, 4> sources() const;
};

// One change as the stream tells it.
struct RegistryEvent {
  std::uint64_t serial = 0;
  RegistryChange change;
  std::vector<policy::RecordPtr> records;
};

class RegistryStore {
 public:
  explicit RegistryStore(RedisLink& link) : link_(link) {}

  // Nothing: Redis could not be read.
  Task<std::optional<RegistryMeta>> meta();
  Task<std::shared_ptr<const policy::Registry>> load();  // null: could not be read
  Task<policy::RecordPtr> find(const policy::OperatorId& id, bool& reachable);

  // Commits on top of `seen`, and then fences off every revoked operator among the records in the ledger:
  // once this returned, no gateway takes a hold for it that has not heard of the revocation. Returns the new
  // serial; 0: somebody else was faster, look again; nothing: unreachable.
  Task<std::optional<std::uint64_t>> commit(std::uint64_t seen, const RegistryChange& change,
                                            const std::vector<policy::RecordPtr>& records);

  // All events that are still in the stream, oldest first.
  Task<std::optional<std::vector<RegistryEvent>>> events();

 private:
  RedisLink& link_;
};

// Collects the entries of the stream into whole events. A hole in the serials means that entries were missed.
class EventAssembler {
 public:
  // One stream entry's fields. Returns the event that it completes, if any.
  std::optional<RegistryEvent> add(const std::vector<std::pair<std::string, std::string>>& fields);
  void clear() { open_ = {}; }

 private:
  RegistryEvent open_;
};

}  // namespace sekisho::cache
