// Redis keys: the one place that spells them. All keys of an operator share its hash tag, so that they lie in
// one cluster slot.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "policy/types.h"

namespace sekisho::cache::keys {

// A key in its pieces, which are somebody else's: it is put together where it is written.
struct Key {
  std::string_view begin, tag = {}, end = {}, what = {}, more = {};

  Key(std::string_view whole) : begin(whole) {}
  Key(std::string_view begin, std::string_view tag, std::string_view end, std::string_view what,
      std::string_view more)
      : begin(begin), tag(tag), end(end), what(what), more(more) {}
  std::string text() const {
    std::string out;
    out.reserve(begin.size() + tag.size() + end.size() + what.size() + more.size());
    return out.append(begin).append(tag).append(end).append(what).append(more);
  }
};

inline Key of_operator(const policy::OperatorId& id, std::string_view what, std::string_view more = {}) {
  return {"sekisho:{", id.text(), "}:", what, more};
}
// hash: bucket -> numbers taken, of the lifetime and held now; "t:<rule>" -> a throttle's theoretical
// arrival, microseconds; "fence"
inline Key usage(const policy::OperatorId& id) { return of_operator(id, "usage"); }
// hashes: day or month, and type -> numbers taken (cache/bucket_field.h); they run out
inline Key days(const policy::OperatorId& id) { return of_operator(id, "days"); }
inline Key months(const policy::OperatorId& id) { return of_operator(id, "months"); }
// hash: hold id -> record (cache/hold_record.h)
inline Key holds(const policy::OperatorId& id) { return of_operator(id, "holds"); }
// hash: "<carrier>/<order id>" -> hold id
inline Key orders(const policy::OperatorId& id) { return of_operator(id, "orders"); }
// hash: number -> record of the grant (cache/tenure_record.h)
inline Key numbers(const policy::OperatorId& id) { return of_operator(id, "numbers"); }
// hash: "number|decision" -> a tenure that has ended
inline Key past(const policy::OperatorId& id) { return of_operator(id, "past"); }
// hash: gateway -> floor, "gateway/ordinal" -> a resolved order above it (cache/lua/hold.lua)
inline Key known(const policy::OperatorId& id) { return of_operator(id, "known"); }
// hash: number -> when it was given back, as long as an order is open that may be its grant
inline Key gone(const policy::OperatorId& id) { return of_operator(id, "gone"); }
// hash: state, content, answer of one idempotency key
inline Key idempotency(const policy::OperatorId& id, std::string_view key) {
  return of_operator(id, "idem:", key);
}

// string: "quantity|type" of what a search found or a reservation keeps
inline Key recalled(const policy::OperatorId& id, std::string_view order) {
  return of_operator(id, "recall:", order);
}

// hash: "<carrier>/<order id>" -> operator; orders that the carrier has not told the end of
inline const std::string waiting_orders = "sekisho:{orders}:waiting";
// string: somebody asked the carrier about that order not long ago
inline std::string asked_about(std::string_view order) {
  return "sekisho:{orders}:asked:" + std::string(order);
}

// hash: on what every gateway stands (cache/lua/epoch.lua)
inline const std::string epoch = "sekisho:{ledger}:epoch";
// hash: a copy of every gateway's position, on each master of a cluster (cache/redis_witness.h)
inline std::string witness(std::string_view tag) { return "sekisho:{" + std::string(tag) + "}:witness"; }

// hash: "last two digits|decision" -> operator; to whom numbers of this block of a hundred were ever granted,
// and "last two digits" -> whom last. From when, and until when, lies with the operator.
inline Key block(std::string_view number) {
  const auto all_but_two = number.size() - std::min<std::size_t>(2, number.size());
  return {"sekisho:number:", number.substr(0, all_but_two), {}, {}, {}};
}
inline std::string_view last_of(std::string_view number) {
  return number.substr(number.size() - std::min<std::size_t>(2, number.size()));
}
inline Key in_block(std::string_view number, std::string_view decision) {
  return {last_of(number), "|", decision, {}, {}};
}

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

// string: a signed request had this nonce, by the digest of it and of its key's id; it runs out
inline std::string nonce(std::string_view digest) { return "sekisho:nonce:" + std::string(digest); }

// hash: by, reason, at; who lets this policy file (by its digest) flip more decisions than the budget allows
inline std::string policy_approval(std::string_view digest) {
  return "sekisho:{policy}:approval:" + std::string(digest);
}

// string: "<seq> <mac>"; a journal's head, kept outside it
inline std::string journal_head(std::string_view gateway) {
  return "sekisho:journal:" + std::string(gateway);
}

}  // namespace sekisho::cache::keys
