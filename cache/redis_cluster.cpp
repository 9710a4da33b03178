#include "cache/redis_cluster.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sekisho::cache {
using namespace std::chrono_literals;
using boost::system::error_code;
using Ms = std::chrono::milliseconds;

namespace {

constexpr Ms look_every = 1000ms, look_while_down = 100ms, look_at_most_every = 20ms;
constexpr Ms patience = 300ms;
constexpr auto unneeded_for = 2s;
constexpr auto unneeded_at_most = 60s;  // longer than any deadline
constexpr int tries_max = 5;

bool says_it_is_well(const RedisAnswer& cluster_info) {
  return cluster_info.text().value_or("").find("cluster_state:ok") != std::string_view::npos;
}

}  // namespace

RedisCluster::RedisCluster(asio::any_io_executor executor, const config::RedisSettings& settings)
    : executor_(executor),
      introduction_{
          .username = settings.username, .password = settings.password, .tls = settings.client_tls()},
      seeds_(settings.peers),
      pause_(executor) {}

void RedisCluster::start() {
  // The handler's copy keeps this alive until the coroutine has ended.
  asio::co_spawn(executor_, keep_map(), [self = shared_from_this()](std::exception_ptr) {});
}

void RedisCluster::stop() {
  stopped_ = true;
  pause_.cancel();
  for (auto& [address, node] : nodes_) node.link->stop();
}

bool RedisCluster::up() const {
  return !owners_.empty() &&
         std::all_of(owners_.begin(), owners_.end(), [](const Owner& owner) { return owner.link->up(); });
}

ConnectionPtr RedisCluster::of(std::string_view key) const {
  if (key.empty()) {
    const auto any =
        std::find_if(owners_.begin(), owners_.end(), [](const Owner& owner) { return owner.link->up(); });
    return any == owners_.end() ? nullptr : any->link;
  }
  const auto slot = slot_of(key);
  const auto owner = std::lower_bound(owners_.begin(), owners_.end(), slot,
                                      [](const Owner& one, std::uint16_t at) { return one.last < at; });
  const bool owned = owner != owners_.end() && owner->first <= slot && owner->link->up();
  return owned ? owner->link : nullptr;
}

std::vector<ConnectionPtr> RedisCluster::masters() const {
  std::vector<ConnectionPtr> all;
  if (!up()) return all;
  for (const auto& owner : owners_)
    if (std::find(all.begin(), all.end(), owner.link) == all.end()) all.push_back(owner.link);
  return all;
}

std::vector<Share> RedisCluster::shares() const {
  std::vector<Share> all;
  if (!up()) return all;
  for (const auto& owner : owners_) {  // in the order of their slots
    const auto& run_id = owner.link->run_id();
    auto share = std::find_if(all.begin(), all.end(), [&](const Share& one) { return one.run_id == run_id; });
    if (share == all.end()) share = all.insert(all.end(), Share{run_id, "", owner.first});
    share->slots +=
        (share->slots.empty() ? "" : " ") + std::to_string(owner.first) + "-" + std::to_string(owner.last);
  }
  return all;
}

// A slot on its way stands in brackets behind the node that gives or takes it, and only its own node tells.
Task<std::optional<bool>> RedisCluster::some_slot_moves() {
  const Command nodes{"CLUSTER", "NODES"};
  const auto all = masters();
  for (const auto& master : all) {
    const auto said = co_await master->call(nodes, patience);
    if (!said.text()) co_return std::nullopt;
    if (said.text()->find(" [") != std::string_view::npos) co_return true;
  }
  const bool fresh = co_await refresh();
  if (!fresh || !up()) co_return std::nullopt;
  co_return false;
}

Task<std::string> RedisCluster::layout() {
  const auto moves = co_await some_slot_moves();
  std::string words;
  if (moves != false) co_return words;
  for (const auto& owner : owners_) words += std::to_string(owner.last) + " " + owner.link->run_id() + "\n";
  co_return words;
}

std::optional<Route> RedisCluster::refused(const Refusal& refusal, int tries) {
  if (refusal.kind != Refusal::Kind::ask) refresh_soon();
  if (tries >= tries_max) return std::nullopt;
  if (refusal.kind == Refusal::Kind::moved || refusal.kind == Refusal::Kind::ask) {
    if (refusal.at.host.empty()) return Route{.pause = look_at_most_every};
    // The first time at once; two servers that send it to and fro are waited for.
    return Route{.to = node(refusal.at),
                 .asking = refusal.kind == Refusal::Kind::ask,
                 .pause = tries < 2 ? 0ms : Ms(5 << tries)};
  }
  return Route{.pause = Ms(5 << tries)};
}

Task<> RedisCluster::keep_map() {
  error_code ignored;
  while (!stopped_) {
    soon_ = false;
    const bool fresh = co_await refresh();
    if (stopped_) break;
    forget_unneeded();
    pause_.expires_after(look_at_most_every);
    co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (soon_ || stopped_) continue;
    may_be_woken_ = true;
    pause_.expires_after(fresh && up() ? look_every : look_while_down);
    co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    may_be_woken_ = false;
  }
}

// True: the map is what a node says that is well connected to the others.
Task<bool> RedisCluster::refresh() {
  const Command info{"CLUSTER", "INFO"}, slots{"CLUSTER", "SLOTS"};
  auto candidates = connected();
  if (candidates.empty()) ask_everybody_known();
  if (!candidates.empty())
    std::rotate(candidates.begin(), candidates.begin() + std::ptrdiff_t(turn_++ % candidates.size()),
                candidates.end());
  for (const auto& candidate : candidates) {
    const auto state = co_await candidate->call(info, patience);
    const auto told = co_await candidate->call(slots, patience);
    if (stopped_) co_return false;
    auto map = SlotMap::parse(told, candidate->address().host);
    if (!map) continue;
    const bool well = says_it_is_well(state);
    // A node that was cut off, or has just come back, tells old tales; better than none.
    if (well || owners_.empty()) take(std::move(*map));
    if (well) co_return true;
  }
  co_return false;
}

void RedisCluster::take(SlotMap map) {
  owners_.clear();
  for (const auto& range : map.ranges) owners_.push_back({range.first, range.last, node(range.master)});
  complete_ = map.complete();
  map_ = std::move(map);
  tell(up());
}

void RedisCluster::refresh_soon() {
  soon_ = true;
  if (may_be_woken_) pause_.cancel();
}

void RedisCluster::forget_unneeded() {
  if (owners_.empty()) return;  // then everybody may be of use
  const auto now = Clock::now();
  for (auto at = nodes_.begin(); at != nodes_.end();) {
    const auto unneeded = now - at->second.needed;
    const auto& link = at->second.link;
    if (unneeded < unneeded_for || (link->up() && !link->idle() && unneeded < unneeded_at_most)) {
      ++at;
      continue;
    }
    link->on_change = nullptr;
    link->stop();
    at = nodes_.erase(at);
  }
}

// Nobody that the map names can be reached: those that the settings name, and replicas, may know more.
void RedisCluster::ask_everybody_known() {
  for (const auto& seed : seeds_) node(seed);
  for (const auto& replica : map_.replicas) node(replica);
}

ConnectionPtr RedisCluster::node(const config::Address& at) {
  auto& node = nodes_[at.text()];
  node.needed = Clock::now();
  if (node.link) return node.link;
  node.link = std::make_shared<RedisConnection>(executor_, introduction_, [at] { return at; });
  node.link->on_change = [this] { changed(); };
  node.link->on_reply = [this](double seconds) {
    if (on_reply) on_reply(seconds);
  };
  if (!stopped_) node.link->start();
  return node.link;
}

std::vector<ConnectionPtr> RedisCluster::connected() const {
  std::vector<ConnectionPtr> out;
  for (const auto& [address, node] : nodes_)
    if (node.link->up()) out.push_back(node.link);
  return out;
}

void RedisCluster::changed() {
  tell(up());
  if (!stopped_) refresh_soon();
}

}  // namespace sekisho::cache
