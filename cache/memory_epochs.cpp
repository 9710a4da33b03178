#include <algorithm>
#include <atomic>

#include "cache/memory_ledger.h"

namespace sekisho::cache {
namespace {

// No loss takes it back.
std::atomic<std::uint32_t> clock{0};

}  // namespace

void MemoryEpochs::open_if_all_told() {
  const bool waits = std::any_of(store_.gateways.begin(), store_.gateways.end(),
                                 [](const auto& one) { return one.second.waited; });
  if (!waits) store_.open = store_.epoch;
}

EpochView MemoryEpochs::do_beat(const Beat& beat) {
  auto& store = store_;
  const auto known = store.gateways.find(beat.gateway);
  const bool forgotten = known == store.gateways.end() && beat.has_past;
  const auto confirmed = known == store.gateways.end() ? 0 : known->second.position;
  if (store.epoch == 0 || store.run != process || store.epoch < beat.epoch || confirmed < beat.confirmed ||
      forgotten || (beat.missed && store.epoch == beat.epoch)) {
    store.epoch = next_epoch(std::max(store.epoch, beat.epoch), ++clock);
    store.run = process;
    store.open = 0;
    for (const auto& peer : beat.peers) store.gateways.try_emplace(peer);
    store.gateways.try_emplace(beat.gateway);
    for (auto& [id, one] : store.gateways)
      if (id == beat.gateway || !one.ended) one.waited = true;
  }
  auto& mine = store.gateways[beat.gateway];
  mine.ended = false;
  if (!mine.waited && beat.epoch == store.epoch) mine.position = std::max(mine.position, beat.position);
  auto view = seen();
  view.waited = mine.waited;
  view.position = mine.position;
  return view;
}

EpochView MemoryEpochs::seen() const {
  EpochView view{.epoch = store_.epoch, .open = store_.epoch != 0 && store_.open == store_.epoch};
  for (const auto& [id, one] : store_.gateways) {
    view.gateways.push_back(id);
    if (one.waited) view.waiting.push_back(id);
  }
  return view;
}

Task<std::optional<EpochView>> MemoryEpochs::look() { co_return seen(); }

bool MemoryEpochs::do_told(const std::string& gateway, std::uint64_t epoch) {
  if (store_.epoch != epoch) return false;
  if (const auto known = store_.gateways.find(gateway); known != store_.gateways.end())
    known->second.waited = false;
  open_if_all_told();
  return true;
}

Task<std::optional<EpochView>> MemoryEpochs::beat(const Beat& beat) { co_return do_beat(beat); }

Task<bool> MemoryEpochs::told(const std::string& gateway, std::uint64_t epoch) {
  co_return do_told(gateway, epoch);
}

Task<bool> MemoryEpochs::leave(const std::string& gateway, std::uint64_t epoch, std::uint64_t position) {
  if (store_.open != epoch) co_return false;
  auto& mine = store_.gateways[gateway];
  mine.position = std::max(mine.position, position);
  mine.ended = true;
  co_return true;
}

Task<bool> MemoryEpochs::retire(const std::string& gateway) {
  store_.gateways.erase(gateway);
  if (store_.epoch != 0) open_if_all_told();
  co_return true;
}

}  // namespace sekisho::cache
