// A policy: who may be given numbers. Values only; config/policy_file.h makes them, decide.h applies them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/calendar.h"
#include "policy/reason.h"
#include "policy/registry.h"
#include "policy/types.h"

namespace sekisho::policy {

enum class Basis : std::uint8_t { statute, scheme, etoc, contract };
inline constexpr std::string_view basis_words[] = {"statute", "scheme", "etoc", "contract"};
constexpr auto& words_of(Basis) { return basis_words; }

enum class Mode : std::uint8_t { enforce, warn, observe };
inline constexpr std::string_view mode_words[] = {"enforce", "warn", "observe"};
constexpr auto& words_of(Mode) { return mode_words; }

// Inclusive; an absent end is open.
template <class T>
struct Range {
  std::optional<T> from, until;
  bool has(const T& value) const { return (!from || value >= *from) && (!until || value <= *until); }
  bool operator==(const Range&) const = default;
};

// What must hold for a rule to match: all of it. An absent condition does not ask.
struct When {
  std::optional<WordSet<EtocState>> etoc;
  std::optional<WordSet<PlanState>> plan;
  std::optional<WordSet<RefusalAction>> refusal;  // one of these stands against the operator
  std::optional<NumberTypes> number_type;
  std::optional<bool> plan_covers_type;
  std::optional<bool> forwards_calls;
  std::optional<WordSet<Operation>> operation;
  std::optional<std::vector<std::string>> carrier;
  std::optional<Range<Quantity>> quantity;
  std::optional<Range<int>> track_record_months;  // whole months since the first supply; no record at all counts as 0
  std::optional<Range<JstDate>> date;
};

// A span of time over which numbers are counted.
struct Period {
  enum class Kind : std::uint8_t { order, day, month, fiscal_year, days, held, lifetime };
  Kind kind = Kind::day;
  int days = 0;  // for Kind::days, today included
  bool operator==(const Period&) const = default;
  std::string text() const;  // "day", "30 days", "fiscal year"
  // Waiting helps: the count falls by itself.
  bool resets() const { return kind != Kind::order && kind != Kind::held && kind != Kind::lifetime; }
};

// A figure that may step over dates.
struct Step {
  Range<JstDate> dates;
  Quantity value = 0;
};

struct Limit {
  std::vector<Step> numbers;
  Period per;
  NumberTypes number_types;  // counted types; empty: all
  bool trim = false;         // "short: trim"
  std::string code;          // outward; default quota-exceeded
  std::optional<Quantity> on(JstDate day) const;  // nothing: no figure is in force that day
};

struct Throttle {
  std::int64_t requests = 0;
  std::int64_t per_ms = 1000;
  std::int64_t burst = 0;
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

// A statement that loading the policy proves.
struct Guarantee {
  enum class Kind { never_permit, never_deny, at_most };
  std::string id;
  When when;
  Kind kind = Kind::never_permit;
  Quantity numbers = 0;  // at_most
  Period per;            // at_most
  int line = 0, column = 0;  // where it stands in the file
};

struct Policy {
  std::string name;
  std::string contact;
  std::string digest;  // SHA-256 of the file, hex
  std::vector<Rule> rules;
  std::vector<Guarantee> guarantees;
  int longest_days() const;  // of the rolling limits; 0: there is none
};

}  // namespace sekisho::policy
