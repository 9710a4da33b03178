// A journal decided again under another policy: which past decisions would flip.
//
// Each decision about an order is rebuilt from its own record (the facts, the order) and decided by the rules
// alone; limits over a time are then held against what was counted at that moment. Where the record itself
// states the count of the same period and types, that is exact; else the orders that the journal has are
// counted, which is exact as far as the journal reaches back and as it is the only gateway's, and told. Each
// decision is judged as things were: one that flips does not change the counts of those after it. Throttles
// are not replayed. What was answered for reasons that are no policy's business (an outage, an unreadable
// order, a retry) is passed over and counted. An order that was refused after its `forwarding` stands in the
// journal as two decisions, and each is judged.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/progress.h"
#include "policy/compiled.h"
#include "policy/decide.h"

namespace sekisho::cache {

// trimmed: was given whole, and would be given fewer. reworded: refused as before, for another reason.
enum class FlipKind : std::uint8_t { to_refused, to_permitted, reworded, trimmed };
inline constexpr std::string_view flip_kind_words[] = {"to_refused", "to_permitted", "reworded", "trimmed"};
constexpr auto& words_of(FlipKind) { return flip_kind_words; }

// Decisions that changed alike.
struct FlipGroup {
  FlipKind kind{};
  std::string before, after;  // "permitted", or a code and the rule: "etoc-uncertified (uncertified-ramp)"
  std::uint64_t decisions = 0;
  policy::Quantity numbers = 0;  // as in Replayed
  std::uint64_t operators = 0;
  std::vector<std::string> samples;  // decision ids
};

struct TouchedOperator {
  std::string operator_id;
  std::uint64_t decisions = 0;
  policy::Quantity numbers = 0;
};

struct Replayed {
  std::uint64_t records = 0;                                          // of the journal, of any kind
  std::uint64_t decisions = 0;                                        // decided again
  std::uint64_t passed_over = 0;                                      // no policy's business
  std::map<std::string, std::uint64_t, std::less<>> passed_over_for;  // by code; "replayed": a stored answer
  std::uint64_t undecidable = 0;  // the record does not hold the facts, as older journals' do not
  std::vector<std::string> undecidable_samples;
  std::uint64_t counted_here =
      0;  // decisions that rest on what this journal counts, not on a count in the record
  std::uint64_t counted_short = 0;  // of those: the period begins before the journal, or has no beginning
  std::string begins;               // the journal's first record
  std::string from, until;          // when the first and the last of the decisions were made

  std::array<std::uint64_t, policy::count_of<FlipKind>()> flips{};
  // Numbers that would not have been given, that would have been, that stay refused, by which orders would be
  // trimmed.
  std::array<policy::Quantity, policy::count_of<FlipKind>()> numbers{};
  std::array<std::vector<std::string>, policy::count_of<FlipKind>()> samples;  // decision ids
  std::vector<FlipGroup> groups;                                               // the largest first
  std::uint64_t operators = 0;           // whose orders flip; a reason that is only another one is no flip
  std::vector<TouchedOperator> touched;  // of those, the most touched first; at most 1,000

  std::uint64_t of(FlipKind kind) const { return flips[static_cast<std::size_t>(kind)]; }
  policy::Quantity numbers_of(FlipKind kind) const { return numbers[static_cast<std::size_t>(kind)]; }
  // Orders that would be answered otherwise; a reason that is only another one is no flip.
  std::uint64_t flipped() const {
    return of(FlipKind::to_refused) + of(FlipKind::to_permitted) + of(FlipKind::trimmed);
  }
};

class Replay {
 public:
  explicit Replay(const policy::Compiled& policy);  // must outlive this
  ~Replay();
  // One whole record. Throws std::runtime_error when it is none.
  void read(std::string_view record);
  // Only what was decided at or after this moment is judged; what was before is counted.
  void judge_from(policy::Instant since);
  Replayed result() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// All of a journal's directory, or what was decided since a moment: what was before is read for the counts
// alone. A torn last line is passed over. Throws as read_journal does, with file and line. `count_from`:
// segments that end before it are not read at all, for a budget that looks at a day of a long journal; the
// journal then begins there. `progress` is told bytes.
Replayed replay_journal(const std::filesystem::path& directory, const policy::Compiled& policy,
                        std::optional<policy::Instant> since = {},
                        std::optional<policy::Instant> count_from = {},
                        const config::Progress& progress = {});

}  // namespace sekisho::cache
