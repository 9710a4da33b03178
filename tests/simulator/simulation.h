// One schedule: a few gateways, a store that loses writes, a carrier; orders, releases and status calls;
// deaths and losses, all as the seed says. Then the faults end, and everything must come to rest with exact
// counts.
#pragma once

#include <cstdint>
#include <string>

#include "tests/simulator/world.h"

namespace sekisho::simulator {

struct Outcome {
  std::string broken;  // which invariant, and how; empty: all held
  std::uint64_t steps = 0;
  std::uint64_t losses = 0, deaths = 0;
};

Outcome simulate(std::uint64_t seed, Mutation mutation = Mutation::none);

}  // namespace sekisho::simulator
