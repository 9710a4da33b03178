#include "cache/journal.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <iterator>
#include <mutex>
#include <thread>

#include "cache/clock.h"
#include "cache/journal_chain.h"
#include "cache/journal_files.h"
#include "cache/journal_identity.h"
#include "cache/journal_lost.h"
#include "cache/journal_reader.h"
#include "cache/journal_resume.h"

namespace sekisho::cache {
namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

constexpr auto retry_after = 200ms;         // a failed write
constexpr auto quiet_after = 200ms;         // without new records: checkpoint and head
constexpr auto sync_unasked_within = 20ms;  // what nobody waits for
constexpr auto gather = 2ms;  // how often at most the disk is asked: what comes meanwhile goes there together
constexpr auto checkpoint_within = 5s;             // also when it never gets quiet
constexpr std::size_t kept_bytes_max = 32u << 20;  // of records waiting for a disk that fails

struct Entry {
  RecordKind kind;
  policy::Instant at;
  std::string fields;
  Journal::Done done;
};

JournalSettings complete(JournalSettings settings) {
  if (settings.key_file.empty()) settings.key_file = default_key_file(settings.directory);
  if (settings.head_file.empty()) settings.head_file = default_head_file(settings.directory);
  return settings;
}

}  // namespace

const std::vector<double>& sync_bounds() {
  static const std::vector<double> bounds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                          0.01,   0.025,   0.05,   0.1,   0.25,   1};
  return bounds;
}

struct Journal::State {
  State(JournalSettings given, Opening opening, std::unique_ptr<DirectoryLock> lock);
  void begin();  // throws
  void stop();

  void run();
  void wait();
  void work();
  int commit(bool with_checkpoint);
  void encode(bool with_checkpoint);
  int sync();
  void tell_batch();
  void remember_policies(bool new_segment);
  void keep_or_lose();
  void add_checkpoint();
  void write_head();
  void trouble(int error);
  bool checkpoint_due(Clock::time_point now) const;
  Clock::time_point next_deadline() const;
  Clock::time_point round_at() const;
  Clock::time_point take_at() const;

  // Constant after construction.
  const JournalSettings settings;
  const GatewayIdentity identity;
  const std::unique_ptr<DirectoryLock> lock_held;
  const std::chrono::milliseconds sync_within;

  // Any thread, under `mutex`.
  mutable std::mutex mutex;
  std::condition_variable wake;
  std::vector<Entry> queue;
  bool awaited = false;  // somebody waits for one of these
  bool stopping = false;
  Clock::time_point last_round_began, sleeps_until;  // of the journal's thread
  JournalHead head;
  JournalCounters counters;
  std::size_t in_work = 0;
  std::atomic<bool> writable = true;  // written under `mutex`, read without

  std::mutex
      open_from_mutex;  // held during the call, so that a new function may replace what the old one uses
  std::function<std::uint64_t()> lowest_open;

  // The journal's thread only (and `begin`, before it runs).
  Chain chain;
  SegmentWriter file;
  std::vector<Entry> batch;  // what failed before, then what came since
  Lost lost;
  std::vector<std::string> policies;  // fields of every policy record in force since this segment began
  std::string opening_gap;            // fields of a gap record about what was found at open
  std::string buffer;
  std::uint64_t open_from = 0;
  bool failing = false, head_due = false, last_round = false;
  Clock::time_point retry_at, last_commit = Clock::now(), last_checkpoint = last_commit,
                              last_sync = last_commit;

  std::thread thread;
};

Journal::State::State(JournalSettings given, Opening opening, std::unique_ptr<DirectoryLock> lock)
    : settings(std::move(given)),
      identity(std::move(opening.identity)),
      lock_held(std::move(lock)),
      sync_within(settings.interval.value_or(sync_unasked_within)),
      chain(opening.secret, identity.gateway) {
  counters.sync_buckets.assign(sync_bounds().size() + 1, 0);
}

// Everything that can be wrong with the disk is found out here, before the gateway takes an order.
void Journal::State::begin() {
  const Resumed resumed = resume_journal(settings.directory, read_head_file(settings.head_file), chain);
  open_from = resumed.open_from;
  if (resumed.torn_bytes) opening_gap = fmt::format("\"torn_bytes\":{}", resumed.torn_bytes);
  if (const auto& hole = resumed.missing)
    opening_gap += fmt::format("{}\"missing_from\":{},\"missing_until\":{},\"head\":\"{}\"",
                               opening_gap.empty() ? "" : ",", hole->from, hole->until, hole->head);
  const Segment segment = resumed.segment.value_or(Segment{1, segment_file(settings.directory, 1)});
  int error = resumed.segment ? file.open(segment) : file.begin(segment);
  if (!error && (file.size() == 0 || !opening_gap.empty())) error = commit(false);
  if (!error && !file.synced()) error = sync();
  if (error)
    throw std::runtime_error(
        fmt::format("{}: cannot write the journal: {}", segment.file.string(), std::strerror(error)));
  head = {chain.seq(), std::string(chain.mac())};
  if (head_due) write_head();
  thread = std::thread([this] { run(); });
}

void Journal::State::stop() {
  {
    std::lock_guard lock(mutex);
    stopping = true;
  }
  wake.notify_one();
  if (thread.joinable()) thread.join();
}

void Journal::State::run() {
  ::pthread_setname_np(::pthread_self(), "journal");
  while (!last_round) {
    wait();
    work();
  }
}

bool Journal::State::checkpoint_due(Clock::time_point now) const {
  if (last_round) return chain.since_checkpoint() > 0 || !batch.empty() || lost.count > 0;
  return chain.since_checkpoint() > 0 &&
         (now >= last_commit + quiet_after || now >= last_checkpoint + checkpoint_within);
}

Clock::time_point Journal::State::next_deadline() const {
  if (failing) return retry_at;
  auto deadline = Clock::time_point::max();
  if (chain.since_checkpoint() > 0)
    deadline = std::min(last_commit + quiet_after, last_checkpoint + checkpoint_within);
  if (!file.synced()) deadline = std::min(deadline, last_sync + sync_within);
  return deadline;
}

// When a queue that is not empty is taken: at once after a pause, and else with all that come within `gather`
// of the round before, for a sync costs the processor more than an order does. Without group commit nobody
// waits for a sync.
Clock::time_point Journal::State::round_at() const {
  return awaited && settings.interval ? Clock::time_point{} : last_round_began + gather;
}

Clock::time_point Journal::State::take_at() const {
  if (stopping) return {};
  if (failing) return retry_at;
  return queue.empty() ? next_deadline() : round_at();
}

// Until there is something to do; takes the whole queue behind what is already in the batch.
void Journal::State::wait() {
  std::unique_lock lock(mutex);
  for (auto at = take_at(), now = Clock::now(); now < at; at = take_at(), now = Clock::now()) {
    // Right after a round more is to come, and nobody need wake us for it.
    const auto next_round = last_round_began + gather;
    sleeps_until = now < next_round ? std::min(at, next_round) : at;
    if (sleeps_until == Clock::time_point::max())
      wake.wait(lock);
    else
      wake.wait_until(lock, sleeps_until);
  }
  sleeps_until = {};
  last_round = stopping;
  last_round_began = Clock::now();
  if (batch.empty())
    std::swap(batch, queue);  // both keep their capacity
  else
    std::move(queue.begin(), queue.end(), std::back_inserter(batch));
  queue.clear();
  awaited = false;
  in_work = batch.size();
}

void Journal::State::work() {
  const auto now = Clock::now();
  const bool checkpoint = checkpoint_due(now) || (failing && batch.empty() && !lost.count);  // or a probe
  int error = 0;
  if (!batch.empty() || lost.count || checkpoint) {
    error = commit(checkpoint);
    if (error) trouble(error);  // before anybody who waited goes on
    error ? keep_or_lose() : tell_batch();
  }
  const bool due = failing || last_round || Clock::now() >= last_sync + sync_within;
  if (!error && due && !file.synced()) error = sync();
  trouble(error);
  if (!error && head_due && file.synced()) write_head();
}

// Puts the whole batch into the file as one write and, where somebody waits for it in group mode, on disk:
// all of it or nothing. What nobody waits for goes there with the next that is waited for, or soon.
int Journal::State::commit(bool with_checkpoint) {
  // A stated hole must come right behind the record it begins at, so it never waits for a new segment.
  if (file.size() >= settings.segment_bytes && opening_gap.empty()) {
    const Segment next{file.number() + 1, segment_file(settings.directory, file.number() + 1)};
    if (const int error = file.begin(next)) return error;
  }
  const bool new_segment = file.size() == 0;
  const bool head_was_due = head_due;
  const std::uint64_t seq_before = chain.seq();
  chain.mark();
  encode(with_checkpoint);
  int error = file.append(buffer);
  const bool awaited =
      std::any_of(batch.begin(), batch.end(), [](const Entry& entry) { return bool(entry.done); });
  if (!error && awaited && !settings.interval) {
    error = sync();
    if (error) file.take_back(buffer.size());
  }
  if (error) {
    chain.rollback();
    head_due = head_was_due;
    return error;
  }
  lost = {};
  opening_gap.clear();
  remember_policies(new_segment);
  {
    std::lock_guard lock(mutex);
    counters.records += chain.seq() - seq_before;
  }
  last_commit = Clock::now();
  if (chain.since_checkpoint() == 0) last_checkpoint = last_commit;
  return 0;
}

void Journal::State::encode(bool with_checkpoint) {
  buffer.clear();
  if (file.size() == 0) {
    add_checkpoint();
    for (const auto& fields : policies)
      chain.add(buffer, RecordKind::policy, wall_clock(), fields + ",\"repeated\":true");
  }
  if (!opening_gap.empty()) chain.add(buffer, RecordKind::gap, wall_clock(), opening_gap);
  if (lost.count) chain.add(buffer, RecordKind::gap, wall_clock(), lost.fields());
  for (const Entry& entry : batch) {
    if (chain.checkpoint_owed()) add_checkpoint();
    chain.add(buffer, entry.kind, entry.at, entry.fields);
  }
  if (with_checkpoint || chain.checkpoint_owed()) add_checkpoint();
}

// A decision may come late behind the policy that it was decided by, so the next segment repeats all that
// were in force during this one.
void Journal::State::remember_policies(bool new_segment) {
  if (new_segment && policies.size() > 1) policies.erase(policies.begin(), policies.end() - 1);
  for (const auto& entry : batch) {
    if (entry.kind != RecordKind::policy) continue;
    std::erase(policies, entry.fields);
    policies.push_back(entry.fields);
  }
}

void Journal::State::add_checkpoint() {
  {
    std::lock_guard lock(open_from_mutex);
    if (lowest_open) open_from = std::min(lowest_open(), chain.seq() + 1);
  }
  chain.add_checkpoint(buffer, wall_clock(), open_from);
  head_due = true;
}

int Journal::State::sync() {
  const auto begin = Clock::now();
  const int error = file.sync();
  last_sync = Clock::now();
  const double seconds = std::chrono::duration<double>(last_sync - begin).count();
  const auto& bounds = sync_bounds();
  const auto bucket = std::lower_bound(bounds.begin(), bounds.end(), seconds) - bounds.begin();
  std::lock_guard lock(mutex);
  ++counters.syncs;
  counters.sync_seconds_sum += seconds;
  ++counters.sync_buckets[static_cast<std::size_t>(bucket)];
  if (!error) head = {chain.seq(), std::string(chain.mac())};
  return error;
}

void Journal::State::tell_batch() {
  {
    std::lock_guard lock(mutex);
    in_work = 0;
  }
  for (Entry& entry : batch)
    if (entry.done) entry.done(true);
  batch.clear();
}

// After a failed commit. Who waits must be told now, since a carrier's order hangs on it; the rest can wait
// here.
void Journal::State::keep_or_lose() {
  std::vector<Entry> kept, told;
  std::size_t bytes = 0;
  for (Entry& entry : batch) {
    const std::size_t size = entry.fields.size() + sizeof(Entry);
    if (!entry.done && bytes + size <= kept_bytes_max && !last_round) {
      bytes += size;
      kept.push_back(std::move(entry));
    } else {
      lost.add(entry.kind, entry.at);
      told.push_back(std::move(entry));
    }
  }
  batch.swap(kept);
  {
    std::lock_guard lock(mutex);
    counters.gaps += told.size();
    in_work = batch.size();
  }
  for (Entry& entry : told)
    if (entry.done) entry.done(false);
}

void Journal::State::trouble(int error) {
  failing = error != 0;
  if (failing) retry_at = Clock::now() + retry_after;
  if (!failing && writable) return;
  std::lock_guard lock(mutex);
  writable = !failing;
  counters.error = failing ? fmt::format("{}: {}", segment_file(settings.directory, file.number()).string(),
                                         std::strerror(error))
                           : "";
}

// The second place of the head. A failure here costs nothing but freshness: an older head is true as well.
void Journal::State::write_head() {
  try {
    replace_file(settings.head_file, fmt::format("{} {}\n", chain.seq(), chain.mac()));
    head_due = false;
  } catch (const std::runtime_error&) {
  }
}

Journal::Journal(std::unique_ptr<State> state) : state_(std::move(state)) {}

Journal::~Journal() { state_->stop(); }

std::unique_ptr<Journal> Journal::open(const JournalSettings& given) {
  const JournalSettings settings = complete(given);
  std::error_code error;
  fs::create_directories(settings.directory, error);
  if (error)
    throw std::runtime_error(fmt::format("{}: cannot make the journal's directory: {}",
                                         settings.directory.string(), error.message()));
  auto lock = std::make_unique<DirectoryLock>(settings.directory);
  const auto segments = list_segments(settings.directory);
  const bool has_records = std::any_of(segments.begin(), segments.end(),
                                       [](const Segment& s) { return fs::file_size(s.file) > 0; });
  Opening opening = take_identity(settings.directory, settings.key_file, has_records, wall_clock());
  auto state = std::make_unique<State>(settings, std::move(opening), std::move(lock));
  state->begin();
  return std::unique_ptr<Journal>(new Journal(std::move(state)));
}

void Journal::append(RecordKind kind, policy::Instant at, std::string fields, Done done) {
  bool too_late = false;  // the thread would look
  {
    std::lock_guard lock(state_->mutex);
    state_->awaited |= bool(done);
    state_->queue.push_back({kind, at, std::move(fields), std::move(done)});
    too_late = state_->sleeps_until > state_->round_at();
    if (too_late) state_->sleeps_until = {};  // one call wakes it
  }
  if (too_late) state_->wake.notify_one();
}

bool Journal::writable() const { return state_->writable.load(std::memory_order_relaxed); }
const std::string& Journal::gateway_id() const { return state_->identity.gateway; }
std::uint64_t Journal::boot() const { return state_->identity.boot; }

JournalHead Journal::head() const {
  std::lock_guard lock(state_->mutex);
  return state_->head;
}

JournalCounters Journal::counters() const {
  std::lock_guard lock(state_->mutex);
  JournalCounters out = state_->counters;
  out.lag_records = state_->queue.size() + state_->in_work;
  out.writable = state_->writable;
  return out;
}

void Journal::set_open_from(std::function<std::uint64_t()> lowest_open) {
  std::lock_guard lock(state_->open_from_mutex);
  state_->lowest_open = std::move(lowest_open);
}

}  // namespace sekisho::cache
