// The life of one order: with the model of the ledger, a real journal, and a carrier that does as it is told.
#include "gateway/pipeline.h"
#include "gateway/settlements.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <boost/asio/post.hpp>
#include <boost/json.hpp>

#include "cache/clock.h"
#include "cache/journal_reader.h"
#include "cache/memory_ledger.h"
#include "cache/memory_order_memory.h"
#include "cache/registry_follower.h"
#include "config/installation.h"
#include "tests/cache/real_redis.h"
#include "tests/config/written.h"
#include "tests/gateway/scripted_carrier.h"
#include "tests/policy/builders.h"

namespace sekisho::gateway {
namespace {

using namespace std::chrono_literals;
using namespace policy;
using Act = ScriptedCarrier::Act;

// A gate on the sample installation, whose carrier is the scripted one.
struct PipelineTest : testing::Test {
  PipelineTest() {
    auto site = std::make_shared<config::Installation>(**config::load_installation(settings).value);
    site->carriers[0].endpoints = {carrier.endpoint()};
    site->carriers[0].response_timeout = 2s;
    desk.site = site;
    const auto pool = std::make_shared<CarrierPool>(context.get_executor(), dog,
                                                    std::shared_ptr<const Carrier>(site, &site->carriers[0]));
    desk.pool_of = [pool](const Exchange&) { return pool; };
    publish(certified());
    dog.start();
    cache::MemoryEpochs epochs(store);
    epochs.do_beat({.gateway = journal->gateway_id()});
    epochs.do_told(journal->gateway_id(), store.epoch);
    shared_books.stand_on({store.epoch, 0});
    settlements.start();
  }
  ~PipelineTest() override {
    settlements.stop();
    dog.stop();
    desk.pool_of = {};
    cache::run_for(context, 50ms);
  }

  static OperatorRecord certified() {
    auto record = certified_operator();
    record.etoc.valid_until = JstDate::of(now()).plus(200);
    return record;
  }
  static Instant now() {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }
  void publish(OperatorRecord record) {
    std::array<SourceStatus, 4> sources{};
    for (auto& source : sources) source.verified_at = now();
    desk.registry = Registry().with({PackedRecord::of(record)}, desk.registry->serial() + 1, sources);
    known.heard_of({}, sources, cache::boot_ms(), now());
  }

  http::Request request(std::string method, std::string target, std::string body = "") {
    http::Request made;
    made.method = std::move(method);
    made.target = std::move(target);
    made.headers.add("X-Api-Key", "key-aozora");
    if (!body.empty()) made.headers.add("Content-Type", "application/json");
    made.body = std::move(body);
    return made;
  }
  http::Request order(int quantity, const std::string& key = "", const std::string& more = "") {
    auto made =
        request("POST", "/v1/number-orders",
                "{\"quantity\": " + std::to_string(quantity) + ", \"numberType\": \"FIXED\"" + more + "}");
    if (!key.empty()) made.headers.add("Idempotency-Key", key);
    return made;
  }
  http::Response handle(http::Request given) {
    return cache::wait(context, pipeline.handle(std::move(given), peer, nullptr)).response;
  }
  static std::string code_of(const http::Response& response) {
    const auto body = boost::json::parse(response.body);
    return std::string(body.at("code").as_string());
  }
  Usage usage() { return cache::wait(context, ledger.usage(corporate(999900000001))).value(); }

  // "decision forwarding outcome settled": the kinds of record of one decision.
  std::string journaled(const std::string& decision) {
    std::string kinds;
    for (int tries = 0; tries < 5000 && journal->counters().lag_records > 0; ++tries) ::usleep(2000);
    cache::read_journal(folder.path() / "journal", 0, [&](const cache::JournalLine& line) {
      if (line.json.find(decision) != line.json.npos)
        kinds += (kinds.empty() ? "" : " ") + std::string(name(line.kind));
      return true;
    });
    return kinds;
  }
  static std::string id_of(const http::Response& response) {
    return std::string(response.headers.find("Sekisho-Decision").value_or("none"));
  }

  config::Folder folder;
  config::Settings settings = *config::load_settings(config::contract / "sekisho.yaml").value;
  asio::io_context context{1};
  Watchdog dog{context.get_executor()};
  ScriptedCarrier carrier;
  cache::MemoryStore store;
  cache::MemoryLedger ledger{store};
  std::unique_ptr<cache::Journal> journal = cache::Journal::open({.directory = folder.path() / "journal"});
  cache::Books shared_books{journal->boot()};
  cache::Bookkeeper books{ledger, *journal, shared_books};
  cache::MemoryOrderMemory memory;
  AllCallers all_callers;
  cache::MemoryNonces everywhere;
  Callers callers{.all = all_callers, .everywhere = everywhere};
  Peer peer{.address = asio::ip::make_address("192.0.2.7")};
  Settlements settlements{context.get_executor(), books};
  KnownSince known{.in_step = cache::boot_ms()};
  Dates dates;
  Desk desk{.settings = settings,
            .ledger = ledger,
            .journal = *journal,
            .books = books,
            .memory = memory,
            .callers = callers,
            .known = known,
            .dates = dates,
            .executor = context.get_executor()};
  Pipeline pipeline{desk};
};

const std::string two_numbers = "{\"orderId\":\"o-1\",\"numbers\":[\"0312345671\",\"0312345672\"]}";

// what the carrier does | the answer | granted, held, suspense afterwards | what the journal has
TEST_F(PipelineTest, every_path_of_an_order_ends_settled) {
  struct {
    Act act;
    int status;
    Quantity granted, held, suspense;
    const char* journal;
  } const table[] = {
      {{.bytes = answer_of(201, two_numbers)}, 201, 2, 0, 0, "decision forwarding outcome settled"},
      {{.bytes = answer_of(404, "{}")}, 404, 0, 0, 0, "decision forwarding outcome settled"},
      {{.bytes = answer_of(202, "{\"orderId\":\"o-2\"}")},
       202,
       0,
       2,
       0,
       "decision forwarding outcome settled"},
      {{.bytes = answer_of(500, "{}")}, 500, 0, 0, 2, "decision forwarding outcome settled"},
      {{.bytes = answer_of(201, "{\"no\":\"numbers\"}")},
       201,
       0,
       0,
       2,
       "decision forwarding outcome settled"},
      {{Act::reset, ""}, 502, 0, 0, 2, "decision forwarding outcome settled"},
      {{Act::silence, ""}, 504, 0, 0, 2, "decision forwarding outcome settled"},
      {{Act::keep, "garbage\r\n\r\n"}, 502, 0, 0, 2, "decision forwarding outcome settled"},
  };
  Quantity granted = 0, held = 0, suspense = 0;
  for (const auto& row : table) {
    const auto sent = carrier.requests().size();
    carrier.script({row.act});
    const auto response = handle(order(2));
    EXPECT_EQ(response.status, row.status) << row.act.bytes;
    granted += row.granted, held += row.held, suspense += row.suspense;
    EXPECT_EQ(usage().granted(), granted) << row.act.bytes;
    EXPECT_EQ(usage().held(), held) << row.act.bytes;
    EXPECT_EQ(usage().suspense(), suspense) << row.act.bytes;
    EXPECT_EQ(journaled(id_of(response)), row.journal) << row.act.bytes;
    EXPECT_EQ(carrier.requests().size(), sent + 1) << "a POST is sent once";
  }
  EXPECT_EQ(shared_books.open_orders.lowest(), std::numeric_limits<std::uint64_t>::max())
      << "recovery needs nothing of these";
  carrier.stop();
  EXPECT_EQ(handle(order(2)).status, 502);
  EXPECT_EQ(usage().granted() + usage().held() + usage().suspense(), granted + held + suspense)
      << "never sent";
}

TEST_F(PipelineTest, the_carrier_hears_who_asked_and_no_secret) {
  auto given = order(1);
  given.headers.add("Sekisho-Operator", "jp:7999900000002");
  given.headers.add("Sekisho_Client", "forged");
  given.headers.add("X-Forwarded-For", "10.0.0.1");
  const auto response = handle(std::move(given));
  const auto sent = carrier.requests().at(0);
  EXPECT_NE(sent.find("Sekisho-Operator: jp:8999900000001\r\n"), sent.npos) << sent;
  EXPECT_NE(sent.find("Sekisho-Client: aozora\r\n"), sent.npos);
  EXPECT_NE(sent.find("Sekisho-Decision: " + id_of(response) + "\r\n"), sent.npos);
  EXPECT_NE(sent.find("traceparent: 00-"), sent.npos);
  for (const auto* secret : {"key-aozora", "jp:7999900000002", "forged", "10.0.0.1"})
    EXPECT_EQ(sent.find(secret), sent.npos) << secret;
}

TEST_F(PipelineTest, a_refused_order_takes_nothing_and_reaches_nobody) {
  auto stranger = order(1), known = order(1);
  stranger.headers.set("X-Api-Key", "key-nobody");
  auto uncertified = certified();
  uncertified.plan.state = PlanState::none;
  publish(uncertified);
  const std::pair<http::Request, const char*> table[] = {
      {stranger, "unauthenticated"},
      {known, "plan-missing"},
      {request("POST", "/v1/elsewhere"), "route-not-governed"},
      {request("POST", "/v1/number-orders", "{\"quantity\": 1, \"quantity\": 2, \"numberType\": \"FIXED\"}"),
       "unreadable-order"},
  };
  for (const auto& [given, code] : table) {
    const auto response = handle(given);
    EXPECT_EQ(code_of(response), code);
    EXPECT_EQ(journaled(id_of(response)), "decision") << code;
  }
  EXPECT_TRUE(carrier.requests().empty());
  EXPECT_TRUE(usage().holds.empty());
}

TEST_F(PipelineTest, an_operator_revoked_while_its_order_waited_is_refused_and_its_hold_released) {
  std::optional<http::Response> response;
  asio::co_spawn(context, pipeline.handle(order(5), peer, nullptr),
                 [&](std::exception_ptr, Answer given) { response = std::move(given.response); });
  asio::post(context, [&] {  // runs while the order waits for the disk
    auto revoked = certified();
    revoked.act = RevocationAct{.revoked = true, .at = now()};
    publish(revoked);
  });
  ASSERT_TRUE(cache::run_until(context, [&] { return response.has_value(); }));
  EXPECT_EQ(response->status, 403);
  EXPECT_EQ(code_of(*response), "etoc-revoked");
  EXPECT_TRUE(carrier.requests().empty());
  EXPECT_EQ(usage().granted() + usage().held() + usage().suspense(), 0);
  EXPECT_EQ(journaled(id_of(*response)), "decision forwarding decision outcome settled");
}

TEST_F(PipelineTest, a_retry_gets_the_stored_answer_and_never_a_second_order) {
  carrier.script({{.bytes = answer_of(201, two_numbers)}});
  const auto first = handle(order(2, "key-1"));
  const auto again = handle(order(2, "key-1"));
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.body, two_numbers);
  EXPECT_EQ(again.headers.find("Idempotency-Replayed"), "true");
  EXPECT_EQ(id_of(again), id_of(first));
  EXPECT_EQ(code_of(handle(order(3, "key-1"))), "idempotency-mismatch");
  carrier.script({{Act::reset, ""}});
  handle(order(1, "key-2"));
  EXPECT_EQ(code_of(handle(order(1, "key-2"))), "outcome-unknown");
  EXPECT_EQ(carrier.requests().size(), 2u);
}

TEST_F(PipelineTest, a_trimmed_order_is_rewritten_in_its_quantity_alone) {
  carrier.script({{.bytes = answer_of(404, "{}")}});
  handle(order(1200, "", ", \"allowPartial\": true"));
  const auto sent = carrier.requests().at(0);
  EXPECT_TRUE(sent.ends_with("{\"quantity\": 1000, \"numberType\": \"FIXED\", \"allowPartial\": true}"))
      << sent;
  EXPECT_EQ(code_of(handle(order(1200))), "quota-exceeded");
}

TEST_F(PipelineTest, numbers_come_back_and_only_from_their_holder) {
  carrier.script({{.bytes = answer_of(201, two_numbers)}});
  handle(order(2));
  EXPECT_EQ(handle(request("DELETE", "/v1/numbers/0312345671")).status, 200);
  EXPECT_EQ(usage().granted(), 1);
  auto other = request("DELETE", "/v1/numbers/0312345672");
  other.headers.set("X-Api-Key", "key-kaze");
  EXPECT_EQ(code_of(handle(other)), "not-yours");
  EXPECT_EQ(handle(request("DELETE", "/v1/numbers/0399999999")).status, 200)
      << "one that the ledger does not know";
  EXPECT_EQ(usage().granted(), 1);
}

TEST_F(PipelineTest, a_later_status_call_settles_a_pending_order) {
  carrier.script({{.bytes = answer_of(202, "{\"orderId\":\"o-9\"}")},
                  {.bytes = answer_of(200, "{\"state\":\"pending\"}")},
                  {.bytes = answer_of(404, "{}")},
                  {.bytes = answer_of(200, "{\"state\":\"partial\",\"numbers\":[\"0312345679\"]}")}});
  handle(order(5, "key-9"));
  for (int call = 0; call < 2; ++call) {
    handle(request("GET", "/v1/number-orders/o-9"));
    EXPECT_EQ(usage().held(), 5) << "nothing was learned";
  }
  handle(request("GET", "/v1/number-orders/o-9"));
  EXPECT_EQ(usage().held(), 0);
  EXPECT_EQ(usage().granted(), 1);
}

TEST_F(PipelineTest, what_cannot_be_decided_is_503_and_what_gives_back_goes_on) {
  known.in_step = 0;
  EXPECT_EQ(code_of(handle(order(1))), "registry-stale");
  EXPECT_EQ(handle(request("DELETE", "/v1/numbers/0312345671")).status, 200);
  known.in_step = cache::boot_ms();
  shared_books.close();
  EXPECT_EQ(code_of(handle(order(1))), "ledger-unavailable");
  shared_books.stand_on({store.epoch, 0});
  EXPECT_EQ(handle(order(1)).status, 200);
}

TEST_F(PipelineTest, without_the_journal_nothing_is_allocated_and_releases_go_on) {
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit limit;
  ::getrlimit(RLIMIT_FSIZE, &limit);
  const auto was = limit.rlim_cur;
  limit.rlim_cur =
      std::filesystem::file_size(folder.path() / "journal" / "00000001.ndjson");  // the disk is full
  ::setrlimit(RLIMIT_FSIZE, &limit);
  const auto first = handle(order(3)), second = handle(order(3));
  const auto release = handle(request("DELETE", "/v1/numbers/0312345671"));
  limit.rlim_cur = was;
  ::setrlimit(RLIMIT_FSIZE, &limit);
  EXPECT_EQ(code_of(first), "journal-unavailable") << "it was held when the disk failed";
  EXPECT_EQ(code_of(second), "journal-unavailable") << "known by then";
  EXPECT_EQ(release.status, 200);
  EXPECT_EQ(usage().granted() + usage().held() + usage().suspense(), 0) << "the hold was released";
  EXPECT_EQ(carrier.requests().size(), 1u) << "the release";
  for (int tries = 0; tries < 200 && !journal->writable(); ++tries) ::usleep(10'000);
  EXPECT_EQ(handle(order(3)).status, 200) << "and it recovers by itself";
}

}  // namespace
}  // namespace sekisho::gateway
