// simulate [--schedules N] [--seed S] [--mutation NAME] [--jobs J]: runs schedules S, S+1, … and prints what
// it saw. Exit 1 when an invariant was broken; the seed that is named repeats it exactly.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "tests/simulator/simulation.h"

namespace sekisho::simulator {
namespace {

struct Sum {
  std::uint64_t steps = 0, losses = 0, deaths = 0;
};

int run(std::uint64_t first, std::uint64_t schedules, Mutation mutation, unsigned jobs) {
  const auto began = std::chrono::steady_clock::now();
  std::atomic<std::uint64_t> next{0};
  std::atomic<bool> found{false};
  std::mutex mutex;
  Sum sum;
  std::uint64_t broken_seed = ~std::uint64_t(0), done = 0;
  std::string how;
  const auto work = [&] {
    Sum mine;
    std::uint64_t count = 0;
    while (!found.load(std::memory_order_relaxed)) {
      const auto i = next++;
      if (i >= schedules) break;
      const auto outcome = simulate(first + i, mutation);
      ++count;
      mine.steps += outcome.steps;
      mine.losses += outcome.losses;
      mine.deaths += outcome.deaths;
      if (outcome.broken.empty()) continue;
      const std::lock_guard lock(mutex);
      found = true;
      if (first + i < broken_seed) {
        broken_seed = first + i;
        how = outcome.broken;
      }
    }
    const std::lock_guard lock(mutex);
    sum.steps += mine.steps;
    sum.losses += mine.losses;
    sum.deaths += mine.deaths;
    done += count;
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < jobs; ++i) threads.emplace_back(work);
  for (auto& thread : threads) thread.join();
  const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  fmt::print("{} schedules ({}) in {:.1f} s: {} steps, {} deaths of gateways, {} troubles of the ledger\n",
             done, policy::name(mutation), seconds, sum.steps, sum.deaths, sum.losses);
  if (!found) return 0;
  fmt::print("BROKEN in schedule {}: {}\nrepeat: --seed {} --schedules 1 --mutation {}\n", broken_seed, how,
             broken_seed, policy::name(mutation));
  return 1;
}

}  // namespace
}  // namespace sekisho::simulator

int main(int argc, char** argv) {
  using namespace sekisho;
  CLI::App app("The ledger's protocol under a seeded scheduler");
  std::uint64_t schedules = 20'000, seed = 1;
  std::string mutation = "none";
  unsigned jobs = std::max(1u, std::thread::hardware_concurrency());
  app.add_option("--schedules", schedules, "How many");
  app.add_option("--seed", seed, "Of the first one");
  app.add_option("--mutation", mutation, "A check to leave out");
  app.add_option("--jobs", jobs, "Threads");
  app.add_flag("--trace", simulator::tracing, "Tell what happens, on standard error");
  CLI11_PARSE(app, argc, argv);
  const auto which = policy::parse_word<simulator::Mutation>(mutation);
  if (!which) {
    fmt::print("no mutation '{}'\n", mutation);
    return 2;
  }
  return simulator::run(seed, schedules, *which, jobs);
}
