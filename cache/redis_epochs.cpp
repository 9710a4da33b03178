#include "cache/redis_epochs.h"

#include "cache/keys.h"

namespace sekisho::cache {

// FNV-1a, 64 bits.
std::uint64_t fingerprint(std::string_view text) {
  std::uint64_t hash = 14695981039346656037u;
  for (const unsigned char c : text) hash = (hash ^ c) * 1099511628211u;
  return hash;
}

namespace {

EpochView view_in(const RedisAnswer& answer) {
  return {.epoch = std::uint64_t(answer.integer(0).value_or(0)),
          .open = answer.text(1) == "1",
          .waited = answer.text(2) == "1",
          .position = std::uint64_t(answer.integer(3).value_or(0)),
          .waiting = texts(answer.element(4)),
          .gateways = texts(answer.element(5))};
}

}  // namespace

Task<RedisAnswer> RedisEpochs::ask(std::vector<std::string> args) {
  std::vector<std::string> key_names{keys::epoch};
  co_return co_await link_.run(script("epoch"), std::move(key_names), std::move(args));
}

Task<std::optional<EpochView>> RedisEpochs::beat(const Beat& beat) {
  // A cluster is what its masters are together: another one of them, and something may be missing.
  const auto servers = link_.servers();
  if (servers.empty()) co_return std::nullopt;
  std::vector<std::string> args{"beat",
                                beat.gateway,
                                servers,
                                std::to_string(beat.epoch),
                                std::to_string(beat.confirmed),
                                std::to_string(beat.position),
                                beat.has_past ? "1" : "0",
                                beat.missed ? "1" : "0"};
  args.insert(args.end(), beat.peers.begin(), beat.peers.end());
  const auto answer = co_await ask(std::move(args));
  if (!answer.ok() || answer.size() != 6) co_return std::nullopt;
  auto view = view_in(answer);
  view.servers = fingerprint(servers);
  co_return view;
}

Task<std::optional<EpochView>> RedisEpochs::look() {
  std::vector<std::string> args{"look", ""};
  const auto answer = co_await ask(std::move(args));
  if (!answer.ok() || answer.size() != 6) co_return std::nullopt;
  co_return view_in(answer);
}

Task<bool> RedisEpochs::told(const std::string& gateway, std::uint64_t epoch) {
  std::vector<std::string> args{"told", gateway, std::to_string(epoch)};
  const auto answer = co_await ask(std::move(args));
  co_return answer.ok() && answer.integer() == 1;
}

Task<bool> RedisEpochs::leave(const std::string& gateway, std::uint64_t epoch, std::uint64_t position) {
  std::vector<std::string> args{"leave", gateway, std::to_string(epoch), std::to_string(position)};
  const auto answer = co_await ask(std::move(args));
  co_return answer.ok() && answer.integer() == 1;
}

Task<bool> RedisEpochs::retire(const std::string& gateway) {
  std::vector<std::string> args{"retire", gateway};
  const auto answer = co_await ask(std::move(args));
  co_return answer.ok();
}

}  // namespace sekisho::cache
