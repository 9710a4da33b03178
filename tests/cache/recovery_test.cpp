// What the journal knows of orders, as it is written and read again; and a gateway that keeps the epoch by
// it.
#include "cache/recovery.h"

#include <gtest/gtest.h>

#include <fstream>

#include "cache/bookkeeper.h"
#include "cache/journal.h"
#include "cache/journal_orders.h"
#include "cache/memory_ledger.h"
#include "tests/cache/real_redis.h"
#include "tests/config/written.h"
#include "tests/policy/builders.h"

namespace sekisho::cache {
namespace {

using namespace policy;
using O = Outcome::Kind;
using S = Settlement::Kind;

const Instant now = at("2026-11-24T12:00:00+09:00");
const Hold hold_d{.id = "d",
                  .quantity = 10,
                  .day = day("2026-11-23"),
                  .since = at("2026-11-23T10:00:00+09:00"),
                  .carrier = "demo",
                  .gateway = "gw-1/3",
                  .ordinal = 7,
                  .key = "key"};

class Written {
 public:
  Written& forwarding() {
    return put(RecordKind::forwarding, forwarding_record({.decision = "d",
                                                          .operator_id = corporate(1),
                                                          .carrier = "demo",
                                                          .operation = Operation::allocate,
                                                          .hold = &hold_d,
                                                          .content = "content"}));
  }
  Written& outcome(const Outcome& outcome, const std::string& told_by = "d") {
    return put(RecordKind::outcome, outcome_record({.decision = told_by,
                                                    .operator_id = corporate(1),
                                                    .operation = Operation::allocate,
                                                    .outcome = outcome,
                                                    .status = 201,
                                                    .of = &hold_d}));
  }
  Written& settled(const Settlement& settlement, SettleAnswer answer = SettleAnswer::done) {
    return put(
        RecordKind::settled,
        settled_record({.operator_id = corporate(1), .hold = hold_d, .settlement = settlement, .now = now},
                       answer));
  }
  Written& put(RecordKind kind, const std::string& fields) {
    reader_.read(kind, "{" + fields + "}");
    return *this;
  }
  JournaledOrders orders() { return reader_.take(); }

 private:
  OrderReader reader_;
};

std::string told(const std::vector<Telling>& tellings) {
  std::string out;
  for (const auto& [request, on_record, contested] : tellings) {
    out += request.hold.id + " " + std::string(name(request.settlement.kind)) + " " +
           std::to_string(request.settlement.granted);
    for (const auto& number : request.settlement.numbers) out += " " + number;
    if (!request.settlement.order_id.empty()) out += " of " + request.settlement.order_id;
    if (request.answer) out += " answer " + std::to_string(request.answer->status);
    if (request.only_if_unknown) out += " if unknown";
    if (on_record) out += " on record";
    if (contested) out += " contested";
  }
  return out;
}

// what the journal says of an order | what the ledger is told
TEST(Retell, the_last_word_of_the_journal_is_told) {
  const Outcome given{.kind = O::finished, .granted = 7, .order_id = "o", .numbers = {"0312345678"}};
  const Settlement granted{.kind = S::granted, .granted = 7, .order_id = "o", .numbers = {"0312345678"}};
  const Settlement waits{.kind = S::pending, .order_id = "o"};
  const std::pair<std::string, JournaledOrders> table[] = {
      {"", Written().orders()},
      {"d suspense 0", Written().forwarding().orders()},
      {"d released 0 answer 201", Written().forwarding().outcome({.kind = O::unsent}).orders()},
      {"d suspense 0", Written().forwarding().outcome({.kind = O::unknown}).orders()},
      {"d granted 7 0312345678 of o answer 201", Written().forwarding().outcome(given).orders()},
      {"d released 0 answer 201", Written().forwarding().outcome({.kind = O::finished}).orders()},
      {"d pending 0 of o answer 201",
       Written().forwarding().outcome({.kind = O::pending, .order_id = "o"}).orders()},
      {"d suspense 0", Written().forwarding().outcome({.kind = O::pending}).orders()},
      {"d granted 7 0312345678 of o answer 201 on record",
       Written().forwarding().outcome(given).settled(granted).orders()},
      {"d granted 7 0312345678 of o answer 200 on record", Written().settled(granted).orders()},
      {"d pending 0 of o on record", Written().settled(waits).orders()},
      {"d suspense 0 on record", Written().settled({.kind = S::suspense}).orders()},
      {"d granted 7 0312345678 of o answer 201",
       Written().settled(waits).outcome(given, "status call").orders()},
      {"d granted 7 0312345678 of o answer 200 on record",
       Written().settled(granted).settled(waits).orders()},
      {"d granted 7 0312345678 of o answer 201",
       Written().forwarding().outcome(given, "status call").settled(waits).orders()},
      {"d granted 7 0312345678 of o answer 201 on record contested",
       Written().outcome(given, "status call").settled(granted, SettleAnswer::resolved_before).orders()},
      {"d granted 7 0312345678 of o answer 200 on record",
       Written().settled(granted).settled({.kind = S::released}, SettleAnswer::resolved_before).orders()},
  };
  for (const auto& [expected, orders] : table) EXPECT_EQ(told(retell(orders, "gw-1/4")), expected);
}

TEST(Retell, an_order_under_way_only_has_to_be_known) {
  EXPECT_EQ(told(retell(Written().forwarding().orders(), "gw-1/3")), "d pending 0 if unknown on record");
}

TEST(Retell, everything_that_the_ledger_needs_to_count_it_anew_comes_back) {
  const auto telling = retell(Written().forwarding().orders(), "gw-1/4").at(0).request;
  EXPECT_EQ(telling.operator_id, corporate(1));
  EXPECT_EQ(telling.hold.quantity, 10);
  EXPECT_EQ(telling.hold.day, hold_d.day);
  EXPECT_EQ(telling.hold.ordinal, 7u);
  EXPECT_EQ(telling.hold.key, "key");
  EXPECT_EQ(telling.hold.gateway, "gw-1/3");
  EXPECT_EQ(telling.content, "content");
  EXPECT_EQ(telling.now, hold_d.since);
  const auto later =
      retell(Written().settled({.kind = S::granted, .granted = 1}).orders(), "gw-1/4").at(0).request;
  EXPECT_EQ(later.now, now) << "since when the numbers are given";
}

TEST(Retell, what_was_given_back_is_told_by_its_grants) {
  const ReleaseRequest release{corporate(1), "r", {{"0312345678", "d"}, {"0312345679", ""}}, now};
  const auto outcome = outcome_record({.decision = "r",
                                       .operator_id = corporate(1),
                                       .operation = Operation::release,
                                       .outcome = {.kind = O::finished, .released = 2},
                                       .returned = &release.numbers});
  const auto open = Written().put(RecordKind::outcome, outcome).orders().releases;
  ASSERT_EQ(open.size(), 1u);
  EXPECT_EQ(open[0].numbers, release.numbers);
  const auto done =
      Written()
          .put(RecordKind::outcome, outcome)
          .put(RecordKind::settled, returned_record(release, {{"0312345678", "d"}, {"0312345679", "e"}}))
          .orders()
          .releases;
  ASSERT_EQ(done.size(), 1u);
  EXPECT_EQ(done[0].numbers, (std::vector<ReturnedNumber>{{"0312345678", "d"}, {"0312345679", "e"}}));
  EXPECT_EQ(done[0].now, now);
}

TEST(Retell, what_a_person_said_is_told_like_a_settlement) {
  const auto said = [](const char* granted) {
    return resolution_record({{"gateway", "gw-1"},
                              {"hold", "d"},
                              {"operator", corporate(1).text()},
                              {"granted", granted},
                              {"by", "tanaka"},
                              {"reason", "order list"},
                              {"since", std::to_string(to_ms(now))},
                              {"of", "suspense|10|fixed|2026-11-23|1|demo|gw-1/3|7|key|"},
                              {"number", "0312345678"},
                              {"number", "0312345679"}});
  };
  const auto heard = [&](const char* granted) {
    return told(retell(Written()
                           .forwarding()
                           .outcome({.kind = O::unknown})  // with a status, such as 500
                           .put(RecordKind::settled, said(granted))
                           .orders(),
                       "gw-1/4"));
  };
  EXPECT_EQ(heard("2"), "d granted 2 0312345678 0312345679 answer 200 on record") << "no retry orders again";
  EXPECT_EQ(heard("0"), "d released 0 0312345678 0312345679 on record") << "a retry goes again";
}

// ---- a gateway and its ledger

struct RecoveryTest : testing::Test {
  RecoveryTest() { begin(); }

  // The gateway starts (again) on the same journal.
  void begin() {
    recovery.reset();
    books.reset();
    journal.reset();
    journal = Journal::open({.directory = directory});
    books = std::make_unique<Books>(journal->boot());
    keeper = std::make_unique<Bookkeeper>(ledger, *journal, *books);
    recovery = std::make_unique<Recovery>(
        Recovery::Ports{
            .epochs = epochs,
            .ledger = ledger,
            .journal = *journal,
            .books = *books,
            .read = [this](std::uint64_t from) -> Task<JournaledOrders> { return read(from); },
            .keep = [this](const Recovery::Memory& memory) { keep_epoch_memory(directory, memory); },
            .tell = {}},
        epoch_memory(directory));
  }
  Task<JournaledOrders> read(std::uint64_t from) { co_return read_orders(directory, from); }
  Task<bool> beat_once() {
    co_await recovery->beat();
    co_return books->admits();
  }
  bool beat(int times = 3) {
    bool admits = false;
    for (int i = 0; i < times; ++i) admits = wait(context, beat_once());
    return admits;
  }
  // An order up to where the gateway may die.
  enum class Step { held, forwarded, answered, settled };
  Task<HoldResult> order(std::string id, Quantity quantity, Step until) {
    HoldRequest request{
        .operator_id = corporate(1),
        .hold = {.id = id, .quantity = quantity, .day = day("2026-11-24"), .since = now, .carrier = "demo"}};
    request.charges = &charges;
    request.throttles = &throttles;
    auto result = co_await keeper->take(request);
    if (result.answer.kind != HoldAnswer::Kind::taken || until == Step::held) co_return result;
    const auto floor = keeper->open_order();
    auto record = forwarding_record(
        {.decision = id, .operator_id = corporate(1), .carrier = "demo", .hold = &request.hold});
    committed = co_await keeper->commit(request, std::move(record), now);
    if (until == Step::forwarded) co_return result;
    const Outcome outcome{
        .kind = O::finished, .granted = quantity, .order_id = "o" + id, .numbers = {"03" + id}};
    auto heard = outcome_record(
        {.decision = id, .operator_id = corporate(1), .outcome = outcome, .of = &request.hold});
    co_await append_durably(*journal, RecordKind::outcome, now, std::move(heard));
    if (until == Step::answered) co_return result;
    SettleRequest settle{
        .operator_id = corporate(1), .hold = request.hold, .settlement = policy::settle(outcome), .now = now};
    Unsettled item{.what = std::move(settle), .floor = floor};
    co_await keeper->settle(std::move(item));
    co_return result;
  }
  HoldAnswer::Kind place(const std::string& id, Quantity quantity, Step until = Step::settled) {
    return wait(context, order(id, quantity, until)).answer.kind;
  }
  std::string counted() {
    const auto usage = ledger_usage();
    return std::to_string(usage.granted()) + "+" + std::to_string(usage.held()) + "+" +
           std::to_string(usage.suspense());
  }
  Usage ledger_usage() { return store.accounts[corporate(1)].usage; }

  config::Folder folder;
  const std::filesystem::path directory = folder.path() / "journal";
  asio::io_context context{1};
  MemoryStore store;
  MemoryLedger ledger{store};
  MemoryEpochs epochs{store};
  std::vector<Charge> charges;
  std::vector<const Rule*> throttles;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<Books> books;
  std::unique_ptr<Bookkeeper> keeper;
  std::unique_ptr<Recovery> recovery;
  Commit committed{};
};

TEST_F(RecoveryTest, nothing_is_admitted_before_the_ledger_is_known) {
  EXPECT_EQ(place("a", 5), HoldAnswer::Kind::unavailable);
  EXPECT_FALSE(recovery->obstacles().empty());
  EXPECT_TRUE(beat());
  EXPECT_TRUE(recovery->obstacles().empty());
  EXPECT_EQ(place("a", 5), HoldAnswer::Kind::taken);
  EXPECT_EQ(counted(), "5+0+0");
}

TEST_F(RecoveryTest, a_ledger_that_forgot_everything_is_told_everything) {
  beat();
  place("a", 5);
  place("b", 7);
  place("c", 2, Step::forwarded);
  const auto before = ledger_usage();
  store = {};
  EXPECT_EQ(place("d", 1), HoldAnswer::Kind::unavailable);
  EXPECT_FALSE(books->admits());
  EXPECT_TRUE(beat());
  EXPECT_EQ(counted(), "12+2+0");
  EXPECT_EQ(ledger_usage().buckets, before.buckets);
  EXPECT_EQ(recovery->restored(), 3u);
  EXPECT_EQ(store.accounts[corporate(1)].numbers.count("03a"), 1u);
}

TEST_F(RecoveryTest, a_ledger_that_went_back_is_told_what_is_missing_and_nothing_twice) {
  beat();
  place("a", 5);
  beat();
  const auto dump = store;
  place("b", 7);
  place("c", 3, Step::forwarded);
  beat();
  store = dump;
  ledger.process = epochs.process = "another process";
  EXPECT_EQ(place("d", 1), HoldAnswer::Kind::unavailable);
  EXPECT_TRUE(beat());
  EXPECT_EQ(counted(), "12+3+0");
  EXPECT_EQ(recovery->restored(), 2u);
}

TEST_F(RecoveryTest, an_order_that_was_held_in_an_epoch_that_is_over_is_not_sent) {
  beat();
  charges.clear();
  HoldRequest request{.operator_id = corporate(1),
                      .hold = {.id = "a", .quantity = 1, .day = day("2026-11-24")}};
  request.charges = &charges;
  request.throttles = &throttles;
  EXPECT_EQ(wait(context, keeper->take(request)).answer.kind, HoldAnswer::Kind::taken);
  books->close();
  EXPECT_EQ(wait(context, keeper->commit(request, "", now)), Commit::ledger_lost);
}

// where the gateway died | what is counted after the next start
TEST_F(RecoveryTest, what_an_earlier_boot_had_in_hand_is_settled) {
  beat();
  place("a", 1, Step::held);
  place("b", 2, Step::forwarded);
  place("c", 4, Step::answered);
  place("d", 8, Step::settled);
  EXPECT_EQ(counted(), "8+7+0");
  begin();
  EXPECT_TRUE(beat());
  EXPECT_EQ(counted(), "12+0+2");
}

TEST_F(RecoveryTest, a_hold_that_arrives_after_its_gateway_died_is_released) {
  beat();
  place("a", 1, Step::held);
  const auto late = store.accounts[corporate(1)];
  store.accounts.clear();
  begin();
  EXPECT_TRUE(beat());
  store.accounts[corporate(1)] = late;
  const auto look = [this]() -> Task<bool> {
    co_await recovery->look_again();
    co_return true;
  };
  wait(context, look());
  EXPECT_EQ(counted(), "0+0+0");
}

TEST_F(RecoveryTest, a_journal_without_its_first_records_cannot_tell_and_says_so) {
  beat();
  place("a", 5);
  begin();
  journal.reset();
  // The first segment is in the archive.
  std::ofstream(directory / "00000001.ndjson")
      << R"({"seq":40,"at":"x","kind":"policy","mac":")" << std::string(64, '0') << "\"}\n";
  EXPECT_THROW(read_orders(directory, 0), std::runtime_error);
}

TEST_F(RecoveryTest, epochs_and_peers_outlive_the_process) {
  beat();
  epochs.do_beat({.gateway = "gw-other", .epoch = store.epoch, .has_past = true});
  epochs.do_told("gw-other", store.epoch);
  EXPECT_TRUE(beat());
  EXPECT_EQ(epoch_number(epoch_memory(directory).epoch), 2u);
  store = {};
  begin();
  EXPECT_FALSE(beat()) << "the other one is not here";
  ASSERT_EQ(recovery->obstacles().size(), 1u);
  EXPECT_NE(recovery->obstacles()[0].find("gw-other"), std::string::npos);
  epochs.do_told("gw-other", store.epoch);
  EXPECT_TRUE(beat());
  EXPECT_EQ(epoch_number(store.epoch), 3u);
}

}  // namespace
}  // namespace sekisho::cache
