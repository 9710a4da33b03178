// Acts of a named person on one operator, apart from any list: revoke, reinstate, merge. Commands and the
// admin API carry them out alike.
//
// Always true: once `carry_out` says that a revocation is done, no gateway takes a hold for the operator by
// what was known before it (RegistryStore::commit).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cache/ledger.h"
#include "cache/registry_store.h"

namespace sekisho::cache {

struct RegistryAct {
  RegistryChange::Kind kind{};
  std::string by, reason;
  std::string done;  // "revoked"
  // Changes the record; the sentence says why it cannot be.
  std::function<std::string(policy::OperatorRecord& record, bool known)> change;
  std::optional<policy::JstDate> effective;  // the day from which it counts in the history
};

RegistryAct revoking(std::string by, std::string reason, std::optional<policy::JstDate> since);
RegistryAct reinstating(std::string by, std::string reason);
RegistryAct merging(std::string by, std::string reason, const policy::OperatorId& into,
                    std::optional<policy::JstDate> on);

struct ActResult {
  enum class Kind { done, refused, unreachable } kind = Kind::unreachable;
  std::uint64_t serial = 0;  // done: of the change
  std::string trouble;       // else a sentence
};
Task<ActResult> carry_out(RegistryStore& store, policy::OperatorId id, RegistryAct act);

// Why the one cannot stand behind the other; empty: it can. The successor must be known, and its own
// successors must not lead back.
Task<std::string> successor_trouble(RegistryStore& store, policy::OperatorId from, policy::OperatorId into);

// What was granted from that day on: the work list of a revocation that reaches back. Nothing: the ledger
// could not be read.
Task<std::optional<std::vector<GrantedNumber>>> granted_since(RedisLink& link, policy::OperatorId id,
                                                              policy::JstDate since);

}  // namespace sekisho::cache
