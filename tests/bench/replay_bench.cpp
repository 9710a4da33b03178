// How long a million journaled decisions take to be decided again. Writes a journal of the size that a busy
// year leaves: a decision, a forwarding, an outcome and a settlement for each order, a thousand operators.
//
//   replay_bench [DECISIONS]     prints records, bytes, seconds
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "cache/replay.h"
#include "tests/bench/big_policy.h"

namespace {

using namespace sekisho;

// Records as gateway/records.cpp writes them.
void write_order(std::FILE* out, std::uint64_t& seq, int order) {
  const auto at = policy::iso_jst(policy::from_ms(1'790'000'000'000 + std::int64_t{order} * 80));
  const auto id = fmt::format("01K{:023}", order);
  const auto who = fmt::format("us:operator-{}", order % 1000);
  const auto day = at.substr(0, 10);
  const int quantity = 1 + order % 20;
  const std::string mac = ",\"mac\":\"" + std::string(64, 'a') + "\"}\n";
  fmt::print(
      out,
      R"({{"seq":{},"at":"{}","kind":"decision","decision":"{}","trace":"00-4bf92f3577b34da6a3ce929d0e0e4736-)"
      R"(00f067aa0ba902b7-01","client":"client-{}","operator":"{}","carrier":"carrier-{}","operation":"allocate",)"
      R"("order":{{"number_type":"fixed","quantity":{},"area":"area-{}"}},"policy":"{}","registry":17,)"
      R"("facts":{{"etoc":"certified","plan":"certified","plan_types":"fixed ip_050","track_record":"{}",)"
      R"("country":"us","owner_group":"group-{}","date":"{}"}},"matched":[{{"rule":"certified","mode":"enforce"}}],)"
      R"("charges":[{{"rule":"certified","limit":1000,"before":{},"taken":{},"per":"day"}}],"allowed":true)",
      ++seq, at, id, order % 1000, who, order % 12, quantity, order % 40, std::string(64, 'b'),
      1 + order % 60, order % 30, day, order % 900, order % 900 + quantity);
  std::fputs(mac.c_str(), out);
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
  std::uint64_t seq = 0, bytes = 0;
  const int per_segment = 40'000;
  for (int begin = 0, segment = 1; begin < decisions; begin += per_segment, ++segment) {
    const auto file = directory / fmt::format("{:08}.ndjson", segment);
    std::FILE* out = std::fopen(file.c_str(), "wb");
    if (!out) return std::perror(file.c_str()), 1;
    for (int order = begin; order < std::min(decisions, begin + per_segment); ++order)
      write_order(out, seq, order);
    std::fclose(out);
    bytes += std::filesystem::file_size(file);
  }
  const auto policy = sekisho::policy::big_policy(200, 0);
  const sekisho::policy::Compiled compiled(policy);
  const auto began = std::chrono::steady_clock::now();
  const auto found = sekisho::cache::replay_journal(directory, compiled);
  const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  fmt::print(
      "{} records, {:.2f} GB, {} decisions under 200 rules in {:.2f} s; {} flips, {} undecidable, {} counted "
      "here\n",
      found.records, double(bytes) / 1e9, found.decisions, seconds, found.flipped(), found.undecidable,
      found.counted_here);
  std::filesystem::remove_all(directory);
  return 0;
}
