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
  std::string_view per;       // Period::text()
  policy::NumberTypes types;  // empty: all
  policy::Quantity before = 0;
};

// A decision about an order that hands numbers out.
struct DecisionRecord {
  std::string_view at, id, operator_id;
  bool allowed = false, replayed = false, stale = false, partial = false;
  std::string_view code;        // refused: of the record
  std::string_view first_code;  // refused: of the first finding, as it is told outward
  std::string_view first_rule;  // refused: the rule of the first finding; empty: it was no rule's doing
  policy::Quantity taken = 0;   // allowed: what was set aside; fewer than were asked for when trimmed
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

class RecordReader {
 public:
  RecordReader();
  ~RecordReader();

  // What the line is. Of a decision about an order that hands out, a forwarding and a settlement the members
  // below are then filled; of other decisions nothing is (`decision.id` is empty). They hold until the next
  // call. Throws std::runtime_error when the line is not a record.
  RecordKind read(std::string_view line);
  DecisionRecord decision;
  ForwardingRecord forwarding;
  SettledRecord settled;

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace sekisho::cache
