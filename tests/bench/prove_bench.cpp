// How long a policy takes to prove: guarantees, and everything that lint.h looks for; and to compare.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include "policy/diff.h"
#include "policy/lint.h"
#include "policy/prove.h"
#include "tests/bench/big_policy.h"

namespace sekisho::policy {
namespace {

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return double(usage.ru_maxrss) / 1024;
}

void prove_guarantees(benchmark::State& state) {
  const auto policy = big_policy(static_cast<int>(state.range(0)), 20);
  std::size_t broken = 0;
  for (auto _ : state) broken = prove(policy).size();
  state.counters["broken"] = double(broken);
  state.counters["peak_MB"] = peak_megabytes();
}
BENCHMARK(prove_guarantees)->Arg(10)->Arg(50)->Arg(200)->Arg(1000)->Unit(benchmark::kMillisecond);

void all_shortcomings(benchmark::State& state) {
  const auto policy = big_policy(static_cast<int>(state.range(0)), 20);
  std::size_t found = 0;
  for (auto _ : state) found = shortcomings(policy).size();
  state.counters["found"] = double(found);
  state.counters["peak_MB"] = peak_megabytes();
}
BENCHMARK(all_shortcomings)->Arg(10)->Arg(50)->Arg(200)->Arg(1000)->Unit(benchmark::kMillisecond);

// One figure and one condition changed.
void compare_two(benchmark::State& state) {
  const auto policy = big_policy(static_cast<int>(state.range(0)), 0);
  auto other = policy;
  for (auto& rule : other.rules) {
    if (rule.id == "certified") rule.limit->steps[0].value = 500;
    if (rule.id == "little-record") rule.when = Ask{.track_record_months = Range<int>{{}, 23}};
  }
  std::size_t changes = 0;
  bool complete = false;
  for (auto _ : state) {
    const auto found = diff(policy, other);
    changes = found.changes.size();
    complete = found.complete;
  }
  state.counters["changes"] = double(changes);
  state.counters["complete"] = complete;
}
BENCHMARK(compare_two)->Arg(10)->Arg(50)->Arg(200)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sekisho::policy

BENCHMARK_MAIN();
