// A gateway's configuration (sekisho.yaml). Paths are resolved against the file's folder.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/file_error.h"
#include "config/tls_context.h"
#include "policy/adapter.h"
#include "policy/registry.h"

namespace sekisho::config {

using Milliseconds = std::chrono::milliseconds;

struct Age {  // past soft: decide and mark it; past hard: could not decide
  Milliseconds soft{}, hard{};
};

struct Address {  // "127.0.0.1:18080", "[::1]:80" or "unix:/run/x.sock"
  std::string host;
  std::uint16_t port = 0;
  std::string unix_path;  // not empty: a unix socket
  std::string text() const;
  bool is_local() const;  // a unix socket, or loopback
  static std::optional<Address> parse(const std::string& text);
};

// Where clients connect.
struct Listener {
  Address address;
  std::optional<ServerTls> tls;  // nothing: in the clear
};

struct RedisSettings {
  enum class Setup {
    one,       // one server: host and port, or a unix socket
    sentinel,  // a master that sentinels name, and replace when it fails
    cluster    // several masters that share the keys
  };
  Setup setup = Setup::one;
  std::string host = "127.0.0.1";
  std::uint16_t port = 6379;
  std::string unix_path, username, password;
  std::vector<Address> peers;  // the sentinels; or the nodes that are asked first what the cluster is
  std::string master;          // what the sentinels call it
  int database = 0;
  bool secure = false;  // over TLS, by `tls`; to sentinels and every node alike
  ClientTls tls;        // read anew at each connection
  std::optional<ClientTls> client_tls() const {
    if (!secure) return std::nullopt;
    return tls;
  }
  Milliseconds deadline{50};
};

// Spans of calls, for whoever watches traces.
struct TraceSettings {
  std::optional<policy::Endpoint> collector;                 // nothing: no spans are made
  ClientTls tls;                                             // read anew at each connection
  std::vector<std::pair<std::string, std::string>> headers;  // set on every request; never logged
  double ratio = 0;            // share of the traces which begin here that is sampled
  std::size_t queue = 2048;    // spans that may wait for the collector
  Milliseconds timeout{5000};  // for one batch
};

struct Settings {
  std::filesystem::path file;  // this configuration
  std::vector<Listener> listeners;
  Listener admin;
  std::filesystem::path admin_tokens;  // empty: whoever reaches it may do all
  RedisSettings redis;
  Age link{Milliseconds(5000), Milliseconds(60000)};
  std::map<policy::Register, Age> sources;  // those that must be there and fresh
  std::filesystem::path registry_copy;      // empty: beside the journal's directory
  std::filesystem::path policy, clients;
  std::vector<std::filesystem::path> carriers;
  std::filesystem::path numbering_plan;  // empty: the shipped one
  struct {
    std::filesystem::path directory, key, head;  // key, head empty: beside the directory
    std::optional<Milliseconds> interval;        // nothing: `sync: group`
  } journal;
  unsigned workers = 1;  // threads; `auto` is one a core
  struct {
    std::size_t header_bytes = 16 * 1024, headers = 100, body_bytes = 1 << 20, connections = 10000;
    Milliseconds header_timeout{10000}, body_timeout{30000}, idle_timeout{75000};
    Milliseconds queue{100};  // how long work may wait in a worker before new orders are turned away
  } limits;
  struct {
    Milliseconds accept{5000}, wait{30000};
  } drain;
  struct {
    Milliseconds keep{24 * 3600 * 1000};   // how long a finished answer is replayed
    std::size_t answer_bytes = 64 * 1024;  // larger answers are not kept
  } idempotency;
  struct {
    double shrink = 0.05;  // share of certified operators that a list may lose unapproved
    std::size_t min_rows = 1;
    policy::WordSet<policy::Register> is_signed;  // registers whose lists count only with signatures
  } import;
  double activation_flips = 1;  // share of the last day's decisions that a reload may flip unapproved; 1: any
  bool reload_watch = false;    // reload when a file changes
  TraceSettings traces;
  std::string log_level = "info";

  std::filesystem::path copy_file() const {
    return registry_copy.empty() ? std::filesystem::path(journal.directory.string() + ".registry")
                                 : registry_copy;
  }
};

Loaded<Settings> load_settings(const std::filesystem::path& file);

}  // namespace sekisho::config
