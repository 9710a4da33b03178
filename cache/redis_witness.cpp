#include "cache/redis_witness.h"

#include <algorithm>

#include "cache/keys.h"
#include "cache/redis_nodes.h"
#include "cache/redis_slots.h"

namespace sekisho::cache {

const std::string& RedisWitness::key_in(std::uint16_t slot) {
  auto& key = keys_[slot];
  if (key.empty()) key = keys::witness(tag_in(slot));
  return key;
}

Task<std::optional<Positions>> RedisWitness::lowest() {
  const auto moves = co_await link_.some_slot_moves();
  if (!moves) co_return std::nullopt;
  // Half of its keys may have been lost with the server that they came to.
  if (*moves) co_return Positions{};
  std::optional<Positions> lowest;
  const auto shares = link_.shares();
  for (const auto& share : shares) {
    std::vector<std::string> key_names{key_in(share.first_slot)};
    std::vector<std::string> args{"read", share.run_id};
    const auto answer = co_await link_.run(script("witness"), std::move(key_names), std::move(args));
    if (!answer.ok() || answer.text(0) != "is") co_return std::nullopt;
    Positions here;
    if (has_all_of(answer.text(1).value_or(""), share.slots))
      for (std::size_t i = 2; i + 1 < answer.size(); i += 2)
        here[std::string(answer.text(i).value_or(""))] = std::uint64_t(answer.integer(i + 1).value_or(0));
    if (!lowest) {
      lowest = std::move(here);
      continue;
    }
    for (auto& [gateway, position] : *lowest) {
      const auto found = here.find(gateway);
      position = found == here.end() ? 0 : std::min(position, found->second);
    }
    for (const auto& [gateway, position] : here) lowest->try_emplace(gateway, 0);
  }
  co_return lowest;
}

Task<bool> RedisWitness::write(std::uint64_t epoch, const Positions& positions) {
  bool all_there = true;
  const auto shares = link_.shares();
  for (const auto& share : shares) {
    const auto key = key_in(share.first_slot);
    const std::pair<std::string, std::uint64_t> mine{share.run_id, epoch};
    const auto before = written_.find(key);
    const bool again = before != written_.end() && before->second == mine;
    std::vector<std::string> args{"write", share.run_id, std::to_string(epoch), again ? "1" : "0",
                                  share.slots};
    for (const auto& [gateway, position] : positions) {
      args.push_back(gateway);
      args.push_back(std::to_string(position));
    }
    std::vector<std::string> key_names{key};
    const auto answer = co_await link_.run(script("witness"), std::move(key_names), std::move(args));
    if (answer.text(0) == "written") written_[key] = mine;
    if (answer.text(0) == "gone") {
      all_there = false;
      written_.erase(key);
    }
  }
  co_return all_there;
}

}  // namespace sekisho::cache
