#include "cache/redis_epochs.h"

#include "cache/keys.h"

namespace sekisho::cache {

// FNV-1a, 64 bits.
std::uint64_t fingerprint(std::string_view text) {
  std::uint64_t hash = 14695981039346656037u;
  for (const unsigned char c : text) hash = (hash ^ c) * 1099511628211u;
  return hash;
}

std::optional<RedisEpochs::Seen> RedisEpochs::seen_in(const RedisAnswer& answer) {
  if (!answer.ok() || answer.size() != 7) return std::nullopt;
  Seen out{.view = {.epoch = std::uint64_t(answer.integer(0).value_or(0)),
                    .open = answer.text(1) == "1",
                    .waited = answer.text(2) == "1",
                    .position = std::uint64_t(answer.integer(3).value_or(0)),
                    .waiting = texts(answer.element(4)),
                    .gateways = texts(answer.element(5))}};
  const auto* positions = answer.element(6);
  for (std::size_t i = 0; i < out.view.gateways.size(); ++i)
    out.positions[out.view.gateways[i]] = std::uint64_t(integer_at(positions, i));
  return out;
}

Task<RedisAnswer> RedisEpochs::ask(std::vector<std::string> args) {
  std::vector<std::string> key_names{keys::epoch};
  co_return co_await link_.run(script("epoch"), std::move(key_names), std::move(args));
}

// One server: it asks, and is answered. On a cluster the masters are asked how far they have each gateway
// when a new epoch begins, and told so while one is open.
Task<std::optional<EpochView>> RedisEpochs::beat(const Beat& beat) {
  // A cluster is what its masters are together: another one of them, and something may be missing.
  const auto servers = link_.servers();
  if (servers.empty()) co_return std::nullopt;
  auto seen = co_await see(beat, servers);
  stands_on_ = seen ? servers : "";
  if (seen && seen->view.open) {
    const bool whole = co_await tell_masters(*seen);
    if (!whole) {
      auto again = beat;
      again.epoch = seen->view.epoch;
      again.missed = true;
      seen = co_await see(again, servers);
    }
  }
  if (!seen) co_return std::nullopt;
  seen->view.servers = fingerprint(servers);
  co_return std::move(seen->view);
}

// What the epoch says is true of the servers it stands on, and of no other.
Task<bool> RedisEpochs::tell_masters(const Seen& seen) {
  if (!link_.clustered() || link_.servers() != stands_on_) co_return true;
  co_return co_await witness_.write(seen.view.epoch, seen.positions);
}

Task<std::optional<RedisEpochs::Seen>> RedisEpochs::see(const Beat& beat, const std::string& servers) {
  const std::vector<std::string> about{"beat",
                                       beat.gateway,
                                       servers,
                                       std::to_string(beat.epoch),
                                       std::to_string(beat.confirmed),
                                       std::to_string(beat.position),
                                       beat.has_past ? "1" : "0",
                                       beat.missed ? "1" : "0"};
  auto args = about;
  args.push_back(link_.clustered() ? "?" : "");
  args.insert(args.end(), beat.peers.begin(), beat.peers.end());
  auto answer = co_await ask(std::move(args));
  if (answer.text(0) == "ask") {
    const auto everywhere = co_await witness_.lowest();
    // What was read is true of these servers only.
    if (!everywhere || link_.servers() != servers) co_return std::nullopt;
    args = about;
    args.push_back(std::to_string(everywhere->size()));
    for (const auto& [gateway, position] : *everywhere) {
      args.push_back(gateway);
      args.push_back(std::to_string(position));
    }
    args.insert(args.end(), beat.peers.begin(), beat.peers.end());
    answer = co_await ask(std::move(args));
  }
  co_return seen_in(answer);
}

Task<std::optional<EpochView>> RedisEpochs::look() {
  std::vector<std::string> args{"look", ""};
  const auto answer = co_await ask(std::move(args));
  auto seen = seen_in(answer);
  if (!seen) co_return std::nullopt;
  co_return std::move(seen->view);
}

Task<bool> RedisEpochs::told(const std::string& gateway, std::uint64_t epoch) {
  std::vector<std::string> args{"told", gateway, std::to_string(epoch)};
  const auto answer = co_await ask(std::move(args));
  co_return answer.ok() && answer.integer() == 1;
}

Task<bool> RedisEpochs::leave(const std::string& gateway, std::uint64_t epoch, std::uint64_t position) {
  std::vector<std::string> args{"leave", gateway, std::to_string(epoch), std::to_string(position)};
  auto answer = co_await ask(std::move(args));
  const bool left = answer.ok() && answer.integer() == 1;
  if (!left || !link_.clustered()) co_return left;
  // Nobody else may be there to tell the masters of it.
  std::vector<std::string> look{"look", ""};
  answer = co_await ask(std::move(look));
  const auto seen = seen_in(answer);
  if (seen && seen->view.open && seen->view.epoch == epoch) co_await tell_masters(*seen);
  co_return true;
}

Task<bool> RedisEpochs::retire(const std::string& gateway) {
  std::vector<std::string> args{"retire", gateway};
  const auto answer = co_await ask(std::move(args));
  co_return answer.ok();
}

}  // namespace sekisho::cache
