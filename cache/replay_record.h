// A journal's records as values, as far as deciding again needs them (docs/reference/journal.md). Fast: one
// pass over the bytes, nothing allocated for a record once the buffers have grown.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "cache/journal.h"
#include "policy/facts.h"

namespace sekisho::cache {

// What a record says was counted before its order, for one period and some number types.
struct StatedCount {
  std::string_view rule;
  std::string_view per;       // Period::text()
  policy::NumberTypes types;  // empty: all
  bool of_group = false;      // of the whole owner group
  policy::Quantity before = 0;
};

// An entry of one of the lists below: a rule, a word about it, its figure; each where there is one.
struct Stated {
  std::string_view rule, word;
  policy::Quantity figure = 0;
  bool operator==(const Stated&) const = default;
};

// What was answered to an order, and by which rules.
struct Answer {
  bool allowed = false;
  std::string_view code;         // refused
  std::int64_t status = 0;       // refused
  policy::Quantity taken = 0;    // allowed: what was set aside; fewer than were asked for when trimmed
  std::vector<Stated> findings;  // refused: rule (empty: no rule's doing) and code, as it is told outward
  std::vector<Stated> matched;   // rule and mode
  std::vector<Stated> charges;   // rule and limit
  std::vector<Stated> limits;    // that bound: rule and limit
  std::vector<Stated> waived;    // rule
  std::vector<Stated> reviews;   // word
  void clear();                  // the lists keep their memory
  bool operator==(const Answer&) const = default;
};

// A decision about an order that hands numbers out.
struct DecisionRecord {
  std::string_view at, id, operator_id;
  std::string_view policy;  // digest
  bool replayed = false, stale = false, partial = false;
  Answer answer;
  policy::Facts facts;
  bool has_facts = false;  // all of them; older journals do not have them
  std::vector<StatedCount> counts;
};

struct ForwardingRecord {
  std::string_view id, operator_id;
  policy::Quantity held = 0;
  std::optional<policy::NumberType> number_type;
  std::optional<policy::JstDate> day;
};

struct SettledRecord {
  std::string_view id, operator_id, result;
  policy::Quantity granted = 0, released = 0;
  bool not_open = false;  // the hold had been resolved before: nothing changed
  std::vector<std::string_view> numbers;
};

struct PolicyRecord {
  std::string_view policy, text;  // digest, and the file; older journals do not have it
};

class RecordReader {
 public:
  RecordReader();
  ~RecordReader();

  // What the line is. Of a decision, a forwarding, a settlement and a policy the members below are then
  // filled; of a decision about something that hands nothing out only its answer (`decision.id` is empty).
  // They hold until the next call. Throws std::runtime_error when the line is not a record.
  RecordKind read(std::string_view line);
  DecisionRecord decision;
  ForwardingRecord forwarding;
  SettledRecord settled;
  PolicyRecord policy;

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace sekisho::cache
