// What the registers say of one operator: the words of the field, and the value that is read, changed and
// written.
//
// Gateways keep it packed (packed_record.h), a million at a time (registry.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
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

// Which change made a record what it is. History is the row of an operator's versions.
struct Version {
  std::uint64_t serial = 0;          // of the change
  Instant known_at{};                // when the registry learnt of it
  std::optional<JstDate> effective;  // the day from which it holds; nothing: the day when it was known
  JstDate from() const { return effective.value_or(JstDate::of(known_at)); }
  bool operator==(const Version&) const = default;
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
  OperatorId merged_into;           // the successor that carries on; empty: none
  std::string notification_number;  // 届出番号, opaque
  Version version;
  bool operator==(const OperatorRecord&) const = default;
};

// The ETOC state that holds on a day: an act of revocation first, then expiry computed from the date
// (product.md: whole days in JST, the last day included), never a stored flag alone.
EtocState etoc_on(bool revoked_by_act, EtocState listed, std::optional<JstDate> valid_until, JstDate day);
EtocState etoc_on(const OperatorRecord& record, JstDate day);

// Of two acts on one operator the later one counts, whatever way it came to be known.
const std::optional<RevocationAct>& later_act(const std::optional<RevocationAct>& a,
                                              const std::optional<RevocationAct>& b);

}  // namespace sekisho::policy
