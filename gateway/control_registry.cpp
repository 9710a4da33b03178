// The control thread's part in the registry: what is new goes to the workers, into the counts, the journal
// and the log.
#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "cache/clock.h"
#include "gateway/control.h"
#include "gateway/log.h"
#include "gateway/records.h"

namespace sekisho::gateway {
namespace json = boost::json;

void Control::publish(const cache::RegistryFollower::News& news) {
  using From = cache::RegistryFollower::News::From;
  if (!news.trouble.empty()) log::error("the registry's copy", {{"error", news.trouble}});
  if (!news.registry) return;
  const auto before = std::exchange(registry_, news.registry);
  if (news.from == From::copy) {
    copy_seen_at_ = news.seen_at;
    shared_.dates.not_before(news.seen_at);
  }
  const auto now = std::max(cache::wall_clock(), shared_.dates.latest());
  shared_.known.heard_of(before->sources(), registry_->sources(), cache::boot_ms(), now);
  for (auto& worker : workers_) worker->publish(registry_);

  if (news.from != From::stream) {
    census_.count(*registry_);
    const bool copied = news.from == From::copy;
    metrics_.add(Metric::registry_loaded, {copied ? "copy" : "redis"});
    log::info(copied ? "registry loaded from the copy on disk" : "registry loaded",
              {{"serial", std::to_string(registry_->serial())},
               {"operators", std::to_string(registry_->size())},
               {"in_step_until", copied ? policy::iso_jst(news.seen_at) : policy::iso_jst(now)}});
    journal_.append(cache::RecordKind::registry, cache::wall_clock(),
                    registry_record(registry_->serial(), copied ? "loaded from copy" : "loaded", "", "", {}));
    return;
  }
  std::set<std::string_view> counted;
  for (const auto& event : news.changes) {
    for (const auto& record : event.records)
      if (counted.insert(record->id()).second)
        census_.change(before->find(record->id()), *registry_->find(record->id()));
    tell_of(event);
  }
}

void Control::tell_of(const cache::RegistryEvent& event) {
  const auto& change = event.change;
  const auto delay = unix_seconds(cache::wall_clock()) - unix_seconds(change.at);
  if (change.kind == cache::RegistryChange::Kind::revoke)
    metrics_.observe(Metric::revocation_delay, {}, std::max(0.0, delay));
  std::vector<std::string> operators;
  for (std::size_t i = 0; i < event.records.size() && i < 100; ++i)
    operators.emplace_back(event.records[i]->id());
  journal_.append(
      cache::RecordKind::registry, cache::wall_clock(),
      registry_record(event.serial, policy::name(change.kind), change.by, change.reason, operators));
  log::info("registry changed", {{"serial", std::to_string(event.serial)},
                                 {"change", std::string(policy::name(change.kind))},
                                 {"operators", std::to_string(event.records.size())}});
}

json::object Control::registry_status() const {
  const auto boot_now = cache::boot_ms();
  const auto age = [&](std::int64_t at) {
    return at == 0 ? json::value(nullptr) : json::value(double(boot_now - at) / 1000);
  };
  json::object sources;
  for (std::size_t i = 0; i < shared_.known.verified.size(); ++i)
    sources[policy::name(static_cast<policy::Register>(i))] = age(shared_.known.verified[i]);
  return {{"serial", registry_->serial()},
          {"operators", registry_->size()},
          {"link_age_seconds", age(shared_.known.in_step)},
          {"source_age_seconds", std::move(sources)},
          {"copy", settings_.copy_file().string()}};
}

}  // namespace sekisho::gateway
