// A journal's decisions made again, each under the policy that its record names: does the record say what
// that policy says?
//
// The policy comes out of the journal (its `policy` records carry the file), or from whoever asks, for
// journals of before. The facts, the order and what was counted before it are taken as the record states
// them; the rules, the trimming and the limits are then worked out anew, and everything that follows from
// them is compared. What no policy can answer for is told apart: a call that never came as far (nobody knew
// the caller), one that hands nothing out, and one that the gate or the ledger turned away behind the rules
// (an outage, a retry, a throttle). Of the last, the rules are made to speak again too, and must have let the
// order through. An order refused after its `forwarding` stands in the journal as two decisions, and each is
// made again.
//
// That nobody altered the record itself is `audit verify`'s to say.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cache/journal_reader.h"
#include "policy/rules.h"

namespace sekisho::cache {

enum class Undecided : std::uint8_t { policy_missing, policy_unreadable, facts_missing, counts_missing };
inline constexpr std::string_view undecided_words[] = {"policy-missing", "policy-unreadable", "facts-missing",
                                                       "counts-missing"};
constexpr auto& words_of(Undecided) { return undecided_words; }

// A member of a record and what would stand there, as words.
struct DifferingMember {
  std::string name, recorded, derived;
};

struct Difference {
  std::uint64_t seq = 0;
  std::string decision, at, operator_id, policy;
  std::vector<DifferingMember> members;
};

// A policy that decisions name.
struct PolicyInUse {
  std::string digest, name;
  std::uint64_t decisions = 0;
  std::string trouble;  // it is missing, or cannot be read; empty: none
};

struct Audited {
  std::uint64_t records = 0;    // of the journal, of any kind
  std::uint64_t decisions = 0;  // the sum of the next four
  std::uint64_t same = 0, differ = 0;
  std::map<Undecided, std::uint64_t> undecided;  // could not be made again
  // By code; also "replayed" (a stored answer) and "hands-nothing-out".
  std::map<std::string, std::uint64_t, std::less<>> not_the_policys;
  std::string from, until;                     // when the first and the last of the decisions were made
  std::vector<PolicyInUse> policies;           // in the order in which they appear
  std::vector<Difference> differences;         // the first of them
  std::vector<std::string> undecided_samples;  // decision ids

  std::uint64_t undecided_all() const;
  std::uint64_t not_the_policys_all() const;
  bool all_same() const { return differ == 0 && undecided_all() == 0; }
};

class AuditReplay {
 public:
  explicit AuditReplay(std::size_t most_differences = 20);
  ~AuditReplay();
  void know(policy::Policy policy);  // for records that name it by its digest
  // One whole record. Throws std::runtime_error when it is none.
  void read(const JournalLine& line);
  Audited result() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// All of a journal's directory. A torn last line is passed over. Throws as read_journal does, with file and
// line. `progress` is told bytes.
Audited audit_journal(const std::filesystem::path& directory, std::vector<policy::Policy> known = {},
                      std::size_t most_differences = 20, const config::Progress& progress = {});

}  // namespace sekisho::cache
