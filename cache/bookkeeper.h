// The one order in which an order's steps touch the ledger and the journal, so that the count is exact
// whatever dies in between. One for each thread; the pipeline tells it what happened, and it keeps the books.
//
//   take     numbers are set aside                          the ledger knows; nobody else need
//   commit   on disk: it may be sent from now on            a crash from here on means suspense
//            and still the epoch it was taken in: whoever told this gateway's journal to a ledger that had
//            lost the hold has told this order too
//   (the carrier is asked)
//   settle   on record what the carrier did, then counted   what the ledger cannot take now waits, and is
//                                                           told by the journal after a crash
//
// Doing a settlement twice changes nothing, so nothing here needs to know whether the first try arrived.
#pragma once

#include <cstdint>
#include <deque>
#include <variant>

#include "cache/books.h"
#include "cache/ledger_records.h"

namespace sekisho::cache {

enum class Commit { go, not_on_disk, ledger_lost };

struct Unsettled {
  std::variant<SettleRequest, ReleaseRequest> what;
  std::optional<std::uint64_t> floor;  // ends this open order when done
  std::optional<std::uint64_t>
      ordinal;              // a hold in doubt that is given up: ends it, and is no news to the journal
  bool tried = false;       // an earlier try may have arrived
  std::uint64_t epoch = 0;  // in which it was first tried
};

class Bookkeeper {
 public:
  Bookkeeper(Ledger& ledger, JournalPort& journal, Books& books)
      : ledger_(ledger), journal_(journal), books_(books) {}

  // Gives the hold its place, and asks for it. A hold in doubt is given up by itself.
  Task<HoldResult> take(HoldRequest& request);
  // Whether the ledger counts all that it should: while it does not, nothing is taken by what it says.
  bool admits() const { return books_.admits(); }

  // From here on an order is open: from before its first record until it is settled.
  std::uint64_t open_order();
  void end_order(std::uint64_t floor) { books_.open_orders.end(floor); }

  Task<Commit> commit(const HoldRequest& taken, std::string forwarding, policy::Instant at);

  // Tries at once; keeps what the ledger could not take. Behind others that wait it waits its turn.
  Task<> settle(Unsettled item);
  Task<> work_off();  // tries once what waits
  std::size_t backlog() const { return waiting_.size(); }

 private:
  Task<bool> apply(Unsettled& item);
  void take_from(const SettleResult& settled, const Unsettled& by);

  Ledger& ledger_;
  JournalPort& journal_;
  Books& books_;
  std::deque<Unsettled> waiting_;
  bool working_ = false;
};

// Appends and waits until the record is on disk (true) or lost.
Task<bool> append_durably(JournalPort& journal, RecordKind kind, policy::Instant at, std::string fields);

}  // namespace sekisho::cache
