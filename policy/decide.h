// The one place that says no.
//
// Every fact about a call arrives here as a value: an unknown client, a missing route, an unreadable order, a
// stale registry, the operator's standing, and later what the ledger answered. The first row of reason.def
// that applies is the answer. Pure: the same facts give the same decision, on any day, in any process.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/adapter.h"
#include "policy/compiled.h"
#include "policy/facts.h"
#include "policy/order.h"
#include "policy/registry.h"
#include "policy/rules.h"
#include "policy/usage.h"

namespace sekisho::policy {

// What the registers say of the operators further down that an order names (卸先), taken together.
struct ChainStanding {
  int depth = 0;
  WordSet<EtocState> etoc;  // of each hop; an operator that no register knows is `none`
  WordSet<PlanState> plan;
  WordSet<RefusalAction> refusals;
};

// The facts about one operator on one day, for one number type.
struct Standing {
  OperatorId operator_id;
  EtocState etoc = EtocState::none;
  PlanState plan = PlanState::none;
  bool plan_covers_type = false;
  NumberTypes plan_types;
  bool forwards_calls = false;
  WordSet<RefusalAction> refusals;  // in force that day for that type
  int track_record_months = 0;
  Quantity numbers_elsewhere = 0;
  std::string country = "jp", owner_group;
  bool domestic_agent = false;
  ChainStanding chain;
  std::optional<JstDate> certified_until;  // while a certificate is in force
  JstDate today;
  std::uint64_t registry_serial = 0;
  bool stale = false;      // past a hard age: only certain facts may refuse
  bool past_soft = false;  // decided, and marked
};

// How old the facts are against the ages in the configuration.
struct Freshness {
  bool stale = false, past_soft = false;
};

// `record` may be null: a source was read and does not have the operator.
Standing stand(const PackedRecord* record, const OperatorId& id, std::optional<NumberType> type,
               JstDate today, std::uint64_t registry_serial, Freshness freshness);

// One more hop of the chain. `record` as above.
void add_hop(ChainStanding& chain, const PackedRecord* record, std::optional<NumberType> type, JstDate today);

// Everything the policy may ask. Names point into the order and the standing.
Facts facts_of(const Order& order, const Standing& standing);

// Why, for one rule: what stands in `reasons[]`.
struct Finding {
  Reason reason{};
  const Rule* rule = nullptr;  // null: not a rule's doing
  std::string code;            // outward, e.g. a limit's own code; empty: the reason's
  std::string detail;
};

// A limit that the ledger must test and charge.
struct Charge {
  const Rule* rule = nullptr;
  Quantity cap = 0;
  std::optional<Quantity> before;  // counted before this order, once the ledger said so
};

struct Decision {
  bool allowed = false;
  std::vector<Finding> findings;  // why not, first of the ladder first; empty when allowed
  std::vector<Charge> charges;    // limits with a window
  std::vector<const Rule*> throttles;
  std::vector<const Rule*> matched;  // every rule in force that matched, also observed ones
  std::vector<const Rule*> notices;  // mode warn: told, not enforced
  std::vector<const Rule*> waived;   // matched, and lifted by a waiver
  std::vector<const Rule*> reviews;
  std::vector<LimitState> limits;  // that bound (after the ledger spoke, or per order)
  bool waiting_helps = true;       // quota-exceeded: 429, else 403

  Reason reason() const { return findings.front().reason; }
  int status() const;
};

// Everything known about a call before the ledger is asked. `order` null: none was read.
struct Case {
  bool draining = false;
  bool overloaded = false;
  std::optional<OperatorId> caller;  // nothing: unidentified
  bool client_allowed = true;
  const Route* route = nullptr;  // null: no route
  const Order* order = nullptr;
  const Unreadable* unreadable = nullptr;
  const Standing* standing = nullptr;  // needed when the order hands out
  bool numbers_of_others = false;      // a number in it is held by another operator
};

Decision decide(const Compiled& policy, const Case& facts);

// What the rules alone say of an order that hands numbers out: the middle of `decide`.
Decision apply_rules(const Compiled& policy, const Facts& facts);

// Every enforced limit that has a figure today, as it stands for one operator. `applies`: it would bind an
// order of one number of some type.
struct StandingLimit {
  LimitState state;
  bool applies = false;
};
// `of_group` null: the operator has no owner group, and is its own.
std::vector<StandingLimit> limits_today(const Policy& policy, const PackedRecord* record,
                                        const OperatorId& id, const Usage& usage, const Usage* of_group,
                                        JstDate today);

// What the ledger answered to the hold.
struct HoldAnswer {
  enum class Kind {
    taken,
    over_limit,
    throttled,
    unavailable,
    fenced,  // the operator was revoked in a registry newer than the one decided by
    in_flight,
    mismatch,
    outcome_unknown,
    replay,  // of the idempotency key
  };
  // Whose account answered, where an order stands on two; `only`: it stands on one.
  enum class Account { only, own, group };
  Kind kind = Kind::unavailable;
  Account account = Account::only;
  Quantity quantity = 0;           // taken: what was taken; less than asked when trimmed
  std::vector<Quantity> left;      // taken: of each charge, before this order
  std::vector<std::size_t> bound;  // over_limit: indexes into charges
  std::int64_t retry_ms = 0;       // throttled
  std::uint64_t fence = 0;         // fenced: the newer registry's serial
  Usage usage;                     // over_limit: what is counted now of the operator
  std::optional<Usage> of_group;   // over_limit by the group's account: what is counted of that
};

// What a ledger answers that counted `before` of each charge: the arithmetic of cache/lua/hold.lua.
// `partial`: the caller takes fewer. Says nothing of throttles.
HoldAnswer hold_against(const std::vector<Charge>& charges, const std::vector<Quantity>& before,
                        Quantity asked, bool partial);

// The same decision after the ledger spoke: still allowed, or refused with the ledger's reason.
Decision with_hold(Decision decision, const HoldAnswer& answer, JstDate today);

// The same decision when the journal could not record it, or the operator lost its standing meanwhile.
Decision refused(Decision decision, Reason reason);

}  // namespace sekisho::policy
