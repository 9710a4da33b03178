// How the gateway is: ready or why not, what is degraded, its metrics and its status.
#include <boost/json.hpp>
#include <limits>

#include "cache/clock.h"
#include "gateway/certificates.h"
#include "gateway/control.h"
#include "gateway/counting.h"
#include "gateway/freshness.h"
#include "gateway/version.h"

namespace sekisho::gateway {
using namespace std::chrono_literals;
namespace json = boost::json;

std::vector<Worker::Report> Control::reports() {
  std::vector<std::future<Worker::Report>> asked;
  for (auto& worker : workers_) asked.push_back(worker->report());
  std::vector<Worker::Report> out;
  for (auto& one : asked)
    if (one.wait_for(500ms) == std::future_status::ready) out.push_back(one.get());
  return out;
}

std::vector<std::string> Control::why_not_ready() const {
  std::vector<std::string> out;
  if (shared_.draining) out.push_back("draining");
  if (!link_.up() && recovery_.epoch() == 0) {
    const auto why = link_.trouble();
    out.push_back("redis: not reached yet" + (why.empty() ? "" : ": " + why));
  }
  if (registry_->serial() == 0)
    out.push_back("registry: no snapshot loaded yet, neither from Redis nor from a copy");
  else if (shared_.known.in_step == 0)
    out.push_back("registry: not yet in step with Redis");  // until then no order is decided (registry-stale)
  for (const auto& [which, age] : settings_.sources)
    if (!registry_->source(which).verified_at)
      out.push_back("registry: the register '" + std::string(policy::name(which)) + "' was never imported");
  if (!journal_trouble_.empty())
    out.push_back("journal: " + journal_trouble_);
  else if (!recovery_.has_told())
    out.push_back("ledger: not yet reconciled with the journal");
  return out;
}

std::vector<std::string> Control::degraded() const {
  std::vector<std::string> out;
  const auto fresh = freshness(settings_, shared_.known, cache::boot_ms());
  if (fresh.stale)
    out.push_back("registry-stale: orders are answered with 503");
  else if (fresh.past_soft)
    out.push_back("registry past its soft age: orders are decided and marked");
  if (shared_.known.in_step == 0 && copy_seen_at_ != policy::Instant{})
    out.push_back("registry from the copy on disk, in step until " + policy::iso_jst(copy_seen_at_));
  if (const auto trouble = follower_.copy_trouble(); !trouble.empty())
    out.push_back("registry copy: " + trouble);
  if (const auto behind = shared_.dates.behind(cache::wall_clock()); behind > 1min)
    out.push_back("the clock was set back by " + std::to_string(behind / 1s) +
                  " s: dates stay where they were until it comes there");
  if (!link_.up()) out.push_back("ledger-unavailable: no link to Redis; orders are answered with 503");
  if (recovery_.has_told())
    for (const auto& one : recovery_.obstacles()) out.push_back(one + "; orders are answered with 503");
  if (!journal_.writable()) out.push_back("journal-unavailable: orders are answered with 503");
  if (!last_reload_error_.empty()) out.push_back("the last reload was refused: " + last_reload_error_);
  return out;
}

std::string Control::metrics_text() {
  Metrics all = metrics_;
  bool redis_up = link_.up();
  std::size_t sessions = 0, busy = 0, backlog = 0;
  for (const auto& report : reports()) {
    all.merge(report.metrics);
    redis_up &= report.redis_up;
    sessions += report.sessions;
    busy += report.busy;
    backlog += report.backlog;
  }
  constexpr double never = std::numeric_limits<double>::infinity();
  const auto now = cache::wall_clock();
  const auto today = shared_.dates.today(now);
  const auto boot_now = cache::boot_ms();
  const auto age = [&](std::int64_t at) { return at == 0 ? never : double(boot_now - at) / 1000; };
  count_from_zero(all, *site_);
  note_certificates(all, settings_, *site_);
  if (spans_) spans_->count(all);
  all.set(Metric::ready, {}, why_not_ready().empty() ? 1 : 0);
  all.set(Metric::redis_up, {}, redis_up);
  all.set(Metric::connections, {"idle"}, double(sessions - busy));
  all.set(Metric::connections, {"active"}, double(busy));
  all.set(Metric::ledger_backlog, {}, double(backlog));
  all.set(Metric::ledger_admitting, {}, shared_.books.admits() ? 1 : 0);
  all.set(Metric::ledger_restored, {}, double(recovery_.restored()));
  all.set(Metric::registry_serial, {}, double(registry_->serial()));
  all.set(Metric::registry_link_age, {}, age(shared_.known.in_step));
  for (std::size_t i = 0; i < policy::count_of<policy::Register>(); ++i)
    all.set(Metric::registry_age, {policy::name(static_cast<policy::Register>(i))},
            age(shared_.known.verified[i]));
  const auto limits = [&](std::string_view source, const config::Age& allowed) {
    all.set(Metric::registry_age_limit, {source, "soft"}, double(allowed.soft.count()) / 1000);
    all.set(Metric::registry_age_limit, {source, "hard"}, double(allowed.hard.count()) / 1000);
  };
  limits("link", settings_.link);
  for (const auto& [which, allowed] : settings_.sources) limits(policy::name(which), allowed);
  all.set(Metric::registry_copy_failed, {}, follower_.copy_trouble().empty() ? 0 : 1);
  all.set(Metric::clock_behind, {}, double(shared_.dates.behind(now).count()) / 1000);
  const auto states = census_.states(today);
  for (std::size_t i = 0; i < states.size(); ++i)
    all.set(Metric::registry_operators, {policy::name(static_cast<policy::EtocState>(i))}, double(states[i]));
  for (const int days : {1, 7, 14, 30, 60, 90})
    all.set(Metric::certificates_expiring, {std::to_string(days) + "d"},
            double(census_.expiring(today, days)));
  const auto journal = journal_.counters();
  all.set(Metric::journal_lag, {}, double(journal.lag_records));
  all.set(Metric::journal_writable, {}, journal.writable ? 1 : 0);
  all.set(Metric::journal_gap, {}, double(journal.gaps));
  all.put(Metric::journal_fsync, {},
          histogram_of(cache::sync_bounds(), journal.sync_buckets, journal.sync_seconds_sum));
  return all.text();
}

std::string Control::status_json() {
  json::array not_ready, troubled;
  for (const auto& one : why_not_ready()) not_ready.emplace_back(one);
  for (const auto& one : degraded()) troubled.emplace_back(one);
  const auto head = journal_.head();
  const json::object out{{"version", version},
                         {"gateway", journal_.gateway_id()},
                         {"boot", journal_.boot()},
                         {"ready", not_ready.empty()},
                         {"not_ready", not_ready},
                         {"degraded", troubled},
                         {"policy", {{"name", site_->policy.name}, {"digest", site_->policy.digest}}},
                         {"registry", registry_status()},
                         {"journal", {{"seq", head.seq}, {"mac", head.mac}}},
                         {"workers", workers_.size()}};
  return json::serialize(out) + "\n";
}

}  // namespace sekisho::gateway
