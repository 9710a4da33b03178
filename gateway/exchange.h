// Everything known about one call, filled from top to bottom as it goes through the pipeline.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "cache/ledger.h"
#include "config/installation.h"
#include "gateway/carrier.h"
#include "gateway/http/message.h"
#include "gateway/identify.h"
#include "gateway/steps.h"
#include "policy/decide.h"
#include "policy/reading.h"
#include "policy/settle.h"

namespace sekisho::gateway {

// An order that somebody tells the gate of, instead of a call that it is read out of.
struct DescribedOrder {
  config::Client client;  // who orders; without an id: an operator, whichever of its clients calls
  policy::Carrier carrier;
  policy::Route route;
  policy::Order order;
};

struct Exchange {
  // What came in, and when.
  http::Request request;
  BodyStream* incoming = nullptr;  // the body of a call that passes, yet to come
  const Peer* peer = nullptr;      // who sent it; the session keeps it
  policy::Instant now{};
  std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();
  std::string id;                                    // of the decision
  std::string traceparent;                           // the caller's, or of the trace that begins here
  bool trace_given = false;                          // it is the caller's
  Steps steps;                                       // of a call whose spans are told
  std::shared_ptr<const config::Installation> site;  // the files in force when the call came

  // Of a check (pipeline_check.cpp), which decides for somebody else and does nothing; else empty.
  std::string checked_by;
  bool unseen = false;  // its body did not come with it
  std::optional<policy::Quantity> would_take;
  std::shared_ptr<const DescribedOrder> described;  // an order in words, of no call

  // What it means.
  Identity who;
  const config::Client* client = nullptr;  // `who`, as far as anybody is known
  policy::JstDate today;
  policy::OperatorId caller;   // the client's operator, or the successor that it was merged into
  policy::OperatorId account;  // on whose account the order runs: the caller's, or a transfer's receiver's
  policy::OperatorId holder;   // who holds the numbers that are named: the account, or one merged into it
  std::vector<cache::ReturnedNumber> named;  // the numbers that are named, each with the grant it is held by
  std::optional<policy::RouteMatch> match;
  const policy::Denials* denials = nullptr;  // the dialect of refusals on this path; null: problem+json
  policy::ReadOrder read = policy::Order{};
  policy::Order* order() { return match ? std::get_if<policy::Order>(&read) : nullptr; }
  const policy::Order* order() const { return match ? std::get_if<policy::Order>(&read) : nullptr; }
  bool hands_out() const { return order() && policy::hands_out(order()->operation); }
  policy::Operation operation() const { return match ? match->route->operation : policy::Operation::pass; }
  std::string_view carrier_name() const { return match ? std::string_view(match->carrier->name) : ""; }

  // What was decided, and on what.
  policy::Standing standing;
  policy::Decision decision;

  // What was done.
  cache::HoldRequest asked;               // of the ledger
  std::optional<policy::Hold> hold;       // while numbers are set aside for this order
  std::optional<policy::Hold> confirmed;  // the reservation whose place it took
  std::optional<policy::Quantity> left_of(const policy::Charge& charge) const {
    if (!hold || !charge.before) return std::nullopt;
    return charge.cap - *charge.before - hold->quantity;
  }
  std::int64_t retry_ms = 0;  // when the ledger said how long to wait
  std::optional<cache::StoredAnswer> replay;
  std::optional<std::uint64_t>
      journal_floor;  // set once an intent is on record: recovery needs the journal from here
  CarrierAnswer answer;
  std::optional<http::Response>
      passed_on;            // the answer as the caller gets it, where a retry is to get it too
  policy::Instant heard{};  // when it came, or was given up
  policy::Outcome outcome;
  policy::Settlement settlement;
  std::chrono::steady_clock::duration carrier_time{};
};

}  // namespace sekisho::gateway
