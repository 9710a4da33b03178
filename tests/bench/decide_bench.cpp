// What one decision costs, with 1, 10 and 200 rules; and that evaluating allocates nothing.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <deque>
#include <new>

#include "tests/bench/big_policy.h"

namespace {
std::size_t allocations = 0;
}

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace sekisho::policy {
namespace {

Policy policy_of(int rules) {
  auto policy = big_policy(std::max(rules, 10), 0);
  policy.rules.resize(static_cast<std::size_t>(rules));
  return policy;
}

// Orders that meet different rules, so that no branch is always the same.
std::vector<Facts> orders() {
  static std::deque<std::string> names;  // facts point into it
  std::vector<Facts> out;
  for (int i = 0; i < 64; ++i) {
    auto record = certified_operator();
    if (i % 5 == 0) record.etoc.state = EtocState::none;
    record.owner_group = "group-" + std::to_string(i % 30);
    auto order = order_of(1 + i * 7, i % 3 ? NumberType::fixed : NumberType::ip_050);
    order.carrier = "carrier-" + std::to_string(i % 12);
    order.area = "area-" + std::to_string(i % 40);
    const auto standing = stand(&record, record.id, order.number_type, day("2026-11-24"), 1, {});
    auto facts = facts_of(order, standing);
    for (const auto fact : {Fact::carrier, Fact::area, Fact::owner_group, Fact::country, Fact::operator_id})
      facts.set(fact, std::string_view(names.emplace_back(facts.name(fact))));
    out.push_back(facts);
  }
  return out;
}

void evaluate(benchmark::State& state) {
  const auto policy = policy_of(static_cast<int>(state.range(0)));
  const Compiled compiled(policy);
  const auto cases = orders();
  Verdict verdict;
  std::size_t at = 0;
  const auto before = allocations;
  for (auto _ : state) {
    compiled.evaluate(cases[at++ % cases.size()], verdict);
    benchmark::DoNotOptimize(verdict);
  }
  state.counters["allocations"] =
      benchmark::Counter(double(allocations - before), benchmark::Counter::kAvgIterations);
}
BENCHMARK(evaluate)->Arg(1)->Arg(10)->Arg(200)->Arg(1000);

// The whole decision, with everything that an answer tells.
void decide_order(benchmark::State& state) {
  const auto policy = policy_of(static_cast<int>(state.range(0)));
  const Compiled compiled(policy);
  const auto cases = orders();
  std::size_t at = 0;
  for (auto _ : state) benchmark::DoNotOptimize(apply_rules(compiled, cases[at++ % cases.size()]));
}
BENCHMARK(decide_order)->Arg(1)->Arg(10)->Arg(200);

}  // namespace
}  // namespace sekisho::policy

BENCHMARK_MAIN();
