// The life of one order (pipeline.cpp is the story; read it first).
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "cache/bookkeeper.h"
#include "cache/order_memory.h"
#include "gateway/callers.h"
#include "gateway/exchange.h"
#include "gateway/freshness.h"
#include "gateway/ids.h"
#include "gateway/metrics.h"
#include "gateway/overload.h"

namespace sekisho::gateway {

class SpanSink;

// What a worker's orders share: the newest snapshots, and the ports. Its worker's thread only, but for the
// atomics.
struct Desk {
  // Constant after construction.
  const config::Settings& settings;
  cache::Ledger& ledger;
  cache::JournalPort& journal;
  cache::Bookkeeper& books;
  cache::OrderMemory& memory;
  Callers& callers;
  const KnownSince& known;  // how old what the registry says is
  Dates& dates;             // what day it is
  asio::any_io_executor executor;

  // Swapped whole by messages from the control thread.
  std::shared_ptr<const config::Installation> site;
  std::shared_ptr<const policy::Registry> registry = std::make_shared<policy::Registry>();

  Overload overload{std::chrono::milliseconds(50)};
  Metrics metrics;
  DecisionIds ids;
  std::function<std::shared_ptr<CarrierPool>(const Exchange&)> pool_of;
  SpanSink* spans = nullptr;  // null: none are told
};

class Pipeline {
 public:
  explicit Pipeline(Desk& desk) : desk_(desk) {}

  // `peer` outlives the call, and so does `body`: of a call that passes, where it has one and it is yet to
  // come.
  Task<Answer> handle(http::Request request, const Peer& peer, BodyStream* body);
  // What would be decided, for somebody who forwards by himself or only wants to know. Nothing is held,
  // counted or sent; it is on record as what it is. `whole`: the body came with the call.
  Task<std::shared_ptr<Exchange>> check_call(http::Request request, Peer peer, bool whole,
                                             std::string asked_by);
  Task<std::shared_ptr<Exchange>> check_order(std::shared_ptr<const DescribedOrder> order,
                                              std::string asked_by);
  // Whether the body behind this head is handed on as it comes.
  bool passes(const http::Request& head) const;

 private:
  Task<http::Response> run(Exchange& x);
  void arrive(Exchange& x);
  Task<bool> admit(Exchange& x);
  bool within_source_rate(Exchange& x);
  bool within_client_rate(Exchange& x);
  Task<> spend_nonce(Exchange& x);
  Task<> turn_away(Exchange& x);
  void understand(Exchange& x);
  Task<> judge(Exchange& x);
  Task<> check(Exchange& x);
  Task<> check_unseen(Exchange& x);
  Task<> measure(Exchange& x);
  Task<> note_check(Exchange& x);
  policy::Message message_of(const Exchange& x) const;
  policy::OperatorId account_for(const Exchange& x, policy::JstDate day) const;
  Task<> recall(Exchange& x);
  Task<> name_numbers(Exchange& x);
  Task<http::Response> hear_webhook(Exchange& x);
  policy::Case facts(const Exchange& x, bool numbers_of_others = false) const;
  bool sheds(const Exchange& x) const;
  policy::Standing look_up(const Exchange& x, const policy::OperatorId& account) const;
  Task<http::Response> tell_standing(Exchange& x);
  Task<bool> names_numbers_of_others(Exchange& x);
  policy::OperatorId account_of(const policy::OperatorId& id, policy::JstDate day) const;
  Task<> hold(Exchange& x);
  Task<bool> learn_of(std::uint64_t registry_serial);
  cache::HoldRequest hold_request(Exchange& x) const;
  Task<std::optional<Permit>> put_on_record(Exchange& x);
  Task<> forward(Exchange& x, Permit permit);
  Task<> settle(Exchange& x);
  Task<> settle_own(Exchange& x);
  Task<> settle_earlier_order(Exchange& x);
  Task<> give_back(Exchange& x);
  Task<> remember(const Exchange& x);
  http::Response close(Exchange& x);

  Desk& desk_;
};

}  // namespace sekisho::gateway
