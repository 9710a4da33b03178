// Keeping the epoch: a gateway learns here whether the ledger is the one it counted in, tells it what it has
// forgotten, and only then admits orders. Lives on one thread.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "cache/books.h"
#include "cache/epochs.h"
#include "cache/ledger_records.h"

namespace sekisho::cache {

class Recovery {
 public:
  // What outlives this process, beside the journal: the highest epoch and every gateway ever seen.
  struct Memory {
    std::uint64_t epoch = 0;
    std::vector<std::string> peers;
  };
  struct Ports {
    Epochs& epochs;
    Ledger& ledger;
    JournalPort& journal;
    Books& books;
    // Every record from this seq on, as far as they are on disk. Throws when it cannot be read.
    std::function<Task<JournaledOrders>(std::uint64_t from)> read;
    std::function<void(const Memory&)> keep;
    std::function<void(const std::string& text)> tell;  // a line for the log
  };

  Recovery(Ports ports, Memory memory) : ports_(std::move(ports)), memory_(std::move(memory)) {}

  // One turn: asks on what we stand; where something is missing, tells it; opens the books when all have.
  Task<> beat();
  // A hold that an earlier boot sent just before it died may arrive late: looks once more for such.
  Task<> look_again();
  // The end of this gateway, after its last order.
  Task<> leave();

  std::uint64_t epoch() const { return view_.epoch; }
  bool has_told() const { return settled_; }  // once, since it began
  // Why nothing is admitted, as sentences; empty: it is.
  std::vector<std::string> obstacles() const;
  std::uint64_t restored() const { return restored_; }  // orders that the ledger had lost

 private:
  Task<bool> turn();  // whether it is worth another one at once
  Task<bool> tell_all();
  Task<bool> begin_telling();
  Task<bool> tell_the_rest();
  Task<bool> settle_orphans(std::uint64_t told_into);
  Task<bool> settle_from(const std::vector<Telling>& tellings, std::size_t& next);
  Task<bool> settle(const Telling& telling);
  Task<bool> release(const ReleaseRequest& request);
  std::uint64_t position() const;
  std::string me() const;  // "gw-…/3"
  void remember();

  Ports ports_;
  Memory memory_;
  EpochView view_;
  std::uint64_t told_ = 0;      // the epoch into which all is told
  std::uint64_t released_ = 0;  // and all that was given back
  // What is told into the epoch `telling_`, and how much of it has been: where Redis is slow it goes on from
  // there, for who began anew each time would never end.
  std::uint64_t telling_ = 0;
  std::vector<Telling> tellings_, contested_;
  std::vector<ReleaseRequest> releases_;
  std::size_t next_ = 0, next_contested_ = 0, next_release_ = 0;
  std::uint64_t restored_before_ = 0;
  std::set<std::string> forwarded_;  // orders that may have been sent
  std::string trouble_;              // why it could not be told
  std::uint64_t restored_ = 0;
  bool busy_ = false, settled_ = false;
};

}  // namespace sekisho::cache
