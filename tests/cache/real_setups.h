// Several real Redis servers for a test: a master with a replica under three sentinels, and a cluster of
// three masters with a replica each. On loopback, in folders of their own, ended by pid with the test.
#pragma once

#include <fstream>
#include <functional>
#include <map>
#include <set>

#include "cache/redis_slots.h"
#include "tests/cache/real_redis.h"

namespace sekisho::cache {

// A redis-server on a port, with any options.
class RealServer {
 public:
  explicit RealServer(std::vector<std::string> options, const std::string& config = "") : options_(options) {
    std::string pattern = (std::filesystem::temp_directory_path() / "sekisho-redis-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) throw std::runtime_error("no folder for Redis");
    folder_ = pattern;
    port_ = unused_port();
    bus_port_ = unused_port();
    if (!config.empty()) std::ofstream(folder_ / "redis.conf") << config;
    with_config_ = !config.empty();
    start();
  }
  ~RealServer() {
    kill();
    std::filesystem::remove_all(folder_);
  }
  RealServer(const RealServer&) = delete;

  void start() {
    std::vector<std::string> words{"redis-server"};
    if (with_config_) words.push_back((folder_ / "redis.conf").string());
    for (const auto& word :
         {std::string("--port"), std::to_string(port_), std::string("--bind"), std::string("127.0.0.1"),
          std::string("--dir"), folder_.string(), std::string("--logfile"), (folder_ / "log").string()})
      words.push_back(word);
    for (const auto& option : options_) words.push_back(option == "BUS" ? std::to_string(bus_port_) : option);
    const auto parent = ::getpid();
    process_ = ::fork();
    if (process_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // whatever becomes of the test, Redis ends with it
      if (::getppid() != parent) ::_exit(1);
      std::vector<char*> arguments;
      for (auto& word : words) arguments.push_back(word.data());
      arguments.push_back(nullptr);
      ::execvp("redis-server", arguments.data());
      ::_exit(127);
    }
    if (!answers(std::chrono::seconds(30)))
      throw std::runtime_error("redis-server did not start: is the package redis-server installed?");
  }
  void kill() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = -1;
  }

  // To somebody without a password.
  bool answers(std::chrono::milliseconds within = std::chrono::milliseconds(200)) const {
    asio::io_context context(1);
    RedisLink link(context.get_executor(), settings());
    link.start();
    const bool up = wait(context, link.wait_up(within));
    link.stop();
    run_for(context, std::chrono::seconds(1));
    return up;
  }

  config::RedisSettings settings() const {
    config::RedisSettings settings;
    settings.port = port_;
    settings.deadline = std::chrono::seconds(5);
    return settings;
  }
  config::Address address() const { return {.host = "127.0.0.1", .port = port_}; }
  std::string port() const { return std::to_string(port_); }
  std::string bus_port() const { return std::to_string(bus_port_); }

  RedisAnswer ask(Command command) const {
    Linked linked(settings());
    return linked.call(std::move(command));
  }
  std::string text(Command command) const { return std::string(ask(std::move(command)).text().value_or("")); }
  std::string run_id() const {
    Linked linked(settings());
    return linked.link.run_id();
  }
  bool says(Command command, const std::string& part) const {
    return text(std::move(command)).find(part) != std::string::npos;
  }

 private:
  // Below the range that outgoing connections use, so that a port stays free while its owner restarts.
  static std::uint16_t unused_port() {
    static std::set<int> given;
    while (true) {
      const int port = 20000 + std::rand() % 12000;
      const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
      sockaddr_in at{};
      at.sin_family = AF_INET;
      at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      at.sin_port = htons(std::uint16_t(port));
      const bool bound = ::bind(probe, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0;
      ::close(probe);
      if (bound && given.insert(port).second) return std::uint16_t(port);
    }
  }

  std::vector<std::string> options_;
  std::filesystem::path folder_;
  std::uint16_t port_ = 0, bus_port_ = 0;
  bool with_config_ = false;
  pid_t process_ = -1;
};

inline void until(const std::string& what, const std::function<bool()>& so) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!so()) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("never: " + what);
    ::usleep(20'000);
  }
}

class RealSentinels {
 public:
  RealSentinels() : master(quick()), replica(replica_of(master)) {
    until("the replica follows", [&] {
      return replica.says({"INFO", "replication"}, "master_link_status:up");
    });
    const auto config =
        "sentinel monitor gate 127.0.0.1 " + master.port() +
        " 2\nsentinel down-after-milliseconds gate 2000\nsentinel failover-timeout gate 3000\n";
    for (int i = 0; i < 3; ++i) {
      sentinels.push_back(std::make_unique<RealServer>(std::vector<std::string>{"--sentinel"}, config));
      sentinels.back()->ask({"SENTINEL", "DEBUG", "PUBLISH-PERIOD", "200", "INFO-PERIOD", "300"});
    }
    for (const auto& sentinel : sentinels)
      until("the sentinels know each other", [&] {
        const auto about = sentinel->ask({"SENTINEL", "MASTER", "gate"}).pairs();
        const std::map<std::string, std::string> fields(about.begin(), about.end());
        return fields.at("num-other-sentinels") == "2" && fields.at("num-slaves") == "1";
      });
  }

  config::RedisSettings settings() const {
    config::RedisSettings settings;
    settings.setup = config::RedisSettings::Setup::sentinel;
    for (const auto& sentinel : sentinels) settings.peers.push_back(sentinel->address());
    settings.master = "gate";
    settings.deadline = std::chrono::seconds(1);
    return settings;
  }

  RealServer master, replica;
  std::vector<std::unique_ptr<RealServer>> sentinels;

 private:
  static std::vector<std::string> quick() {
    return {"--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0"};
  }
  static std::vector<std::string> replica_of(const RealServer& master) {
    auto options = quick();
    for (const auto& word : {std::string("--replicaof"), std::string("127.0.0.1"), master.port()})
      options.push_back(word);
    return options;
  }
};

class RealCluster {
 public:
  RealCluster() {
    for (int i = 0; i < 6; ++i)
      nodes.push_back(std::make_unique<RealServer>(std::vector<std::string>{
          "--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0", "--cluster-enabled", "yes",
          "--cluster-node-timeout", "3000", "--cluster-port", "BUS"}));
    for (int i = 0; i < 3; ++i) {
      nodes[i]->ask({"CLUSTER", "ADDSLOTSRANGE", std::to_string(first[i]), std::to_string(first[i + 1] - 1)});
      nodes[i]->ask({"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(i + 1)});
    }
    for (int i = 0; i < 6; ++i)
      for (int j = 0; j < i; ++j)  // quicker than hearing of each other
        nodes[i]->ask({"CLUSTER", "MEET", "127.0.0.1", nodes[j]->port(), nodes[j]->bus_port()});
    for (const auto& node : nodes)
      until("the nodes know each other", [&] {
        return node->says({"CLUSTER", "INFO"}, "cluster_known_nodes:6") &&
               node->says({"CLUSTER", "INFO"}, "cluster_state:ok");
      });
    for (int i = 0; i < 3; ++i) {
      const auto master = nodes[i]->text({"CLUSTER", "MYID"});
      until("it is a replica", [&] { return nodes[i + 3]->ask({"CLUSTER", "REPLICATE", master}).ok(); });
      until("it follows", [&] {
        return nodes[i + 3]->says({"INFO", "replication"}, "master_link_status:up");
      });
    }
    for (const auto& node : nodes)
      until("everybody knows", [&] {
        const auto map = SlotMap::parse(node->ask({"CLUSTER", "SLOTS"}), "127.0.0.1");
        return map && map->complete() && map->replicas.size() == 3;
      });
  }

  RealServer& owner(const std::string& key) const {
    const auto slot = slot_of(key);
    return *nodes[slot < first[1] ? 0 : slot < first[2] ? 1 : 2];
  }
  config::RedisSettings settings(int seed = 0) const {
    config::RedisSettings settings;
    settings.setup = config::RedisSettings::Setup::cluster;
    settings.peers.push_back(nodes[std::size_t(seed)]->address());
    settings.deadline = std::chrono::seconds(5);
    return settings;
  }

  static constexpr int first[] = {0, 5461, 10923, 16384};  // the masters' slots
  std::vector<std::unique_ptr<RealServer>> nodes;          // three masters, and behind them their replicas
};

}  // namespace sekisho::cache
