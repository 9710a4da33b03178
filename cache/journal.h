// The journal: append-only, tamper-evident, on disk before the carrier sees an allowed order.
//
// Newline-delimited JSON in numbered segments (00000001.ndjson, ...) of one directory. A record is
//   {"seq":N,"at":"2026-11-24T10:00:00.000+09:00","kind":"decision",<fields>,"mac":"<64 hex>"}
// `mac` = HMAC-SHA256(key, previous mac || the record's bytes before `,"mac"`). `seq` starts at 1 and goes on
// over restarts. `checkpoint` records carry a SHA-256 over every record line from the checkpoint before,
// signed with Ed25519, so that a copy verifies elsewhere with the public key alone. docs/reference/journal.md
// has the format.
//
// Each segment begins with a checkpoint, and repeats behind it the policy in force and every one that was
// since the segment before began: its decisions can be made again by it alone.
//
// One thread writes and syncs (group commit): any thread appends; whoever asked is told when its record is on
// disk.
//
// When the disk fails (full, read-only, broken), the batch is taken back whole and tried again about every
// 200 ms. A record whose appender waits for `Done` is then lost: it hears `false` and must act on that. A
// record nobody waits for (an outcome, a settlement) is kept in memory, up to 32 MiB, and written later in
// its order. Every lost record is counted, and a `gap` record says how many, of which kinds and from when to
// when, as soon as there is space again.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cache/journal_port.h"

namespace sekisho::cache {

struct JournalSettings {
  std::filesystem::path directory;
  std::filesystem::path
      key_file;  // secret (mode 0600), made when absent; default: "<directory>.key" beside the directory
  std::filesystem::path head_file;  // second place of the head; default: "<directory>.head"
  std::optional<std::chrono::milliseconds>
      interval;  // nothing: group commit; else fsync this often, callers not held up
  std::uint64_t segment_bytes = 64u << 20;
};

struct JournalHead {
  std::uint64_t seq = 0;
  std::string mac;  // hex
};

struct JournalCounters {          // for metrics; a consistent copy
  std::uint64_t records = 0;      // written by this process, checkpoints included
  std::uint64_t lag_records = 0;  // appended, not yet written; what nobody waits for is synced a little later
  std::uint64_t gaps = 0;         // records lost
  std::uint64_t syncs = 0;
  double sync_seconds_sum = 0;
  std::vector<std::uint64_t>
      sync_buckets;  // counts for bounds of sync_bounds(), last one +Inf, not cumulative
  bool writable = true;
  std::string error;  // why not, e.g. "journal/00000001.ndjson: No space left on device"
};
const std::vector<double>& sync_bounds();  // seconds

class Journal final : public JournalPort {
 public:
  // Opens (or begins) the journal: takes an exclusive lock on the directory, repairs a torn last record,
  // refuses anything else that is wrong with a message that names file and line. Throws std::runtime_error.
  // Records that the head file knows and the journal no longer holds do not stop the gateway; numbering goes
  // on behind them, a gap record names them, and `audit verify` will always find them missing.
  static std::unique_ptr<Journal> open(const JournalSettings& settings);
  ~Journal() override;  // writes what is queued, a checkpoint, and the head

  // `fields` is the inside of a JSON object without braces: "\"decision\":\"01J..\",\"operator\":\"jp:..\"".
  // `done` is called on the journal's thread once the record is on disk, which all are brought to together
  // that come within 2 ms; with `interval`, at once after write(2). Without `done` it is written within 2 ms,
  // and synced with the next that has one or within 20 ms.
  void append(RecordKind kind, policy::Instant at, std::string fields, Done done = {}) override;

  // When false, `append` still queues, but allocations must stop. The thread retries a failed write by itself
  // (about every 200 ms), counts what could not be kept as a gap, and records the gap when it can write
  // again.
  bool writable() const override;

  // "gw-<16 hex>", made with the journal, lives in <directory>/gateway.json
  const std::string& gateway_id() const override;
  std::uint64_t boot() const override;  // how often this journal was opened, from 1, also in gateway.json
  JournalHead head() const;             // last record on disk; to be kept elsewhere too (Redis)
  std::uint64_t end() const override { return head().seq; }
  JournalCounters counters() const;

  // The lowest seq that recovery still needs (an order not yet settled); stands in each checkpoint as
  // `open_from`, and in the first record of a segment, so that recovery need not read older segments.
  // Called on the journal's thread, outside its lock; values beyond the checkpoint mean "nothing open". An
  // order counts from before its first `append`, as head().seq + 1 read then, since its seq is not known yet,
  // until its last record is on disk. Until it is set, and after it is set to {} (no call is then under way),
  // the last known value stands.
  void set_open_from(std::function<std::uint64_t()> lowest_open);

 private:
  struct State;
  explicit Journal(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sekisho::cache
