// doctor: is everything within reach, how old is what a gateway would know, and what is the worst that this
// configuration lets happen.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>

#include "cache/journal_head.h"
#include "cache/journal_identity.h"
#include "cache/keys.h"
#include "cache/redis_epochs.h"
#include "cache/registry_copy.h"
#include "cache/registry_store.h"
#include "config/installation.h"
#include "gateway/collector.h"
#include "gateway/main/commands.h"
#include "gateway/main/registry_keys.h"
#include "gateway/span.h"

namespace sekisho::console {
namespace {

using config::Milliseconds;

// One line of the report.
struct Line {
  enum class State { good, warning, bad } state;
  std::string what, says;
};
constexpr std::string_view state_words[] = {"ok", "warning", "bad"};

std::string duration(Milliseconds time) {
  using namespace std::chrono_literals;
  if (time < 1s) return fmt::format("{} ms", time.count());
  if (time < 2min) return fmt::format("{} s", time / 1s);
  if (time < 2h) return fmt::format("{} min", time / 1min);
  if (time < 48h) return fmt::format("{} h", time / 1h);
  return fmt::format("{} days", time / 24h);
}

class Report {
 public:
  void good(std::string what, std::string says) { add(Line::State::good, std::move(what), std::move(says)); }
  void warn(std::string what, std::string says) {
    add(Line::State::warning, std::move(what), std::move(says));
  }
  void bad(std::string what, std::string says) { add(Line::State::bad, std::move(what), std::move(says)); }

  int print(const Console& console, const json::object& worst) const {
    json::array lines;
    std::string text;
    bool well = true;
    for (const auto& line : lines_) {
      const auto state = state_words[static_cast<std::size_t>(line.state)];
      lines.push_back(json::object{{"state", state}, {"what", line.what}, {"says", line.says}});
      text += fmt::format("{:<8} {:<24} {}\n", state, line.what, line.says);
      well &= line.state != Line::State::bad;
    }
    text += "\nthe worst that this configuration allows\n";
    for (const auto& [what, says] : worst)
      text += fmt::format("  {:<44} {}\n", std::string_view(what), std::string_view(says.as_string()));
    console.print(json::object{{"ok", well}, {"lines", std::move(lines)}, {"worst", worst}}, text);
    return well ? done : answer_no;
  }

 private:
  void add(Line::State state, std::string what, std::string says) {
    lines_.push_back({state, std::move(what), std::move(says)});
  }
  std::vector<Line> lines_;
};

// A source against its two ages. Without ages it may be as old as it likes.
void judge_source(Report& report, policy::Register which, const policy::SourceStatus& source,
                  const config::Settings& settings) {
  const auto what = "source " + std::string(policy::name(which));
  const auto allowed = settings.sources.find(which);
  if (!source.verified_at) {
    const std::string says = "never imported";
    if (allowed == settings.sources.end())
      report.good(what, says + "; nobody asks for it");
    else
      report.bad(what, says + ": no gateway becomes ready");
    return;
  }
  const auto age = now() - *source.verified_at;
  auto says = fmt::format("verified {} ago, {} rows", duration(age), source.rows);
  if (allowed == settings.sources.end()) return report.good(what, says + "; no age is set");
  const auto& [soft, hard] = allowed->second;
  if (age < Milliseconds(-1000))
    report.warn(what, says + ": verified in the future; one of the clocks is wrong");
  else if (age > hard)
    report.bad(
        what, says + fmt::format(": past its hard age of {}; orders get 503 registry-stale", duration(hard)));
  else if (age > soft)
    report.warn(what,
                says + fmt::format(": past its soft age of {}; orders are decided and marked, 503 after {}",
                                   duration(soft), duration(hard)));
  else
    report.good(what, says + fmt::format("; soft {}, hard {}", duration(soft), duration(hard)));
}

void judge_copy(Report& report, const config::Settings& settings, const cache::RegistryMeta& meta) {
  const auto file = settings.copy_file();
  const auto found = cache::read_copy(file);
  if (!found.trouble.empty()) report.warn("copy on disk", found.trouble);
  if (!found.whole) {
    if (found.trouble.empty())
      report.warn("copy on disk",
                  file.string() + ": none yet; a gateway that starts without Redis has no registry");
    return;
  }
  const auto serial = found.whole->registry->serial();
  auto says = fmt::format("{}: serial {}, {} operators, in step until {} ({} ago)", file.string(), serial,
                          found.whole->registry->size(), policy::iso_jst(found.seen_at),
                          duration(std::max(Milliseconds(0), Milliseconds(now() - found.seen_at))));
  if (found.whole->epoch != meta.epoch)
    report.warn("copy on disk", says + "; of another registry than Redis has now");
  else if (serial < meta.serial)
    report.warn("copy on disk",
                says + fmt::format("; Redis is at {}: no gateway with this copy is running", meta.serial));
  else
    report.good("copy on disk", std::move(says));
}

// Whether those who may sign can let a list in at all.
void judge_signatures(Report& report, const config::Settings& settings, const cache::RegistryMeta& meta) {
  const auto which = settings.import.is_signed;
  if (which.empty()) return;
  const std::string what = "signed lists";
  const auto keys = keys_in_force(meta);
  if (!keys) return report.bad(what, policy::join(which) + ": none can be imported; " + keys.errors[0].text);
  policy::WordSet<policy::Register> nobodys;
  which.each([&](policy::Register one) {
    const auto may = [&](const config::ListKey& key) { return key.registers.has(config::signed_as(one)); };
    if (std::none_of(keys.value->all.begin(), keys.value->all.end(), may)) nobodys.add(one);
  });
  auto says = fmt::format("{}; trust file version {}, {} of {} keys", policy::join(which),
                          keys.value->version, keys.value->threshold, keys.value->all.size());
  if (nobodys.empty())
    report.good(what, std::move(says));
  else
    report.bad(what, says + "; no key may sign " + policy::join(nobodys));
}

// What one setting is on each master; "?" where it may not be asked.
Task<std::vector<std::string>> on_masters(cache::RedisLink& link, const char* name) {
  cache::Command get{"CONFIG", "GET", name};
  const auto answers = co_await link.call_every_master(std::move(get));
  std::vector<std::string> values;
  for (const auto& answer : answers) values.emplace_back(answer.text(1).value_or("?"));
  co_return values;
}

// Whether each master keeps what it confirmed. The first that does not is the one to hear of.
Task<> examine_servers(cache::RedisLink& link, const config::Settings& settings, Report& report) {
  const auto appends = co_await on_masters(link, "appendonly");
  const auto fsyncs = co_await on_masters(link, "appendfsync");
  const auto evictions = co_await on_masters(link, "maxmemory-policy");
  const auto replicas = co_await on_masters(link, "min-replicas-to-write");
  const auto count = std::min({appends.size(), fsyncs.size(), evictions.size(), replicas.size()});
  const auto of = count > 1 ? fmt::format(" (one of {} masters)", count) : "";
  std::size_t lasting = 0;
  while (lasting < count && appends[lasting] == "yes" && fsyncs[lasting] == "always") ++lasting;
  if (lasting < count)
    report.warn("redis durability",
                fmt::format("appendonly {}, appendfsync {}{}: a crash of Redis loses what it had "
                            "confirmed; gateways tell it again, and take no orders until all of them have",
                            appends[lasting], fsyncs[lasting], of));
  else if (count > 0)
    report.good("redis durability", "appendonly yes, appendfsync always");
  for (std::size_t i = 0; i < count; ++i) {
    if (evictions[i] == "noeviction" || evictions[i] == "?") continue;
    report.warn("redis memory",
                fmt::format("maxmemory-policy {}{}: when memory is full, Redis throws counts away; "
                            "set noeviction",
                            evictions[i], of));
    break;
  }
  const bool alone = settings.redis.setup == config::RedisSettings::Setup::one;
  if (!alone && std::find(replicas.begin(), replicas.end(), "0") != replicas.end())
    report.warn("redis replicas",
                "min-replicas-to-write 0" + of +
                    ": a master that is cut off from the others goes on confirming what is lost");
}

// On what the gateways stand: an epoch that is not open takes no orders.
Task<> examine_ledger(cache::RedisLink& link, Report& report) {
  cache::RedisEpochs epochs(link);
  const auto view = co_await epochs.look();
  if (!view) co_return report.bad("ledger", "it cannot be read from Redis");
  const auto number = cache::epoch_number(view->epoch);
  if (view->epoch == 0)
    report.warn("ledger", "no gateway has counted here yet");
  else if (view->open)
    report.good("ledger", fmt::format("epoch {}, open; {} gateways", number, view->gateways.size()));
  else
    report.bad("ledger", fmt::format("epoch {}: no orders until {} told what Redis lost", number,
                                     fmt::join(view->waiting, ", ")));
}

// Whether the journal that lies here is the one that Redis knows.
Task<> examine_journal(cache::RedisLink& link, const config::Settings& settings, Report& report) {
  const auto directory = settings.journal.directory;
  const std::string what = "journal's head";
  try {
    const auto identity = cache::read_identity(directory);
    if (!identity) co_return;  // no gateway was here yet
    cache::Command get{"GET", cache::keys::journal_head(identity->gateway)};
    const auto answer = co_await link.call(std::move(get));
    const auto head = cache::read_head(answer.text().value_or(""));
    if (!head) co_return report.warn(what, identity->gateway + ": Redis does not know it");
    const auto trouble = cache::why_another(directory, *head);
    if (trouble.empty())
      report.good(what, fmt::format("{}: Redis knows it up to record {}", identity->gateway, head->seq));
    else
      report.bad(what, identity->gateway + ": " + trouble + "; no orders are admitted on it");
  } catch (const std::runtime_error& unreadable) {
    report.warn(what, unreadable.what());
  }
}

Task<int> examine(const Console& console, cache::RedisLink& link, const config::Settings& settings,
                  Report& report) {
  const auto asked = std::chrono::steady_clock::now();
  cache::Command ping{"PING"};
  const auto pong = co_await link.call(std::move(ping));
  const auto took = std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - asked);
  if (!pong.ok()) co_return console.fail("Redis does not answer: " + pong.error());
  report.good("redis", fmt::format("answers in {}", duration(took)));

  co_await examine_servers(link, settings, report);
  co_await examine_ledger(link, report);
  co_await examine_journal(link, settings, report);

  cache::RegistryStore store(link);
  const auto meta = co_await store.meta();
  if (!meta) co_return console.fail("the registry cannot be read from Redis");
  if (meta->epoch.empty()) {
    report.bad("registry", "nothing was ever imported: no gateway becomes ready");
  } else {
    report.good("registry", fmt::format("serial {}, epoch {}", meta->serial, meta->epoch));
    if (meta->unfolded != 0)
      report.warn("registry",
                  fmt::format("the large change {} is not folded in yet: its import runs, or died; the "
                              "next import goes on with it",
                              meta->unfolded));
  }
  report.good("link", fmt::format("soft {}: orders are decided and marked; hard {}: 503 registry-stale "
                                  "(each gateway tells its own age: sekisho_registry_link_age_seconds)",
                                  duration(settings.link.soft), duration(settings.link.hard)));
  const auto sources = cache::sources_of(meta->fields);
  for (std::size_t i = 0; i < sources.size(); ++i)
    judge_source(report, static_cast<policy::Register>(i), sources[i], settings);
  judge_signatures(report, settings, *meta);
  judge_copy(report, settings, *meta);
  co_return done;
}

// Whether the collector of traces takes what it is sent: a batch without spans, which leaves nothing there.
void examine_collector(const config::TraceSettings& settings, Report& report) {
  if (!settings.collector) return;
  boost::asio::io_context context(1);
  gateway::Watchdog dog(context.get_executor());
  gateway::Collector collector(context.get_executor(), dog, settings);
  gateway::CollectorAnswer answer;
  dog.start();
  const auto ask = [&]() -> Task<> {
    auto nothing = gateway::export_request({}, {});
    answer = co_await collector.send(std::move(nothing));
    dog.stop();
  };
  boost::asio::co_spawn(context, ask(), [](std::exception_ptr broken) {
    if (broken) std::rethrow_exception(broken);
  });
  context.run();
  const auto where = settings.collector->authority() + settings.collector->base_path + "/v1/traces";
  if (answer.kind == gateway::CollectorAnswer::Kind::taken)
    report.good("traces", where + " takes them");
  else
    report.warn("traces", where + ": " + answer.why + "; no order waits for it, but its spans are lost");
}

int doctor(const Console& console) {
  const auto settings = console.settings();
  if (!settings) return unreadable;
  Report report;
  const auto site = config::load_installation(*settings);
  if (site)
    report.good("files", "the configuration and all that it names can be loaded");
  else
    report.bad("files", std::to_string(site.errors.size()) + " error(s): see `sekisho check`");
  if (::access(settings->journal.directory.c_str(), W_OK) == 0)
    report.good("journal", settings->journal.directory.string() + " can be written");
  else
    report.warn("journal",
                settings->journal.directory.string() + " is not there or cannot be written by this user");
  const int code = with_redis(console, [&](cache::RedisLink& link, const config::Settings& with) {
    return examine(console, link, with, report);
  });
  if (code != done) report.bad("redis", "cannot be examined: orders get 503 ledger-unavailable");
  examine_collector(settings->traces, report);

  json::object worst{
      {"a revocation, on a healthy gateway", "2 s; 99 % within 50 ms"},
      {"a revocation, on a gateway cut off from Redis",
       "none: the ledger is needed for every order (503 ledger-unavailable)"},
      {"a revocation, where Redis answers and hides it",
       duration(settings->link.hard) + " (registry.link.hard), then 503 registry-stale"},
      {"a certificate that ended", "refused from 00:00 JST, whatever the clock is set back to"}};
  for (const auto& [which, age] : settings->sources)
    worst["a list " + std::string(policy::name(which)) + " that nobody verifies"] =
        duration(age.hard) + ", then 503 registry-stale";
  worst["orders in the journal that a failing disk loses"] =
      settings->journal.interval ? "those of the last " + duration(*settings->journal.interval) : "none";
  return report.print(console, worst);
}

}  // namespace

void add_doctor(CLI::App& app, const Console& console, int& code) {
  app.add_subcommand("doctor", "Reachability, ages, and the worst case of this configuration")
      ->callback([&console, &code] { code = doctor(console); });
}

}  // namespace sekisho::console
