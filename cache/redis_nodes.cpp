#include "cache/redis_nodes.h"

#include "cache/redis_cluster.h"
#include "cache/redis_sentinels.h"

namespace sekisho::cache {
namespace {

// One server, whatever becomes of it.
class OneServer : public RedisNodes {
 public:
  OneServer(boost::asio::any_io_executor executor, const config::RedisSettings& settings) {
    const Introduction introduction{.username = settings.username,
                                    .password = settings.password,
                                    .database = settings.database,
                                    .tls = settings.client_tls()};
    const config::Address at{.host = settings.host, .port = settings.port, .unix_path = settings.unix_path};
    server_ = std::make_shared<RedisConnection>(executor, introduction, [at] { return at; });
    server_->on_change = [this] { tell(server_->up()); };
    server_->on_reply = [this](double seconds) {
      if (on_reply) on_reply(seconds);
    };
  }

  void start() override { server_->start(); }
  void stop() override { server_->stop(); }
  bool up() const override { return server_->up(); }
  std::string trouble() const override { return server_->trouble(); }
  ConnectionPtr of(std::string_view) const override { return server_->up() ? server_ : nullptr; }
  std::vector<ConnectionPtr> masters() const override {
    std::vector<ConnectionPtr> all;
    if (server_->up()) all.push_back(server_);
    return all;
  }
  Task<std::string> layout() override { co_return server_->run_id(); }
  std::optional<Route> refused(const Refusal&, int) override { return std::nullopt; }

 private:
  ConnectionPtr server_;
};

}  // namespace

std::shared_ptr<RedisNodes> make_nodes(boost::asio::any_io_executor executor,
                                       const config::RedisSettings& settings) {
  using Setup = config::RedisSettings::Setup;
  switch (settings.setup) {
    case Setup::sentinel:
      return std::make_shared<RedisSentinels>(executor, settings);
    case Setup::cluster:
      return std::make_shared<RedisCluster>(executor, settings);
    case Setup::one:
      break;
  }
  return std::make_shared<OneServer>(executor, settings);
}

}  // namespace sekisho::cache
