// The control thread: snapshots in, health and metrics out, reload, recovery, drain. No order passes through
// here.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/json/object.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cache/group_ledger.h"
#include "cache/recovery.h"
#include "cache/redis_epochs.h"
#include "cache/registry_follower.h"
#include "gateway/admin.h"
#include "gateway/file_watch.h"
#include "gateway/policy_budget.h"
#include "gateway/span_export.h"
#include "gateway/supervisor.h"
#include "gateway/worker.h"
#include "policy/census.h"

namespace sekisho::gateway {

class Control {
 public:
  // `files`: what `site` was loaded from.
  Control(const config::Settings& settings, std::shared_ptr<const config::Installation> site,
          config::FileStamps files, cache::Journal& journal);
  ~Control();
  void run();  // until drained

  // Parses, validates, proves, holds a new policy against the activation budget, swaps; on any error the old
  // set stays. Returns what was wrong. The work is done on a thread of its own: health is told meanwhile.
  Task<config::Errors> reload(std::string by);

  // Why this gateway is not ready; empty: it is. Ready means that it has what it needs to answer. What every
  // gateway would suffer from together (Redis gone, a stale registry) makes none of them unready, for then
  // nobody could give numbers back: it is `degraded`.
  std::vector<std::string> why_not_ready() const;
  std::vector<std::string> degraded() const;
  std::string metrics_text();
  std::string status_json();
  boost::json::object registry_status() const;

 private:
  void publish(const cache::RegistryFollower::News& news);
  void tell_of(const cache::RegistryEvent& event);
  Task<> begin_counting();
  Task<bool> recognise_journal();
  Task<> keep_epoch();
  Task<> watch_epoch();
  void note_opening();
  cache::Recovery::Ports recovery_ports();
  Task<cache::JournaledOrders> read_journal(std::uint64_t from);
  void keep_epoch_memory(const cache::Recovery::Memory& memory);
  Task<> keep_books();
  Task<> journal_resolutions();
  Task<> wait_for_signals();
  Task<> reload_unasked(std::string by);
  void open_doors();
  Task<> open_doors_when_ready();
  Task<> drain();
  Task<> pause(std::chrono::milliseconds time);
  std::vector<Worker::Report> reports();
  Task<> tell_supervisor();
  Task<> show_life();
  Task<bool> workers_answer(std::chrono::microseconds within);
  AdminDesk admin_desk();

  const config::Settings& settings_;
  cache::Journal& journal_;
  asio::io_context context_{1};
  asio::thread_pool loader_{1};  // reads and proves files
  Shared shared_;
  std::shared_ptr<const config::Installation> site_;
  policy::Instant site_since_{};  // when it came into force here
  std::shared_ptr<const policy::Registry> registry_ = std::make_shared<policy::Registry>();
  cache::RedisLink link_;
  cache::RedisLedger accounts_;
  cache::GroupLedger ledger_{accounts_};
  cache::RedisEpochs epochs_;
  asio::steady_timer beat_timer_{context_};
  cache::Recovery recovery_;
  policy::Census census_;
  policy::Instant copy_seen_at_{};  // until when the copy that this gateway began with was in step
  cache::RegistryFollower follower_;
  Watchdog dog_{context_.get_executor()};
  std::optional<SpanExport> spans_;  // where traces are wanted
  Admin admin_;
  Supervisor supervisor_;
  asio::signal_set signals_;
  FileWatch watch_;
  Metrics metrics_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::string last_reload_error_;
  std::string journal_trouble_;  // why it is not the journal that Redis knows; empty: it is, or not known yet
  std::string journal_head_told_;
  std::size_t turn_ = 0;  // of the workers, for checks
  bool reloading_ = false, ended_ = false;
};

}  // namespace sekisho::gateway
