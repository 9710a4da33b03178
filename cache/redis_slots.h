// Where a key lies in a cluster, and what a server means that refuses a command. Pure.
//
// A cluster cuts all keys into 16384 slots; each master has some of them. Keys with the same "{tag}" share a
// slot, and only those may stand in one command (cache/keys.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cache/redis_answer.h"
#include "config/settings.h"

namespace sekisho::cache {

constexpr std::uint16_t slot_count = 16384;

std::uint16_t slot_of(std::string_view key);
// A tag whose keys lie in this slot; always the same.
std::string tag_in(std::uint16_t slot);
// Slots in words, "0-5460 5462-5462": whether `slots` has all of `others`.
bool has_all_of(std::string_view slots, std::string_view others);

// The key by which a command is sent to a server: its first one. Empty: any server will do. It is a view into
// the command.
std::string_view key_of(const Command& command);

struct SlotRange {
  std::uint16_t first = 0, last = 0;
  config::Address master;
};

// Who has which slots, as CLUSTER SLOTS tells it.
struct SlotMap {
  std::vector<SlotRange> ranges;          // in order, none over another
  std::vector<config::Address> replicas;  // may know more, when no master answers

  bool complete() const;  // every slot has a master
  const config::Address* master_of(std::uint16_t slot) const;

  // Nothing when it cannot be read. A node that does not know its own address is at `asked`.
  static std::optional<SlotMap> parse(const RedisAnswer& cluster_slots, const std::string& asked);
};

// A server refused a command, and did nothing of it.
struct Refusal {
  enum class Kind {
    none,     // it is another error, or none
    moved,    // its slot is `at`, for good
    ask,      // its key may be `at` already, while the slot is on its way: only this command goes there
    later,    // the same again in a moment: keys of a slot on its way, a server that loads
    demoted,  // this server is no master any more
  };
  Kind kind = Kind::none;
  std::uint16_t slot = 0;
  config::Address at;  // an empty host: the one that was asked
};
Refusal refusal_of(std::string_view error);

}  // namespace sekisho::cache
