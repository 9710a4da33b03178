#include "cache/redis_sentinels.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sekisho::cache {
using namespace std::chrono_literals;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

namespace {

constexpr auto ask_every = 250ms, patience = 1000ms, role_every = 1000ms;

bool same(const config::Address& a, const config::Address& b) { return a.host == b.host && a.port == b.port; }

}  // namespace

RedisSentinels::RedisSentinels(asio::any_io_executor executor, const config::RedisSettings& settings)
    : executor_(executor), name_(settings.master), said_(settings.peers.size()), role_pause_(executor) {
  const Introduction to_sentinel{.username = settings.username,
                                 .password = settings.password,
                                 .password_may_be_refused = true,
                                 .tls = settings.client_tls()};
  for (const auto& peer : settings.peers) {
    auto link = std::make_shared<RedisConnection>(executor, to_sentinel, [peer] { return peer; });
    link->on_change = [this] { hurry(); };
    sentinels_.push_back({std::move(link), asio::steady_timer(executor)});
  }
  const Introduction to_master{.username = settings.username,
                               .password = settings.password,
                               .database = settings.database,
                               .only_a_master = true,
                               .tls = settings.client_tls()};
  master_ =
      std::make_shared<RedisConnection>(executor, to_master, [this] { return newest(said_, Clock::now()); });
  master_->on_change = [this] {
    if (!master_->up()) hurry();
    tell(master_->up());
  };
  master_->on_reply = [this](double seconds) {
    if (on_reply) on_reply(seconds);
  };
}

void RedisSentinels::start() {
  // Each handler's copy keeps this alive until its coroutine has ended.
  const auto alive = [self = shared_from_this()](std::exception_ptr) {};
  for (std::size_t i = 0; i < sentinels_.size(); ++i) {
    sentinels_[i].link->start();
    asio::co_spawn(executor_, listen_to(i), alive);
  }
  master_->start();
  asio::co_spawn(executor_, keep_asking_role(), alive);
}

void RedisSentinels::stop() {
  stopped_ = true;
  role_pause_.cancel();
  for (auto& sentinel : sentinels_) {
    sentinel.link->stop();
    sentinel.pause.cancel();
  }
  master_->stop();
}

ConnectionPtr RedisSentinels::of(std::string_view) const { return master_->up() ? master_ : nullptr; }

std::vector<ConnectionPtr> RedisSentinels::masters() const {
  std::vector<ConnectionPtr> all;
  if (master_->up()) all.push_back(master_);
  return all;
}

Task<std::string> RedisSentinels::layout() { co_return master_->run_id(); }

// The order fails, and whoever asks next is sent to the new master: which one that is may take a second.
std::optional<Route> RedisSentinels::refused(const Refusal& refusal, int) {
  if (refusal.kind == Refusal::Kind::demoted) {
    master_->hang_up();
    hurry();
  }
  return std::nullopt;
}

Task<> RedisSentinels::listen_to(std::size_t index) {
  auto& sentinel = sentinels_[index];
  while (!stopped_) {
    if (sentinel.link->up()) co_await ask(index);
    if (stopped_) co_return;
    // With nobody connected every moment counts; but never without a pause.
    sentinel.pause.expires_after(master_->up() ? ask_every : ask_every / 5);
    error_code ignored;
    co_await sentinel.pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

Task<> RedisSentinels::ask(std::size_t index) {
  // First the epoch: in between only the address can have become newer.
  const Command about{"SENTINEL", "MASTER", name_}, where{"SENTINEL", "GET-MASTER-ADDR-BY-NAME", name_};
  const auto link = sentinels_[index].link;
  const auto described = co_await link->call(about, patience);
  const auto address = co_await link->call(where, patience);
  if (stopped_) co_return;
  auto named = named_by(address, described, Clock::now());
  if (named) said_[index] = std::move(named);
  choose();
}

void RedisSentinels::choose() {
  const auto now = newest(said_, Clock::now());
  if (!now || (chosen_ && same(*chosen_, *now))) return;
  chosen_ = now;
  const bool there_already = master_->up() && same(master_->address(), *now);
  if (!there_already) master_->hang_up();
}

// Commands that only read are answered by a replica too: a master that was demoted is found out by this.
Task<> RedisSentinels::keep_asking_role() {
  const Command role{"ROLE"};
  while (!stopped_) {
    if (master_->up()) {
      const auto said = co_await master_->call(role, patience);
      if (!stopped_ && said.ok() && said.text(0) != "master") master_->hang_up();
    }
    if (stopped_) co_return;
    role_pause_.expires_after(role_every);
    error_code ignored;
    co_await role_pause_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

void RedisSentinels::hurry() {
  for (auto& sentinel : sentinels_) sentinel.pause.cancel();
}

}  // namespace sekisho::cache
