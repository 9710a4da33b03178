// One thread and what it owns: its listening sockets, sessions, link to Redis, connections to carriers,
// counts.
//
// Nothing in here is locked: other threads speak to a worker only with `post`. Snapshots arrive as messages.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <future>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "cache/group_ledger.h"
#include "cache/journal.h"
#include "cache/redis_ledger.h"
#include "cache/redis_nonces.h"
#include "cache/redis_order_memory.h"
#include "gateway/callers.h"
#include "gateway/door.h"
#include "gateway/freshness.h"
#include "gateway/pipeline.h"
#include "gateway/poller.h"
#include "gateway/session.h"
#include "gateway/settlements.h"

namespace sekisho::gateway {

// What all workers read and only the control thread writes.
struct Shared {
  const config::Settings& settings;
  cache::Journal& journal;
  cache::Books books{journal.boot()};
  AllCallers callers{};
  KnownSince known{};
  Dates dates{};
  std::atomic<bool> draining{false};
  SpanSink* spans = nullptr;  // null: none are told
};

class Worker {
 public:
  explicit Worker(Shared& shared);
  ~Worker();

  // Binds the listeners of the settings. Port 0 takes a free one; returns the ports, so that the next worker
  // joins.
  std::vector<config::Address> listen(const std::vector<config::Address>& addresses);
  void start(bool polls);  // begins to run, on a thread of its own; one of a gateway's workers polls
  void open_doors();       // callers come from now on; the thread of `listen`
  void hear_no_more();     // no new caller knocks (Door); any thread
  void stop_accepting();   // any thread
  void join();             // ends the thread

  void publish(std::shared_ptr<const config::Installation> site);
  void publish(std::shared_ptr<const policy::Registry> registry);

  // Pipeline's checks, made on this worker's thread while the caller waits on its own.
  Task<std::shared_ptr<Exchange>> check_call(http::Request request, Peer peer, bool whole,
                                             std::string asked_by);
  Task<std::shared_ptr<Exchange>> check_order(std::shared_ptr<const DescribedOrder> order,
                                              std::string asked_by);

  struct Report {
    Metrics metrics;
    bool redis_up = false;
    std::size_t sessions = 0, busy = 0, backlog = 0;
  };
  std::future<Report> report();

 private:
  void enter(net::Stream stream, std::size_t door);
  Task<> serve(net::Stream stream, std::size_t door);
  std::shared_ptr<CarrierPool> pool_of(const Exchange& x);

  Shared& shared_;
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  // This worker's thread only, once started.
  Watchdog dog_{context_.get_executor()};
  cache::RedisLink link_;
  cache::RedisLedger accounts_;
  cache::GroupLedger ledger_{accounts_};
  cache::RedisOrderMemory memory_;
  cache::RedisNonces nonces_;
  Callers callers_;
  cache::Bookkeeper books_;
  Settlements settlements_;
  Desk desk_;
  Pipeline pipeline_;
  Poller poller_;
  SessionHouse house_;
  std::vector<std::unique_ptr<Door>> doors_;  // one for each listener of the settings
  std::set<Session*> sessions_;
  std::map<std::string, std::pair<std::shared_ptr<const config::Installation>, std::shared_ptr<CarrierPool>>>
      pools_;
  std::thread thread_;
};

}  // namespace sekisho::gateway
