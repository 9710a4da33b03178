// What the journal says of an order's way through the ledger: how it is written, and how it is read again.
// Pure.
//
// A record that changes a count carries the whole hold ("of"), so that the count can be made anew from any
// place of the journal on, and by a gateway that did not take the hold.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cache/epochs.h"
#include "cache/journal_port.h"
#include "cache/ledger.h"

namespace sekisho::cache {

// Numbers that the carrier took back.
struct ReleaseRequest {
  policy::OperatorId operator_id;
  std::string decision;  // of the call that gave them back
  std::vector<ReturnedNumber> numbers;
  policy::Instant now{};
};

// What a record is made of at once: nothing in a note is its own.
struct ForwardingNote {
  std::string_view decision;
  const policy::OperatorId& operator_id;
  std::string_view carrier;
  policy::Operation operation{};
  const policy::Hold* hold = nullptr;
  const policy::Hold* confirmed = nullptr;  // the reservation whose place it took
  std::string_view content;                 // of the idempotency key
};

struct OutcomeNote {
  std::string_view decision;  // of the call that told it
  const policy::OperatorId& operator_id;
  policy::Operation operation{};
  const policy::Outcome& outcome;
  std::optional<int> status;                              // of the carrier's answer
  policy::Instant heard{};                                // when; since then its numbers are given
  const std::vector<ReturnedNumber>* returned = nullptr;  // of a release
  const policy::Hold* of = nullptr;  // the hold that it is about: its own, or that of an earlier order
};

std::string forwarding_record(const ForwardingNote& note);
std::string outcome_record(const OutcomeNote& note);
std::string settled_record(const SettleRequest& request, SettleAnswer answer);
std::string returned_record(const ReleaseRequest& request, const std::vector<ReturnedNumber>& released);
// What a person said of an order in suspense: the fields of the stream entry (`ledger resolve`).
std::string resolution_record(const std::vector<std::pair<std::string, std::string>>& said);
std::string epoch_record(const EpochView& view);

// ---- reading

struct JournaledOrder {
  policy::OperatorId operator_id;
  policy::Hold hold;
  std::string content;
  std::optional<policy::Settlement> becomes;  // the last word on it; nothing: sent, and nothing heard
  std::optional<int> status;                  // that the carrier answered with
  policy::Instant at{};                       // of the last word
  bool settled = false;                       // the ledger has taken the last word
  bool contested = false;  // but had it resolved before: by somebody else, as far as is known
};

struct JournaledOrders {
  std::vector<JournaledOrder> orders;    // in the order in which they are first mentioned
  std::vector<ReleaseRequest> releases;  // in order
};

class OrderReader {
 public:
  void read(RecordKind kind, std::string_view json);
  JournaledOrders take();

 private:
  JournaledOrder* order_of(const std::string& id, const policy::OperatorId& who, std::string_view record);
  JournaledOrders found_;
  std::map<std::string, std::size_t> index_;                               // hold id -> in `orders`
  std::map<std::pair<std::string, std::string>, std::size_t> release_of_;  // decision, operator
};

// What must be told to a ledger that may not know it. `gateway` is "gw-…/3", this gateway in its present
// boot: an order of that boot about which nothing was heard is under way, and only has to be known at all.
struct Telling {
  SettleRequest request;
  bool on_record = false;  // its settlement is in the journal already
  bool contested = false;  // told after everybody's own words: it counts where nobody else had one
};
std::vector<Telling> retell(const JournaledOrders& journaled, const std::string& gateway);

}  // namespace sekisho::cache
