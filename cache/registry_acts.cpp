#include "cache/registry_acts.h"

#include "cache/clock.h"
#include "cache/redis_ledger.h"

namespace sekisho::cache {
using policy::OperatorId;
using policy::OperatorRecord;
using Kind = ActResult::Kind;

namespace {

// Never before the act that it follows: of two acts the later one counts, also where clocks differ.
policy::Instant moment_after(const std::optional<policy::RevocationAct>& earlier) {
  return earlier ? std::max(wall_clock(), earlier->at + std::chrono::milliseconds(1)) : wall_clock();
}

}  // namespace

RegistryAct revoking(std::string by, std::string reason, std::optional<policy::JstDate> since) {
  return {.kind = RegistryChange::Kind::revoke,
          .by = by,
          .reason = reason,
          .done = "revoked",
          .change =
              [by, reason](OperatorRecord& record, bool) {
                record.act = policy::RevocationAct{
                    .revoked = true, .at = moment_after(record.act), .by = by, .reason = reason};
                return std::string();
              },
          .effective = since};
}

RegistryAct reinstating(std::string by, std::string reason) {
  return {
      .kind = RegistryChange::Kind::reinstate,
      .by = by,
      .reason = reason,
      .done = "reinstated",
      .change = [by, reason](OperatorRecord& record, bool known) -> std::string {
        if (!known) return record.id.text() + " is not in the registry";
        if (!record.act || !record.act->revoked)
          return record.id.text() + " is not revoked by an act" +
                 (record.etoc.state == policy::EtocState::revoked
                      ? "; the list itself says revoked, which only a list can change (--approve reinstate)"
                      : "");
        record.act = policy::RevocationAct{
            .revoked = false, .at = moment_after(record.act), .by = by, .reason = reason};
        return "";
      }};
}

RegistryAct merging(std::string by, std::string reason, const OperatorId& into,
                    std::optional<policy::JstDate> on) {
  return {.kind = RegistryChange::Kind::merge,
          .by = std::move(by),
          .reason = std::move(reason),
          .done = into.empty() ? "stands for itself again" : "merged into " + into.text(),
          .change = [into](OperatorRecord& record, bool known) -> std::string {
            if (!known) return record.id.text() + " is not in the registry";
            if (record.id == into) return record.id.text() + " cannot be its own successor";
            record.merged_into = into;
            return "";
          },
          .effective = on};
}

Task<ActResult> carry_out(RegistryStore& store, OperatorId id, RegistryAct act) {
  ActResult result;
  while (true) {
    const auto meta = co_await store.meta();
    bool reachable = false;
    const auto known = co_await store.find(id, reachable);
    if (!meta || !reachable) {
      result.trouble = "the registry cannot be read from Redis";
      co_return result;
    }
    auto record = known ? known->unpack() : OperatorRecord{.id = id, .country = id.text().substr(0, 2)};
    result.trouble = act.change(record, known != nullptr);
    if (!result.trouble.empty()) {
      result.kind = Kind::refused;
      co_return result;
    }
    record.version = {.effective = act.effective};
    const RegistryChange change{
        .kind = act.kind, .at = wall_clock(), .by = act.by, .reason = act.reason, .meta = {}};
    Fences fences;
    if (act.kind == RegistryChange::Kind::revoke) fences.raise.push_back(id);
    if (act.kind == RegistryChange::Kind::reinstate) fences.lower.push_back(id);
    const std::vector<policy::RecordPtr> records{policy::PackedRecord::of(record)};
    const auto serial = co_await store.commit(meta->serial, change, records, fences);
    if (!serial) {
      result.trouble = "Redis went away; do it again to be certain";
      co_return result;
    }
    if (*serial == 0) continue;  // somebody else was faster
    result.kind = Kind::done;
    result.serial = *serial;
    co_return result;
  }
}

Task<std::string> successor_trouble(RegistryStore& store, OperatorId from, OperatorId into) {
  OperatorId at = into;
  for (int hops = 0; hops < policy::Registry::mergers_max && !at.empty(); ++hops) {
    bool reachable = false;
    const auto known = co_await store.find(at, reachable);
    if (!reachable) co_return "the registry cannot be read from Redis";
    if (!known) co_return at.text() + " is not in the registry";
    at = OperatorId::parse(known->merged_into()).value_or(OperatorId());
    if (at == from) co_return into.text() + " was itself merged into " + from.text();
  }
  co_return at.empty() ? "" : "the row of successors behind " + into.text() + " is too long";
}

Task<std::optional<std::vector<GrantedNumber>>> granted_since(RedisLink& link, OperatorId id,
                                                              policy::JstDate since) {
  RedisLedger ledger(link, {});
  auto numbers = co_await ledger.numbers(id);
  if (numbers)
    std::erase_if(*numbers,
                  [&](const GrantedNumber& one) { return policy::JstDate::of(one.granted_at) < since; });
  co_return numbers;
}

}  // namespace sekisho::cache
