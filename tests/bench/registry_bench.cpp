// A registry of a million operators (or as many as are asked for): what it weighs, what a lookup costs while
// changes come in, what a change costs, how long the copy on disk takes to write and to read.
#include <gperftools/malloc_extension.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <thread>

#include "cache/registry_copy.h"
#include "tests/policy/builders.h"

namespace sekisho::cache {
namespace {

using namespace policy;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point then) {
  return std::chrono::duration<double>(Clock::now() - then).count();
}

// As a list has it: names in three scripts, a certificate, a plan that somebody checked.
RecordPtr typical(std::int64_t base, EtocState state = EtocState::certified) {
  auto record = certified_operator(base);
  const auto number = std::to_string(base);
  record.names = {.ja = "株式会社通信サービス" + number,
                  .kana = "カブシキガイシャツウシンサービス" + number,
                  .en = "Telecommunication Services " + number};
  record.etoc = {state, "ETOC-2026A-" + number, day("2026-02-01"), day("2027-01-31")};
  record.plan.checked_on = day("2026-04-01");
  record.plan.checked_by = "numbers desk";
  record.version = {.serial = 1, .known_at = at("2026-11-24T12:00:00+09:00")};
  return PackedRecord::of(record);
}

// A worker looks up, and takes a new snapshot when there is one; as many as `changes_per_second` come.
double lookup_ns(std::shared_ptr<const Registry> registry, const std::vector<std::string>& ids,
                 int changes_per_second) {
  std::atomic<std::shared_ptr<const Registry>> newest{registry};
  std::atomic<bool> ended{false};
  std::atomic<int> changes{0};
  std::thread writer([&] {
    auto current = registry;
    std::mt19937_64 engine(7);
    const auto began = Clock::now();
    while (changes_per_second > 0 && !ended) {
      const auto due = int(seconds_since(began) * changes_per_second);
      for (; changes < due; ++changes) {
        current = current->with({typical(1 + std::int64_t(engine() % ids.size()), EtocState::surrendered)},
                                current->serial() + 1, {});
        newest.store(current);
      }
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  });
  // The id comes with the order and is warm; where it leads is anywhere.
  std::mt19937_64 engine(11);
  std::vector<std::array<char, 16>> order(1 << 20);
  for (auto& one : order) ids[engine() % ids.size()].copy(one.data(), one.size());
  auto mine = registry;
  std::size_t certified = 0;
  const auto began = Clock::now();
  constexpr std::size_t rounds = 4;
  for (std::size_t round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (i % 256 == 0) mine = newest.load();
      const auto* record = mine->find(std::string_view(order[i].data(), order[i].size()));
      certified += record && record->etoc_listed() == EtocState::certified;
    }
  }
  const auto took = seconds_since(began);
  ended = true;
  writer.join();
  if (certified == 0) std::abort();
  if (changes_per_second > 0) std::printf("  (%.0f changes/s came)\n", changes / took);
  return took * 1e9 / double(rounds * order.size());
}

// What the figures beside it are made of: a lookup in a million records waits for memory about twice.
double memory_ns() {
  constexpr std::size_t lines = 350 * 1024 * 1024 / 64;
  struct alignas(64) Line {
    std::uint64_t next;
  };
  std::vector<Line> all(lines);
  std::mt19937_64 engine(5);
  for (auto& line : all) line.next = engine() % lines;
  std::uint64_t at = 0;
  constexpr int reads = 1 << 20;
  const auto began = Clock::now();
  for (int i = 0; i < reads; ++i) at = (all[at].next + std::uint64_t(i)) % lines;
  const auto took = seconds_since(began);
  volatile std::uint64_t kept = at;  // else nobody would need the reads
  static_cast<void>(kept);
  return took * 1e9 / reads;
}

std::size_t allocated() {
  std::size_t bytes = 0;
  MallocExtension::instance()->GetNumericProperty("generic.current_allocated_bytes", &bytes);
  return bytes;
}

void measure(std::int64_t count) {
  std::printf("%ld operators\n", long(count));
  std::vector<std::string> ids;
  for (std::int64_t base = 1; base <= count; ++base) ids.push_back(corporate(base).text());

  const auto before = allocated();
  auto began = Clock::now();
  WholeRegistry whole{.epoch = "e", .head = "h", .stream_id = "1-0"};
  {
    std::vector<RecordPtr> records;
    for (std::int64_t base = 1; base <= count; ++base) records.push_back(typical(base));
    whole.registry = Registry().with(std::move(records), 1, {});
  }
  const auto built = seconds_since(began);
  std::printf("memory            %8.0f bytes an operator\n", double(allocated() - before) / double(count));
  std::printf("built in          %8.2f s\n", built);

  std::printf("one read of this machine's memory that waits for the one before\n                  %8.1f ns\n",
              memory_ns());
  const std::vector<std::string> busy(ids.begin(), ids.begin() + std::min<std::ptrdiff_t>(10000, count));
  std::printf("lookup            %8.1f ns any operator, %.1f ns one of %zu busy ones\n",
              lookup_ns(whole.registry, ids, 0), lookup_ns(whole.registry, busy, 0), busy.size());
  std::printf(
      "lookup, 10000 changes/s beside\n                  %8.1f ns any operator, %.1f ns one of %zu busy "
      "ones\n",
      lookup_ns(whole.registry, ids, 10000), lookup_ns(whole.registry, busy, 10000), busy.size());

  began = Clock::now();
  auto current = whole.registry;
  constexpr int changes = 20000;
  std::mt19937_64 engine(3);
  for (int i = 0; i < changes; ++i)
    current = current->with({typical(1 + std::int64_t(engine() % std::uint64_t(count)), EtocState::revoked)},
                            current->serial() + 1, {});
  std::printf("one change        %8.2f us\n", seconds_since(began) * 1e6 / changes);

  const auto file = std::filesystem::temp_directory_path() / "sekisho-registry-bench.copy";
  began = Clock::now();
  {
    RegistryCopy copy(file);
    copy.keep(whole, at("2026-11-24T12:00:00+09:00"));
    copy.flush();
    if (!copy.trouble().empty()) std::printf("%s\n", copy.trouble().c_str());
  }
  std::printf("copy written in   %8.2f s, %.0f bytes an operator\n", seconds_since(began),
              double(std::filesystem::file_size(file)) / double(count));
  began = Clock::now();
  const auto found = read_copy(file);
  std::printf("copy read in      %8.2f s\n", seconds_since(began));
  if (!found.whole || found.whole->registry->size() != std::size_t(count))
    std::printf("the copy is not whole\n");
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace sekisho::cache

int main(int argc, char** argv) { sekisho::cache::measure(argc > 1 ? std::atol(argv[1]) : 1'000'000); }
