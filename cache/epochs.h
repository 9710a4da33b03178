// Epochs: how a gateway knows that the ledger is the one it counted in, and how all of them make it whole
// when it is not. A port; `memory_epochs` is its model, `redis_epochs` the real one.
//
// Redis may lose writes: all of them, or those since some moment. It is suspected of it whenever it is
// another process than the one that the epoch names (a restart, a failover), whenever it has forgotten the
// epoch or a gateway, and whenever it knows less of a gateway's journal than it had confirmed. Then a new
// epoch begins. In it every gateway tells again what its journal knows from the position on that the ledger
// still has, and nothing is admitted by anybody until all have: what one of them had counted binds the others
// too.
//
// A position is a `seq` of that gateway's journal: whatever the records before it say is in the ledger. It is
// written after the counts themselves, so that a ledger which still has the position still has them.
//
// An epoch is a number that grows, and when it began: a ledger that lost an epoch while it was told into may
// see its number again, and what was told into the one is not in the other.
//
// A gateway that ended well has said all; while the ledger remembers that, nobody waits for it. One that
// is gone for good is retired by a person, who can have its journal told by another command first.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cache/task.h"

namespace sekisho::cache {

// The number in the upper half, when it began in the lower (microseconds of the server's clock, cut); exact
// in a double for two million epochs.
constexpr std::uint64_t epoch_number(std::uint64_t epoch) { return epoch >> 32; }
constexpr std::uint64_t next_epoch(std::uint64_t highest, std::uint32_t begun) {
  return (epoch_number(highest) + 1) << 32 | begun;
}

// What a gateway says of itself, about four times a second, and at once when it suspects something.
struct Beat {
  std::string gateway;
  std::uint64_t epoch = 0;         // the highest that it ever saw
  std::uint64_t confirmed = 0;     // the position that the ledger had last; 0: not known
  std::uint64_t position = 0;      // the position now, in that epoch; 0 while it has not told all
  bool has_past = false;           // its journal may hold orders of an earlier time
  bool missed = false;             // it found that an order is missing which was counted in this epoch
  std::vector<std::string> peers;  // gateways that it ever saw
};

struct EpochView {
  std::uint64_t epoch = 0;
  bool open = false;           // nobody is waited for
  bool waited = false;         // this gateway is
  std::uint64_t position = 0;  // from where this gateway must tell
  std::uint64_t servers = 0;   // that answered for the ledger, as in Footing
  std::vector<std::string> waiting, gateways;
};

class Epochs {
 public:
  virtual ~Epochs() = default;
  // Begins a new epoch where it must. Nothing: the ledger cannot be reached.
  virtual Task<std::optional<EpochView>> beat(const Beat& beat) = 0;
  // The gateway has told all it knows into this epoch.
  virtual Task<bool> told(const std::string& gateway, std::uint64_t epoch) = 0;
  // The gateway ends, and has told all up to `position`.
  virtual Task<bool> leave(const std::string& gateway, std::uint64_t epoch, std::uint64_t position) = 0;
  // A person says that nobody shall wait for this gateway any more.
  virtual Task<bool> retire(const std::string& gateway) = 0;
  // As it is, without taking part; epoch 0: none has begun. Nothing: the ledger cannot be reached.
  virtual Task<std::optional<EpochView>> look() = 0;
};

}  // namespace sekisho::cache
