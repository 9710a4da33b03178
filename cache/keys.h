// Redis keys: the one place that spells them. All keys of an operator share its hash tag, so that they lie in
// one cluster slot.
#pragma once

#include <string>
#include <string_view>

#include "policy/types.h"

namespace sekisho::cache::keys {

inline std::string of_operator(const policy::OperatorId& id, std::string_view what) {
  return "sekisho:{" + id.text() + "}:" + std::string(what);
}
// hash: bucket -> numbers taken; "t:<rule>" -> a throttle's theoretical arrival, microseconds
inline std::string usage(const policy::OperatorId& id) { return of_operator(id, "usage"); }
// hash: hold id -> record (cache/hold_record.h)
inline std::string holds(const policy::OperatorId& id) { return of_operator(id, "holds"); }
// hash: "<carrier>/<order id>" -> hold id
inline std::string orders(const policy::OperatorId& id) { return of_operator(id, "orders"); }
// hash: number -> record of the grant
inline std::string numbers(const policy::OperatorId& id) { return of_operator(id, "numbers"); }
// hash: gateway -> floor, "gateway/ordinal" -> a resolved order above it (cache/lua/hold.lua)
inline std::string known(const policy::OperatorId& id) { return of_operator(id, "known"); }
// hash: number -> when it was given back, as long as an order is open that may be its grant
inline std::string gone(const policy::OperatorId& id) { return of_operator(id, "gone"); }
// hash: state, content, answer of one idempotency key
inline std::string idempotency(const policy::OperatorId& id, std::string_view key) {
  return of_operator(id, "idem:" + std::string(key));
}

// hash: on what every gateway stands (cache/lua/epoch.lua)
inline const std::string epoch = "sekisho:{ledger}:epoch";
// hash: a copy of every gateway's position, on each master of a cluster (cache/redis_witness.h)
inline std::string witness(std::string_view tag) { return "sekisho:{" + std::string(tag) + "}:witness"; }

// hash: decision -> tenure; who had this number
inline std::string number(std::string_view number) { return "sekisho:number:" + std::string(number); }

inline const std::string registry_operators = "sekisho:{registry}:operators";  // hash: id -> record (JSON)
inline const std::string registry_events = "sekisho:{registry}:events";  // stream: an entry for each change
inline const std::string registry_meta = "sekisho:{registry}:meta";      // hash: serial, epoch, head, sources
// list: records that were replaced, oldest first (the scripts spell it too)
inline std::string registry_past(std::string_view id) { return "sekisho:{registry}:past:" + std::string(id); }
// list: batches of a large change, lines of JSON
inline std::string registry_change(std::uint64_t serial) {
  return "sekisho:{registry}:change:" + std::to_string(serial);
}
inline std::string registry_staging(std::string_view token) {
  return "sekisho:{registry}:staging:" + std::string(token);
}

// stream: gateways that persons retired (`ledger retire`), by whom and why
inline const std::string retirements = "sekisho:{ledger}:retired";

// stream: what persons said of orders in suspense (`ledger resolve`); and how far a gateway has journaled it
inline const std::string resolutions = "sekisho:{resolutions}:said";
inline std::string resolutions_read(std::string_view gateway) {
  return "sekisho:{resolutions}:read:" + std::string(gateway);
}

// hash: by, reason, at; who lets this policy file (by its digest) flip more decisions than the budget allows
inline std::string policy_approval(std::string_view digest) {
  return "sekisho:{policy}:approval:" + std::string(digest);
}

// string: "<seq> <mac>"; a journal's head, kept outside it
inline std::string journal_head(std::string_view gateway) {
  return "sekisho:journal:" + std::string(gateway);
}

}  // namespace sekisho::cache::keys
