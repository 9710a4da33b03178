#include "config/settings_table.h"

#include <thread>

#include "config/address.h"
#include "config/endpoint_url.h"
#include "config/header_values.h"
#include "config/kinds.h"
#include "config/tls_fields.h"

namespace sekisho::config {
namespace {

using namespace std::chrono_literals;

struct AddressKind {
  using type = Address;
  bool read(Document& document, const Node& node, Address& out) const {
    auto address = node.kind == Node::Kind::scalar ? Address::parse(node.text) : std::optional<Address>();
    if (!address) return unexpected(document, node, says());
    out = std::move(*address);
    if (!out.unix_path.empty()) out.unix_path = document.beside(out.unix_path).string();
    return true;
  }
  std::string says() const {
    return "an address such as 127.0.0.1:18080, [::1]:18080 or unix:/run/sekisho.sock";
  }
};

struct Listeners {
  using type = std::vector<Listener>;
  bool read(Document& document, const Node& node, type& out) const {
    if (node.kind != Node::Kind::list || node.items.empty()) return unexpected(document, node, says());
    for (const auto& item : node.items) {
      Listener listener;
      const auto& address = listener.address;
      Fields fields(document, item, "a listener");
      const bool placed = fields.need("address", AddressKind{}, listener.address);
      ServerTls tls;
      if (fields.may("tls", ServerTlsKind{}, tls)) listener.tls = std::move(tls);
      if (!placed) continue;
      const auto same = [&](const Listener& other) { return other.address.text() == address.text(); };
      const bool free_port = address.unix_path.empty() && address.port == 0;
      if (!free_port && std::any_of(out.begin(), out.end(), same))
        fields.error("address", "two listeners have the address " + address.text());
      out.push_back(std::move(listener));
    }
    return true;
  }
  std::string says() const {
    return "a list of `{address: ..., tls?: " + ServerTlsKind{}.says().substr(1) +
           "}`; port 0 takes a free one";
  }
};

struct RedisUrl {
  using type = RedisSettings;
  bool read(Document& document, const Node& node, RedisSettings& out) const {
    if (node.kind != Node::Kind::scalar) return unexpected(document, node, says());
    auto parsed = parse_redis_url(node.text);
    if (const auto* trouble = std::get_if<std::string>(&parsed))
      return document.error(node.place, *trouble), false;
    out = std::get<RedisSettings>(std::move(parsed));
    return true;
  }
  std::string says() const {
    return "redis://[user:password@]host[:port][/database], unix:///path, "
           "redis+sentinel://[user:password@]host[:port],.../master[/database] or "
           "redis+cluster://[user:password@]host[:port],...; with rediss for redis: over TLS";
  }
};

struct Ages {
  using type = Age;
  bool read(Document& document, const Node& node, Age& out) const {
    const Duration duration{1ms};
    Fields fields(document, node, "an age");
    const bool both = fields.need("soft", duration, out.soft) & fields.need("hard", duration, out.hard);
    if (!both || out.soft <= out.hard) return both;
    fields.error("hard", "hard (" + Duration::print(out.hard) + ") is shorter than soft (" +
                             Duration::print(out.soft) + ")");
    return false;
  }
  std::string says() const { return "`{soft: duration, hard: duration}`, soft no longer than hard"; }
  static std::string print(const Age& age) {
    return age.hard.count() == 0
               ? ""
               : "{soft: " + Duration::print(age.soft) + ", hard: " + Duration::print(age.hard) + "}";
  }
};

// `group`, or how often.
struct Sync {
  using type = std::optional<Milliseconds>;
  bool read(Document& document, const Node& node, type& out) const {
    if (node.text == "group") return out = std::nullopt, true;
    Milliseconds interval{};
    if (!Duration{1ms, 10s}.read(document, node, interval)) return false;
    out = interval;
    return true;
  }
  std::string says() const { return "`group`, or a duration from 1ms to 10s"; }
  static std::string print(const type&) { return "group"; }
};

struct Workers {
  using type = unsigned;
  bool read(Document& document, const Node& node, unsigned& out) const {
    if (node.text == "auto") return out = std::clamp(std::thread::hardware_concurrency(), 1u, 64u), true;
    std::int64_t count = 0;
    if (!Count{1, 64}.read(document, node, count)) return false;
    out = static_cast<unsigned>(count);
    return true;
  }
  std::string says() const { return "a whole number from 1 to 64, or `auto`: one a core"; }
  static std::string print(unsigned value) { return std::to_string(value); }
};

// With a default in the reference page.
struct Choice : YesNo {
  static std::string print(bool value) { return value ? "yes" : "no"; }
};

enum Need { optional, required };

template <class Kind, class Access>
SettingRow row(std::string key, Need need, Kind kind, Access at, std::string says) {
  std::string otherwise;
  Settings defaults;
  if constexpr (requires { Kind::print(at(defaults)); })
    if (need == optional) otherwise = Kind::print(at(defaults));
  return {std::move(key),
          need == required,
          kind.says(),
          std::move(otherwise),
          std::move(says),
          [kind, at](Document& document, const Node& node, Settings& settings) {
            typename Kind::type value{};
            if (kind.read(document, node, value)) at(settings) = std::move(value);
          }};
}

SettingRow source_row(policy::Register which, std::string says) {
  return row(
      "registry.sources." + std::string(name(which)), optional,
      Ages{}, [which](Settings & s) -> auto& { return s.sources[which]; }, std::move(says));
}

std::vector<SettingRow> make_table() {
  using S = Settings;
  const Size kept{0, 16 << 20}, body{1, 64 << 20}, header{256, 1 << 20};
  const Duration wait{1ms, 1h}, idle{1ms, 24h};
  auto redis_url = row(
      "redis.url", required, RedisUrl{}, [](S & s) -> auto& { return s.redis; },
      "The Redis that holds the registry and the ledger.");
  const EndpointUrl collector{"http://127.0.0.1:4318"};
  // The URL fills the same structure as what may stand before it.
  redis_url.read = [](Document& document, const Node& node, S& s) {
    const auto before = s.redis;
    RedisUrl{}.read(document, node, s.redis);
    s.redis.deadline = before.deadline;
    s.redis.tls = before.tls;
  };
  return {
      row(
          "listeners", required, Listeners{}, [](S & s) -> auto& { return s.listeners; },
          "Where clients connect."),
      row(
          "admin.address", required, AddressKind{}, [](S & s) -> auto& { return s.admin.address; },
          "Where /livez, /readyz, /metrics and the admin API are. Loopback or a unix socket; any other needs "
          "`admin.tls` and `admin.tokens`."),
      row(
          "admin.tls", optional, ServerTlsKind{}, [](S & s) -> auto& { return s.admin.tls; },
          "The certificate of the admin listener. Without it: in the clear."),
      row(
          "admin.tokens", optional, Path{}, [](S & s) -> auto& { return s.admin_tokens; },
          "The file with who may do what there (`docs/operations.md`). Without it: whoever reaches the "
          "listener may do all, so it must be local."),
      redis_url,
      row(
          "redis.deadline", optional, Duration{1ms, 10s}, [](S & s) -> auto& { return s.redis.deadline; },
          "How long one call to Redis may take before the ledger counts as unavailable."),
      row(
          "redis.tls", optional, ClientTlsKind{}, [](S & s) -> auto& { return s.redis.tls; },
          "For a URL with `rediss`: whose certificate Redis must show, and what we show it. Read at each "
          "connection. Without it: what this machine trusts, and nothing."),
      row(
          "registry.link", optional, Ages{}, [](S & s) -> auto& { return s.link; },
          "How long ago this gateway was certain to be in step with Redis. Past soft: decided, and marked. "
          "Past "
          "hard: 503 registry-stale."),
      row(
          "registry.copy", optional, Path{}, [](S & s) -> auto& { return s.registry_copy; },
          "The file with the last good copy of the registry, one for each gateway: it starts with that when "
          "Redis is "
          "away. Without it: beside the journal's directory, with `.registry` behind its name."),
      source_row(policy::Register::etoc,
                 "How long ago the ETOC list was last verified. Named here: must be there."),
      source_row(policy::Register::plan, "The same for approvals of number-usage plans."),
      source_row(policy::Register::refusals, "The same for the refusal list."),
      source_row(policy::Register::track_record, "The same for the track record."),
      row(
          "policy", required, Path{}, [](S & s) -> auto& { return s.policy; }, "The policy file."),
      row(
          "clients", required, Path{}, [](S & s) -> auto& { return s.clients; }, "The clients file."),
      row(
          "carriers", required, List<Path>{{}, true}, [](S & s) -> auto& { return s.carriers; },
          "The carriers' adapter files."),
      row(
          "numbering_plan", optional, Path{}, [](S & s) -> auto& { return s.numbering_plan; },
          "The number types' patterns (`docs/numbering-plan.md`). Without it: those this version came with."),
      row(
          "journal.directory", required, Path{}, [](S & s) -> auto& { return s.journal.directory; },
          "Where the journal is written. One directory for each gateway."),
      row(
          "journal.sync", optional, Sync{}, [](S & s) -> auto& { return s.journal.interval; },
          "`group`: an order is on disk before the carrier sees it. An interval: what was written since may "
          "be lost "
          "when the machine fails."),
      row(
          "journal.key", optional, Path{}, [](S & s) -> auto& { return s.journal.key; },
          "The file with the key of the hash chain. Without it: beside the directory."),
      row(
          "journal.head", optional, Path{}, [](S & s) -> auto& { return s.journal.head; },
          "The file with the journal's head, kept outside the journal so that a cut shows. Without it: "
          "beside the "
          "directory."),
      row(
          "workers", optional, Workers{}, [](S & s) -> auto& { return s.workers; },
          "Threads that serve clients."),
      row(
          "limits.header_bytes", optional, header, [](S & s) -> auto& { return s.limits.header_bytes; },
          "The longest start line and headers together."),
      row(
          "limits.headers", optional, Count{1, 1000}, [](S & s) -> auto& { return s.limits.headers; },
          "The most headers of a request."),
      row(
          "limits.body_bytes", optional, body, [](S & s) -> auto& { return s.limits.body_bytes; },
          "The largest body of a governed order. Bodies that are passed through are streamed."),
      row(
          "limits.connections", optional, Count{1, 1'000'000},
          [](S & s) -> auto& { return s.limits.connections; }, "The most client connections at one time."),
      row(
          "limits.header_timeout", optional, wait, [](S & s) -> auto& { return s.limits.header_timeout; },
          "How long the start line and headers may take to arrive."),
      row(
          "limits.body_timeout", optional, wait, [](S & s) -> auto& { return s.limits.body_timeout; },
          "How long a body may take to arrive."),
      row(
          "limits.idle_timeout", optional, idle, [](S & s) -> auto& { return s.limits.idle_timeout; },
          "How long a connection may wait for its next request."),
      row(
          "limits.queue", optional, Duration{1ms, 10s}, [](S & s) -> auto& { return s.limits.queue; },
          "How long work may wait in a worker before new orders get 503 overloaded; 10 times as long for a "
          "connection to the carrier. Searches and status calls are turned away at 8 times that, releases "
          "at 40 times."),
      row(
          "drain.accept", optional, Duration{0ms, 10min}, [](S & s) -> auto& { return s.drain.accept; },
          "How long new connections are still accepted after SIGTERM, while not ready."),
      row(
          "drain.wait", optional, Duration{0ms, 1h}, [](S & s) -> auto& { return s.drain.wait; },
          "How long running requests are waited for after that."),
      row(
          "idempotency.keep", optional, Duration{1s, 24h * 30},
          [](S & s) -> auto& { return s.idempotency.keep; },
          "How long a finished answer is replayed to a retry."),
      row(
          "idempotency.answer_bytes", optional, kept,
          [](S & s) -> auto& { return s.idempotency.answer_bytes; },
          "Larger answers are not kept for replay."),
      row(
          "import.shrink", optional, Share{}, [](S & s) -> auto& { return s.import.shrink; },
          "The share of certified operators that a new list may lose without a named approval."),
      row(
          "import.min_rows", optional, Count{}, [](S & s) -> auto& { return s.import.min_rows; },
          "A list with fewer rows needs a named approval."),
      row(
          "import.signed", optional, Words<policy::Register>{},
          [](S & s) -> auto& { return s.import.is_signed; },
          "The registers whose lists are imported only with enough signatures beside them "
          "(`docs/signed-lists.md`). Without it: none."),
      row(
          "activation.flips", optional, Share{}, [](S & s) -> auto& { return s.activation_flips; },
          "The share of the last day's decisions in this gateway's journal that a reloaded policy may flip "
          "without a "
          "named approval (`policy replay --approve flips`); 100%: any."),
      row(
          "reload.watch", optional, Choice{}, [](S & s) -> auto& { return s.reload_watch; },
          "Whether a change of the files themselves brings a reload, as SIGHUP does, half a second after the "
          "last of "
          "them. `no`: a file that was only saved decides nothing, until somebody reloads."),
      row(
          "traces.endpoint", optional, collector, [](S & s) -> auto& { return s.traces.collector; },
          "The collector that spans of calls are sent to, as OTLP over HTTP in JSON; `/v1/traces` is added "
          "to "
          "the path (`docs/operations.md`). Without it: no spans are made."),
      row(
          "traces.tls", optional, ClientTlsKind{}, [](S & s) -> auto& { return s.traces.tls; },
          "For an endpoint with `https`: whose certificate the collector must show, and what we show it. "
          "Read "
          "at each connection. Without it: what this machine trusts, and nothing."),
      row(
          "traces.headers", optional, HeaderValues{}, [](S & s) -> auto& { return s.traces.headers; },
          "Set on every request to the collector, as where it asks for `Authorization`. Never logged."),
      row(
          "traces.ratio", optional, Share{}, [](S & s) -> auto& { return s.traces.ratio; },
          "The share that is sampled of the traces which begin here, with calls that bring no `traceparent`. "
          "A call that brings one is sampled where that says so."),
      row(
          "traces.queue", optional, Count{1, 1'000'000}, [](S & s) -> auto& { return s.traces.queue; },
          "The most spans that wait for the collector. Beyond that the newest are dropped and counted: no "
          "call "
          "ever waits for it."),
      row(
          "traces.timeout", optional, Duration{1ms, 1min}, [](S & s) -> auto& { return s.traces.timeout; },
          "How long the collector may take over one batch, the connection included."),
      row(
          "log.level", optional, OneOf{{"trace", "debug", "info", "warn", "error"}},
          [](S & s) -> auto& { return s.log_level; }, "The least important messages that are logged."),
  };
}

}  // namespace

const std::vector<SettingRow>& settings_table() {
  static const auto table = make_table();
  return table;
}

}  // namespace sekisho::config
