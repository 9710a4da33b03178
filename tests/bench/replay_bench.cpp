// How long a million journaled decisions take to be decided again: under another policy (`policy replay`),
// and under the one that decided them (`audit replay`). Writes a journal of the size that a busy year leaves:
// a decision, a forwarding, an outcome and a settlement for each order, a thousand operators, 200 rules.
//
//   replay_bench [DECISIONS]     prints records, bytes, seconds
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "cache/audit_replay.h"
#include "cache/replay.h"
#include "gateway/records.h"
#include "tests/bench/big_policy.h"

namespace {

using namespace sekisho;

// The gate as far as a decision record needs it.
struct Gate {
  Gate() : site(std::make_shared<config::Installation>()) {
    site->policy = policy::big_policy(200, 0);
    site->policy.digest = std::string(64, 'b');
    site->rules = policy::Compiled(site->policy);
    for (int i = 0; i < 1000; ++i) {
      auto& record = operators.emplace_back(policy::certified_operator());
      record.id = *policy::OperatorId::parse(fmt::format("us:operator-{}", i));
      record.country = "us";
      record.owner_group = fmt::format("group-{}", i % 30);
      record.track_record.first_supply = policy::day("2026-09-01").plus_months(-(i % 60));
      if (i % 10 == 0) record.etoc.state = policy::EtocState::revoked;
    }
  }

  // Decided and put into words by the code that does it in the gateway. True: allowed.
  bool decide(int number, policy::Instant at, const std::string& id, int quantity, std::string& record) {
    const auto& who = operators[static_cast<std::size_t>(number % 1000)];
    client.id = fmt::format("client-{}", number % 1000);
    client.operator_id = who.id;
    carrier.name = fmt::format("carrier-{}", number % 12);
    gateway::Exchange x;
    x.site = site;
    x.id = id;
    x.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    x.client = &client;
    x.account = who.id;
    x.match = policy::RouteMatch{&carrier, &route, {}};
    policy::Order order{.operation = policy::Operation::allocate,
                        .carrier = carrier.name,
                        .number_type = policy::NumberType::fixed,
                        .quantity = quantity,
                        .area = fmt::format("area-{}", number % 40)};
    x.standing = policy::stand(&who, who.id, order.number_type, policy::JstDate::of(at), 17, {});
    x.decision = policy::apply_rules(site->rules, policy::facts_of(order, x.standing));
    if (x.decision.allowed) {
      const std::vector<policy::Quantity> before(x.decision.charges.size(), number % 90);
      const auto answer = policy::hold_against(x.decision.charges, before, quantity, false);
      x.decision = policy::with_hold(std::move(x.decision), answer, x.standing.today);
      if (x.decision.allowed) x.hold = policy::Hold{.id = id, .quantity = quantity};
    }
    x.read = std::move(order);
    record = gateway::decision_record(x);
    return x.decision.allowed;
  }

  std::shared_ptr<config::Installation> site;
  std::vector<policy::OperatorRecord> operators;
  config::Client client;
  policy::Carrier carrier;
  policy::Route route{.method = "POST", .operation = policy::Operation::allocate};
};

// The records of one order, as the gateway writes them.
void write_order(Gate& gate, std::FILE* out, std::uint64_t& seq, int order) {
  const auto moment = policy::from_ms(1'790'000'000'000 + std::int64_t{order} * 80);
  const auto at = policy::iso_jst(moment);
  const auto id = fmt::format("01K{:023}", order);
  const auto who = fmt::format("us:operator-{}", order % 1000);
  const auto day = at.substr(0, 10);
  const int quantity = 1 + order % 20;
  const std::string mac = ",\"mac\":\"" + std::string(64, 'a') + "\"}\n";
  std::string record;
  const bool allowed = gate.decide(order, moment, id, quantity, record);
  fmt::print(out, R"({{"seq":{},"at":"{}","kind":"decision",{})", ++seq, at, record);
  std::fputs(mac.c_str(), out);
  if (!allowed) return;
  fmt::print(
      out,
      R"({{"seq":{},"at":"{}","kind":"forwarding","decision":"{}","operator":"{}","carrier":"carrier-{}",)"
      R"("operation":"allocate","held":{},"number_type":"fixed","day":"{}")",
      ++seq, at, id, who, order % 12, quantity, day);
  std::fputs(mac.c_str(), out);
  std::string numbers;
  for (int i = 0; i < quantity; ++i) numbers += fmt::format("{}\"03{:08}\"", i ? "," : "", order * 20 + i);
  fmt::print(
      out,
      R"({{"seq":{},"at":"{}","kind":"outcome","decision":"{}","operator":"{}","operation":"allocate",)"
      R"("result":"finished","status":201,"granted":{},"order_id":"o-{}","numbers":[{}])",
      ++seq, at, id, who, quantity, order, numbers);
  std::fputs(mac.c_str(), out);
  fmt::print(
      out,
      R"({{"seq":{},"at":"{}","kind":"settled","decision":"{}","operator":"{}","result":"granted","granted":{},)"
      R"("order_id":"o-{}","numbers":[{}])",
      ++seq, at, id, who, quantity, order, numbers);
  std::fputs(mac.c_str(), out);
}

}  // namespace

int main(int argc, char** argv) {
  const int decisions = argc > 1 ? std::atoi(argv[1]) : 1'000'000;
  const auto directory = std::filesystem::temp_directory_path() / "sekisho-replay-bench";
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory);
  Gate gate;
  std::uint64_t seq = 0, bytes = 0;
  const int per_segment = 40'000;
  for (int begin = 0, segment = 1; begin < decisions; begin += per_segment, ++segment) {
    const auto file = directory / fmt::format("{:08}.ndjson", segment);
    std::FILE* out = std::fopen(file.c_str(), "wb");
    if (!out) return std::perror(file.c_str()), 1;
    for (int order = begin; order < std::min(decisions, begin + per_segment); ++order)
      write_order(gate, out, seq, order);
    std::fclose(out);
    bytes += std::filesystem::file_size(file);
  }
  const auto timed = [](auto&& work) {
    const auto began = std::chrono::steady_clock::now();
    auto found = work();
    return std::pair(std::move(found),
                     std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
  };
  fmt::print("{} records, {:.2f} GB, {} decisions, 200 rules\n", seq, double(bytes) / 1e9, decisions);
  const auto [flips, flips_in] =
      timed([&] { return sekisho::cache::replay_journal(directory, gate.site->rules); });
  fmt::print("policy replay  {:.2f} s: {} flips, {} undecidable, {} counted here\n", flips_in,
             flips.flipped(), flips.undecidable, flips.counted_here);
  const auto [audited, audited_in] =
      timed([&] { return sekisho::cache::audit_journal(directory, {gate.site->policy}); });
  fmt::print("audit replay   {:.2f} s: {} same, {} differ, {} undecided\n", audited_in, audited.same,
             audited.differ, audited.undecided_all());
  std::filesystem::remove_all(directory);
  return audited.same == static_cast<std::uint64_t>(decisions) ? 0 : 1;
}
