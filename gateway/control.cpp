#include "gateway/control.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <thread>

#include "cache/clock.h"
#include "cache/journal_head.h"
#include "cache/journal_orders.h"
#include "cache/keys.h"
#include "gateway/log.h"
#include "gateway/records.h"
#include "gateway/version.h"

namespace sekisho::gateway {
using boost::system::error_code;
using namespace std::chrono_literals;

namespace {

constexpr auto books_every = 250ms;  // journal head in Redis
constexpr auto beat_every = 250ms;
constexpr int holds_every = 20;    // of these: counting all open holds
constexpr auto handshake = 200ms;  // of a caller who knocked before the doors close

}  // namespace

Control::Control(const config::Settings& settings, std::shared_ptr<const config::Installation> site,
                 config::FileStamps files, cache::Journal& journal)
    : settings_(settings),
      journal_(journal),
      shared_{.settings = settings, .journal = journal},
      site_(std::move(site)),
      link_(context_.get_executor(), settings.redis),
      accounts_(link_, cache::ledger_settings(settings)),
      epochs_(link_),
      recovery_(recovery_ports(), cache::epoch_memory(settings.journal.directory)),
      follower_(context_.get_executor(), settings.redis,
                {.copy = settings.copy_file(), .gateway = journal.gateway_id()}, shared_.known.in_step,
                [this](const cache::RegistryFollower::News& news) { publish(news); }),
      admin_(context_, dog_, admin_desk()),
      signals_(context_, SIGTERM, SIGINT, SIGHUP),
      watch_(context_, [this] { asio::co_spawn(context_, reload_unasked("file watch"), asio::detached); }) {
  watch_.expect(std::move(files));
  if (!settings.traces.collector) return;
  spans_.emplace(context_.get_executor(), dog_, settings.traces, SpanSource{version, journal.gateway_id()});
  shared_.spans = &*spans_;
}

Control::~Control() = default;

AdminDesk Control::admin_desk() {
  return {.settings = settings_,
          .gateway = journal_.gateway_id(),
          .why_not_ready = [this] { return why_not_ready(); },
          .degraded = [this] { return degraded(); },
          .draining = [this] { return shared_.draining.load(); },
          .metrics_text = [this] { return metrics_text(); },
          .status_json = [this] { return status_json(); },
          .reload = [this](std::string by) { return reload(std::move(by)); },
          .site = [this] { return site_; },
          .site_since = [this] { return site_since_; },
          .registry = [this] { return registry_; },
          .today = [this] { return shared_.dates.today(cache::wall_clock()); },
          .worker = [this]() -> Worker& { return *workers_[turn_++ % workers_.size()]; }};
}

void Control::run() {
  const unsigned count = settings_.workers;
  std::vector<config::Address> addresses;
  for (const auto& listener : settings_.listeners) addresses.push_back(listener.address);
  const bool beside_another = std::any_of(addresses.begin(), addresses.end(), Door::taken);
  for (unsigned i = 0; i < count; ++i) {
    workers_.push_back(std::make_unique<Worker>(shared_));
    addresses = workers_.back()->listen(addresses);
    workers_.back()->publish(site_);
  }
  const auto admin = admin_.listen(settings_.admin.address);
  metrics_.set(Metric::reload_successful, {}, 1);
  metrics_.set(Metric::reload_success_time, {}, unix_seconds(cache::wall_clock()));
  metrics_.set(Metric::build_info, {version}, 1);
  site_since_ = cache::wall_clock();
  journal_.append(cache::RecordKind::policy, cache::wall_clock(), policy_record(*site_));

  shared_.books.on_suspicion = [this] { asio::post(context_, [this] { beat_timer_.cancel(); }); };
  dog_.start();
  link_.start();
  follower_.start();
  admin_.start();
  if (spans_) spans_->start();
  if (settings_.reload_watch) watch_.start();
  for (auto& worker : workers_) worker->start(worker == workers_.front());
  // Whoever asks a gateway that is not ready is told so. But beside another that serves the same addresses,
  // callers are left to that one until this one can decide: nobody pays for an upgrade.
  if (beside_another)
    asio::co_spawn(context_, open_doors_when_ready(), asio::detached);
  else
    open_doors();
  asio::co_spawn(context_, begin_counting(), asio::detached);
  asio::co_spawn(context_, wait_for_signals(), asio::detached);
  if (supervisor_.listens()) {
    asio::co_spawn(context_, tell_supervisor(), asio::detached);
    asio::co_spawn(context_, show_life(), asio::detached);
  }
  for (const auto& address : addresses) log::info("listening", {{"address", address.text()}});
  log::info("admin listening", {{"address", admin.text()}});
  context_.run();
}

Task<> Control::pause(std::chrono::milliseconds time) {
  asio::steady_timer timer(context_);
  timer.expires_after(time);
  error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

cache::Recovery::Ports Control::recovery_ports() {
  return {.epochs = epochs_,
          .ledger = ledger_,
          .journal = journal_,
          .books = shared_.books,
          .read = [this](std::uint64_t from) { return read_journal(from); },
          .keep = [this](const auto& memory) { keep_epoch_memory(memory); },
          .tell = [](const std::string& text) { log::info(text); }};
}

// A disk that is full must not end the watch over the epoch: what is not kept is only missed by the next
// process.
void Control::keep_epoch_memory(const cache::Recovery::Memory& memory) {
  try {
    cache::keep_epoch_memory(settings_.journal.directory, memory);
  } catch (const std::exception& trouble) {
    log::error("the epoch could not be kept beside the journal", {{"error", trouble.what()}});
  }
}

// A journal may be long: it is read on the loader's thread.
Task<cache::JournaledOrders> Control::read_journal(std::uint64_t from) {
  auto work = [directory = settings_.journal.directory, from]() -> Task<cache::JournaledOrders> {
    co_return cache::read_orders(directory, from);
  };
  co_return co_await asio::co_spawn(loader_, std::move(work), asio::use_awaitable);
}

// An older copy of the journal knows nothing of what was done since, and its next records would stand under
// numbers that are taken. Nothing is counted, admitted or told of it: what Redis knows remains.
Task<> Control::begin_counting() {
  bool looked = false;
  while (!looked && !ended_) looked = co_await recognise_journal();
  if (ended_ || !journal_trouble_.empty()) co_return;
  asio::co_spawn(context_, keep_epoch(), asio::detached);
  asio::co_spawn(context_, keep_books(), asio::detached);
}

// Whether it could be asked.
Task<bool> Control::recognise_journal() {
  const bool up = co_await link_.wait_up(200ms);
  if (!up) co_return false;
  cache::Command get{"GET", cache::keys::journal_head(journal_.gateway_id())};
  const auto answer = co_await link_.call(std::move(get));
  if (!answer.ok()) co_return false;
  const auto head = cache::read_head(answer.text().value_or(""));
  if (!head) co_return true;  // a new one, or Redis is
  auto work = [directory = settings_.journal.directory, head = *head]() -> Task<std::string> {
    co_return cache::why_another(directory, head);
  };
  try {
    journal_trouble_ = co_await asio::co_spawn(loader_, std::move(work), asio::use_awaitable);
  } catch (const std::exception& broken) {
    journal_trouble_ = broken.what();
  }
  if (!journal_trouble_.empty())
    log::error("this is not the journal that Redis knows; no orders are admitted",
               {{"why", journal_trouble_}});
  co_return true;
}

// On what the orders stand: asked four times a second, and at once when a worker suspects something.
Task<> Control::keep_epoch() {
  co_await watch_epoch();
  const auto look_again_at = std::chrono::steady_clock::now() + 2s;
  while (!ended_ && (!shared_.books.admits() || std::chrono::steady_clock::now() < look_again_at))
    co_await watch_epoch();
  if (!ended_) co_await recovery_.look_again();
  while (!ended_) co_await watch_epoch();
}

Task<> Control::watch_epoch() {
  const bool admitted = shared_.books.admits();
  co_await recovery_.beat();
  if (!admitted && shared_.books.admits()) note_opening();
  const std::chrono::milliseconds rest = shared_.books.admits() ? beat_every : 20ms;
  beat_timer_.expires_after(rest);
  error_code ignored;
  co_await beat_timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

void Control::note_opening() {
  log::info("orders are admitted", {{"epoch", std::to_string(cache::epoch_number(recovery_.epoch()))}});
  journal_.set_open_from([this] { return shared_.books.open_orders.lowest(); });
}

// What is told about ourselves, regularly: the journal's head, outside the journal; the holds that are open.
Task<> Control::keep_books() {
  for (int round = 0; !ended_; ++round) {
    const auto text = cache::written(journal_.head());
    if (link_.up() && text != journal_head_told_) {
      cache::Command set{"SET", cache::keys::journal_head(journal_.gateway_id()), text};
      const auto answer = co_await link_.call(std::move(set));
      if (answer.ok()) journal_head_told_ = text;
    }
    co_await journal_resolutions();
    if (link_.up() && round % holds_every == 0) {
      if (const auto holds = co_await ledger_.open_holds()) {
        double held = 0, suspense = 0, oldest = 0;
        for (const auto& open : *holds) {
          if (open.operator_id.is_group()) continue;  // its operator's hold is counted
          const bool unknown = open.hold.state == policy::HoldState::suspense;
          (unknown ? suspense : held) += 1;
          if (unknown)
            oldest = std::max(oldest, unix_seconds(cache::wall_clock()) - unix_seconds(open.hold.since));
        }
        metrics_.set(Metric::ledger_holds, {"held"}, held);
        metrics_.set(Metric::ledger_holds, {"suspense"}, suspense);
        metrics_.set(Metric::ledger_oldest_suspense, {}, oldest);
      }
    }
    co_await pause(books_every);
  }
}

// `ledger resolve` cannot write into our journal; what it said of our holds waits in Redis until we do.
Task<> Control::journal_resolutions() {
  if (!link_.up()) co_return;
  const auto mark = cache::keys::resolutions_read(journal_.gateway_id());
  cache::Command where{"GET", mark};
  const auto read = co_await link_.call(std::move(where));
  if (!read.ok()) co_return;
  const std::string from = read.text() ? "(" + std::string(*read.text()) : "-";
  cache::Command range{"XRANGE", cache::keys::resolutions, from, "+", "COUNT", "100"};
  const auto said = co_await link_.call(std::move(range));
  std::string last;
  for (std::size_t i = 0; i < said.size(); ++i) {
    const auto entry = cache::stream_entry(said.element(i));
    last = entry.id;
    const bool ours = !entry.fields.empty() && entry.fields.front().second == journal_.gateway_id();
    if (ours)
      journal_.append(cache::RecordKind::settled, cache::wall_clock(),
                      cache::resolution_record(entry.fields));
  }
  if (last.empty()) co_return;
  cache::Command set{"SET", mark, last};
  co_await link_.call(std::move(set));
}

namespace {

// What a reload would bring into force, and how it sits with the last day's decisions.
struct Candidate {
  config::Loaded<std::shared_ptr<const config::Installation>> loaded;
  config::FileStamps files;
  std::string over_budget;  // empty: within
};

Candidate read_candidate(const config::Settings& settings, const std::string& policy_in_force) {
  const config::FilesRead read;
  Candidate out{config::load_installation(settings), read.stamps()};
  if (!out.loaded || (*out.loaded.value)->policy.digest == policy_in_force) return out;
  if (settings.activation_flips >= 1) return out;
  const auto since = cache::wall_clock() - std::chrono::hours(24);
  // Counts of rolling limits reach back a month at most where a record does not state them.
  const auto found = cache::replay_journal(settings.journal.directory, (*out.loaded.value)->rules, since,
                                           since - std::chrono::hours(24 * 31));
  out.over_budget = over_budget(found, settings.activation_flips);
  return out;
}

}  // namespace

Task<config::Errors> Control::reload(std::string by) {
  while (reloading_) co_await pause(10ms);
  reloading_ = true;
  const Supervisor::Reload told(supervisor_);
  auto work = [this, in_force = site_->policy.digest]() -> Task<Candidate> {
    co_return read_candidate(settings_, in_force);
  };
  config::Errors errors;
  Candidate candidate;
  try {
    candidate = co_await asio::co_spawn(loader_, std::move(work), asio::use_awaitable);
    errors = std::move(candidate.loaded.errors);
  } catch (const std::exception& trouble) {
    errors.push_back({.file = settings_.policy.string(), .text = trouble.what()});
  }
  std::optional<FlipApproval> approval;
  if (errors.empty() && !candidate.over_budget.empty()) {
    approval = co_await approval_of(link_, (*candidate.loaded.value)->policy.digest);
    if (!approval) errors.push_back({.file = settings_.policy.string(), .text = candidate.over_budget});
  }
  reloading_ = false;
  watch_.expect(std::move(candidate.files));
  metrics_.set(Metric::reload_successful, {}, errors.empty() ? 1 : 0);
  if (!errors.empty()) {
    last_reload_error_ = errors.front().print();
    for (const auto& one : errors)
      log::error("reload refused; the old files stay in force", {{"error", one.print()}, {"by", by}});
    co_return errors;
  }
  last_reload_error_.clear();
  metrics_.set(Metric::reload_success_time, {}, unix_seconds(cache::wall_clock()));
  site_ = *candidate.loaded.value;
  site_since_ = cache::wall_clock();
  // On record before anything is decided by it.
  const auto record =
      approval ? policy_record(*site_, approval->by, approval->reason) : policy_record(*site_, by, "");
  journal_.append(cache::RecordKind::policy, cache::wall_clock(), record);
  for (auto& worker : workers_) worker->publish(site_);
  log::info("reloaded", {{"policy", site_->policy.digest}, {"by", by}});
  co_return errors;
}

Task<> Control::reload_unasked(std::string by) { co_await reload(std::move(by)); }

Task<> Control::wait_for_signals() {
  while (true) {
    error_code failed;
    const int signal = co_await signals_.async_wait(asio::redirect_error(asio::use_awaitable, failed));
    if (failed) co_return;
    if (signal == SIGHUP) {
      asio::co_spawn(context_, reload_unasked("SIGHUP"), asio::detached);
    } else if (shared_.draining.exchange(true)) {
      log::warn("second signal: ending now");
      std::_Exit(1);
    } else {
      log::info("draining");
      asio::co_spawn(context_, drain(), asio::detached);
    }
  }
}

void Control::open_doors() {
  for (auto& worker : workers_) worker->open_doors();
}

Task<> Control::open_doors_when_ready() {
  while (!why_not_ready().empty()) {
    if (shared_.draining) co_return;
    co_await pause(20ms);
  }
  open_doors();
}

// Not ready at once; keep accepting while load balancers notice; let handshakes end; then finish what is
// there.
Task<> Control::drain() {
  supervisor_.stopping(settings_.drain.accept + settings_.drain.wait + 30s);
  co_await pause(settings_.drain.accept);
  for (auto& worker : workers_) worker->hear_no_more();
  co_await pause(handshake);
  for (auto& worker : workers_) worker->stop_accepting();
  const auto until = std::chrono::steady_clock::now() + settings_.drain.wait;
  while (std::chrono::steady_clock::now() < until) {
    std::size_t busy = 0;
    for (const auto& report : reports()) busy += report.sessions + report.backlog;
    if (busy == 0) break;
    co_await pause(20ms);
  }
  for (auto& worker : workers_) worker->join();
  co_await recovery_.leave();
  if (spans_) co_await spans_->finish();
  ended_ = true;
  beat_timer_.cancel();
  journal_.set_open_from({});
  follower_.stop();
  link_.stop();
  admin_.stop();
  watch_.stop();
  signals_.cancel();
  dog_.stop();
  log::info("drained");
}

// (how the gateway is: control_health.cpp)

}  // namespace sekisho::gateway
