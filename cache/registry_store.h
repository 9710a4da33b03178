// The registry in Redis: committed whole by commands, read and followed by gateways.
//
// A change is a set of whole records under the next serial. The present is a hash, what was before lies in a
// list for each operator, and a stream tells how it became so; one script writes all of it, so that nobody
// sees half of a change. The records of a large change lie apart, in batches, and are folded into the present
// afterwards: an import of a million operators never stops Redis for longer than one batch takes.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "cache/redis_link.h"
#include "cache/registry_change.h"
#include "config/progress.h"

namespace sekisho::cache {

struct RegistryMeta {
  std::uint64_t serial = 0;
  std::string epoch;  // empty: there is no registry
  std::string head;
  std::uint64_t unfolded = 0;  // serial of the large change that is not folded in yet; 0: none
  RegistryFields fields;
};

// What a commit changes beside the records: whom the ledger must refuse by name until gateways have heard of
// it.
struct Fences {
  std::vector<policy::OperatorId> raise, lower;
};

class RegistryStore {
 public:
  explicit RegistryStore(RedisLink& link) : link_(link) {}

  // Nothing: Redis could not be read.
  Task<std::optional<RegistryMeta>> meta();
  Task<std::optional<WholeRegistry>> load();
  Task<policy::RecordPtr> find(const policy::OperatorId& id, bool& reachable);
  // Every version of one operator, oldest first, the present one last.
  Task<std::optional<std::vector<policy::OperatorRecord>>> history(const policy::OperatorId& id);

  // Commits on top of `seen`, and then sets the fences in the ledger: once this returned, no gateway takes a
  // hold for a revoked operator that has not heard of the revocation. Returns the new serial; 0: somebody
  // else was faster, look again; nothing: unreachable, run it again.
  Task<std::optional<std::uint64_t>> commit(std::uint64_t seen, const RegistryChange& change,
                                            const std::vector<policy::RecordPtr>& records,
                                            const Fences& fences = {});
  // Folds a large change whose writer died. Before the next large one.
  Task<bool> mend();

  // Changes after this place in the stream, whole, oldest first; waits for one at most `block`. `stream_id`
  // moves on. Nothing: Redis could not be read, or a large change is gone already (it is kept for an hour):
  // load all.
  Task<std::optional<std::vector<RegistryEvent>>> news(std::string& stream_id,
                                                       std::chrono::milliseconds block);

  // Every change, oldest first; records of large ones are left out.
  Task<std::optional<std::vector<RegistryEvent>>> events();

  config::Progress on_load, on_stage, on_fold;  // told operators; the last two of a large commit

 private:
  Task<bool> stage(const std::string& staging, const policy::Version& version,
                   const std::vector<policy::RecordPtr>& records);
  Task<std::optional<std::vector<policy::RecordPtr>>> batches_of(std::uint64_t serial);
  Task<bool> fold(std::uint64_t serial, std::size_t records = 0);
  Task<bool> set_fences(std::uint64_t serial, const Fences& fences);

  RedisLink& link_;
};

}  // namespace sekisho::cache
