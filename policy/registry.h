// The registry: what is known about operators, one immutable snapshot at a time.
//
// A snapshot shares everything that did not change with the one before, so one revocation costs one small
// shard and not a rebuild. Readers hold a shared pointer and never lock. Nothing in here knows where the
// facts came from.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/calendar.h"
#include "policy/types.h"

namespace sekisho::policy {

enum class Register : std::uint8_t { etoc, plan, refusals, track_record };
inline constexpr std::string_view register_words[] = {"etoc", "plan", "refusals", "track-record"};
constexpr auto& words_of(Register) { return register_words; }

enum class EtocState : std::uint8_t {
  none,
  applied,
  certified,
  renewal_pending,
  expired,
  revoked,
  surrendered,
  objection,
  unknown,
};
inline constexpr std::string_view etoc_state_words[] = {
    "none",    "applied",     "certified", "renewal_pending", "expired",
    "revoked", "surrendered", "objection", "unknown"};
constexpr auto& words_of(EtocState) { return etoc_state_words; }

enum class PlanState : std::uint8_t { none, deemed, certified, lapsed, withdrawn, unknown };
inline constexpr std::string_view plan_state_words[] = {"none",   "deemed",    "certified",
                                                        "lapsed", "withdrawn", "unknown"};
constexpr auto& words_of(PlanState) { return plan_state_words; }

enum class RefusalAction : std::uint8_t { refuse_new, suspend_stock, investigate };
inline constexpr std::string_view refusal_action_words[] = {"refuse_new", "suspend_stock", "investigate"};
constexpr auto& words_of(RefusalAction) { return refusal_action_words; }

struct Names {
  std::string ja, kana, en;
  std::vector<std::string> former;
  bool operator==(const Names&) const = default;
};

struct EtocEntry {
  EtocState state = EtocState::none;  // as listed; what holds on a day is `etoc_on`
  std::string certificate;            // opaque
  std::optional<JstDate> certified_on;
  std::optional<JstDate> valid_until;  // the last valid day, included
  bool operator==(const EtocEntry&) const = default;
};

struct PlanEntry {
  PlanState state = PlanState::none;
  NumberTypes number_types;
  bool forwards_calls = false;
  std::optional<JstDate> checked_on;
  std::string checked_by;
  bool operator==(const PlanEntry&) const = default;
};

// One entry of the refusal list (提供拒否). Confidential ones are never told outward.
struct RefusalEntry {
  RefusalAction action = RefusalAction::refuse_new;
  NumberTypes number_types;            // empty: all
  std::optional<JstDate> from, until;  // both included
  std::string reference;
  bool confidential = true;
  bool operator==(const RefusalEntry&) const = default;
};

struct TrackRecord {
  std::optional<JstDate> first_supply;
  Quantity numbers_elsewhere = 0;
  bool operator==(const TrackRecord&) const = default;
};

// The last act of `registry revoke` or `reinstate`. Apart from the list, so that no list can undo it.
struct RevocationAct {
  bool revoked = false;
  Instant at{};
  std::string by, reason;
  bool operator==(const RevocationAct&) const = default;
};

struct OperatorRecord {
  OperatorId id;
  Names names;
  EtocEntry etoc;
  PlanEntry plan;
  std::vector<RefusalEntry> refusals;
  TrackRecord track_record;
  std::optional<RevocationAct> act;
  std::string country = "jp";
  std::string domestic_agent;
  std::string owner_group;
  std::string merged_into;
  std::uint64_t serial = 0;  // of the change that made it so
};

// The ETOC state that holds on a day: an act of revocation first, then expiry computed from the date
// (product.md: whole days in JST, the last day included), never a stored flag alone.
EtocState etoc_on(const OperatorRecord& record, JstDate day);

// How one source of facts stands: nothing in a register is certain before its first import.
struct SourceStatus {
  std::uint64_t serial = 0;  // imports so far
  std::optional<Instant> verified_at;
  std::size_t rows = 0;
};

using RecordPtr = std::shared_ptr<const OperatorRecord>;

class Registry {
 public:
  static constexpr std::size_t shard_count = 1024;
  using Shard = std::unordered_map<OperatorId, RecordPtr>;

  Registry() = default;
  const OperatorRecord* find(const OperatorId& id) const;
  std::uint64_t serial() const { return serial_; }
  std::size_t size() const { return size_; }
  const SourceStatus& source(Register which) const { return sources_[static_cast<std::size_t>(which)]; }

  // A new snapshot with these records put in place, and this serial. Nothing else changes.
  std::shared_ptr<const Registry> with(const std::vector<RecordPtr>& changed, std::uint64_t serial,
                                       const std::array<SourceStatus, 4>& sources) const;

  template <class F>
  void each(F&& visit) const {
    for (const auto& shard : shards_)
      if (shard)
        for (const auto& entry : *shard) visit(*entry.second);
  }

 private:
  static std::size_t shard_of(const OperatorId& id) { return std::hash<OperatorId>{}(id) % shard_count; }
  std::array<std::shared_ptr<const Shard>, shard_count> shards_{};
  std::array<SourceStatus, 4> sources_{};
  std::uint64_t serial_ = 0;
  std::size_t size_ = 0;
};

}  // namespace sekisho::policy
