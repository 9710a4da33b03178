// A policy as it is written: who may be given numbers. Values only; config/policy_file.cpp reads them,
// compiled.h makes them quick, decide.h applies them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/calendar.h"
#include "policy/reason.h"
#include "policy/registry.h"
#include "policy/types.h"
#include "policy/when.h"

namespace sekisho::policy {

enum class Basis : std::uint8_t { statute, scheme, etoc, contract };
inline constexpr std::string_view basis_words[] = {"statute", "scheme", "etoc", "contract"};
constexpr auto& words_of(Basis) { return basis_words; }

enum class Mode : std::uint8_t { enforce, warn, observe };
inline constexpr std::string_view mode_words[] = {"enforce", "warn", "observe"};
constexpr auto& words_of(Mode) { return mode_words; }

// A span of time over which numbers are counted.
struct Period {
  enum class Kind : std::uint8_t { order, day, month, fiscal_year, days, held, lifetime };
  Kind kind = Kind::day;
  int days = 0;  // for Kind::days, today included
  auto operator<=>(const Period&) const = default;
  std::string text() const;  // "day", "30 days", "fiscal year"
  // Waiting helps: the count falls by itself.
  bool resets() const { return kind != Kind::order && kind != Kind::held && kind != Kind::lifetime; }
};

// A figure that may step over dates.
struct Step {
  Range<JstDate> dates;
  Quantity value = 0;
  bool operator==(const Step&) const = default;
};

// What a limit counts: numbers, or the channels (simultaneous calls) that one order asks for.
enum class Unit : std::uint8_t { numbers, channels };
inline constexpr std::string_view unit_words[] = {"numbers", "channels"};
constexpr auto& words_of(Unit) { return unit_words; }

// Whose numbers a limit counts. One without an owner group is its own group.
enum class Scope : std::uint8_t { operator_alone, owner_group };
inline constexpr std::string_view scope_words[] = {"operator", "owner_group"};
constexpr auto& words_of(Scope) { return scope_words; }

struct Limit {
  std::vector<Step> steps;
  Scope of = Scope::operator_alone;
  Unit unit = Unit::numbers;  // channels: per order only
  Period per;
  NumberTypes number_types;           // counted types; empty: all
  bool trim = false;                  // "short: trim"
  std::string code;                   // outward; default quota-exceeded
  const Step* on(JstDate day) const;  // null: no figure is in force that day
  bool counts(NumberType type) const { return number_types.empty() || number_types.has(type); }
  bool operator==(const Limit&) const = default;
};

struct Throttle {
  std::int64_t requests = 0;
  std::int64_t per_ms = 1000;
  std::int64_t burst = 0;
  bool operator==(const Throttle&) const = default;
};

struct Rule {
  std::string id;
  Basis basis = Basis::contract;
  std::string why;
  Mode mode = Mode::enforce;
  Range<JstDate> active;
  When when;
  bool permit = false;
  std::optional<Reason> deny;
  std::optional<Limit> limit;
  std::optional<Throttle> throttle;
  std::optional<std::string> review;
  int line = 0, column = 0;  // where it stands in the file
};

// Lifts rules for named operators over some days. Only `etoc` and `contract` rules can be lifted: what
// statute or scheme demands is not the carrier's to waive. A permit is never lifted.
struct Waiver {
  std::string id;
  std::vector<std::string> operators;  // sorted
  std::vector<std::string> rules;      // ids
  Range<JstDate> dates;                // both ends given
  std::string reason, approved_by, ticket;
  int line = 0, column = 0;
  bool in_force(std::string_view operator_id, JstDate day) const;
};

// A statement that loading the policy proves.
struct Guarantee {
  enum class Kind { never_permit, never_deny, at_most };
  std::string id;
  When when;
  bool unwaived = false;  // speaks only of operators that no waiver is in force for
  Kind kind = Kind::never_permit;
  Quantity numbers = 0;       // at_most
  Unit unit = Unit::numbers;  // at_most
  Period per;                 // at_most
  int line = 0, column = 0;   // where it stands in the file
};

// A figure that stands once in the file, dated, with where it comes from.
struct NamedValue {
  std::string name, source;
  JstDate as_of;
};

struct Policy {
  std::string name;
  std::string contact;
  std::string text;    // the file
  std::string digest;  // its SHA-256, hex
  std::vector<Rule> rules;
  std::vector<Waiver> waivers;
  std::vector<Guarantee> guarantees;
  std::vector<NamedValue> values;
  int longest_days() const;    // of the rolling limits; 0: there is none
  bool counts_groups() const;  // some limit is over an owner group
  const Rule* find(std::string_view id) const;
  // The waiver that lifts a rule for an operator on a day, or null.
  const Waiver* waiver(const Rule& rule, std::string_view operator_id, JstDate day) const;
};

}  // namespace sekisho::policy
