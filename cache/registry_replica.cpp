#include "cache/registry_replica.h"

#include <algorithm>
#include <charconv>

namespace sekisho::cache {
using policy::OperatorRecord;
using policy::PackedRecord;
using policy::RecordPtr;

namespace {

// Enough to find where two ways parted; a longer one is rare, and then the serials must do.
constexpr std::size_t recent_max = 1000;

// The record with the later of both acts.
RecordPtr with_later_act(const RecordPtr& record, const PackedRecord* old) {
  if (!old || !old->has_act()) return record;
  auto mine = record->unpack();
  const auto theirs = old->unpack();
  const auto& act = policy::later_act(mine.act, theirs.act);
  if (act == mine.act) return record;
  mine.act = act;
  return PackedRecord::of(mine);
}

// What stands of an operator when Redis went another way after `common`. `now` null: Redis does not know it.
RecordPtr in_one_registry(const RecordPtr& mine, const RecordPtr& now, std::uint64_t common) {
  const bool changed_here = mine->serial() > common;
  if (!now) return changed_here ? mine : nullptr;
  const bool lost = changed_here && now->serial() <= common;
  return lost ? with_later_act(mine, now.get()) : with_later_act(now, mine.get());
}

// The same over a registry begun anew, of one that is revoked here: its revocation is all that is kept.
RecordPtr over_another(const RecordPtr& mine, const RecordPtr& now) {
  if (now) return with_later_act(now, mine.get());
  const auto known = mine->unpack();
  OperatorRecord bare{.id = known.id, .names = known.names, .act = known.act, .country = known.country};
  return PackedRecord::of(bare);
}

std::string text(const RegistryFields& fields, const std::string& field) {
  const auto found = fields.find(field);
  return found == fields.end() ? "" : found->second;
}

std::uint64_t number(const RegistryFields& fields, const std::string& field) {
  const auto digits = text(fields, field);
  std::uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

// The newer trust file, and of each register the newer list's number and date.
RegistryFields newer_marks(const RegistryFields& mine, const RegistryFields& found) {
  RegistryFields out;
  const auto keep = [&](const std::string& field) {
    if (const auto value = mine.find(field); value != mine.end()) out.insert(*value);
  };
  if (number(mine, keys_version_field) > number(found, keys_version_field)) {
    keep(keys_text_field);
    keep(keys_version_field);
  }
  for (std::size_t i = 0; i < policy::Sources().size(); ++i) {
    const auto field = [&](std::string_view what) {
      return meta_field(static_cast<policy::Register>(i), what);
    };
    const auto list = [&](const RegistryFields& of) {
      return std::pair(number(of, field("list_serial")), text(of, field("published")));
    };
    if (list(mine) <= list(found)) continue;
    // The digest tells the list with that number from another one.
    for (const auto* what : {"list_serial", "published", "digest"}) keep(field(what));
  }
  return out;
}

}  // namespace

bool RegistryReplica::same_as(std::string_view epoch, std::uint64_t serial, std::string_view head) const {
  return !empty() && epoch == whole_.epoch && serial == registry()->serial() && head == whole_.head;
}

bool RegistryReplica::behind(std::string_view epoch, std::uint64_t serial) const {
  return !empty() && epoch == whole_.epoch && serial > registry()->serial();
}

RegistryReplica::Taken RegistryReplica::apply(const RegistryEvent& event) {
  if (empty()) return Taken::missed;
  if (event.serial <= registry()->serial()) {
    for (const auto& [serial, id] : whole_.recent)
      if (serial == event.serial && id != event.id) return Taken::missed;
    return Taken::known;
  }
  if (event.serial != registry()->serial() + 1 || event.after != whole_.head) return Taken::missed;

  for (const auto& [field, value] : event.change.meta) whole_.fields[field] = value;
  std::vector<RecordPtr> records;
  records.reserve(event.records.size());
  for (const auto& record : event.records)
    records.push_back(with_later_act(record, registry()->find(record->id())));
  whole_.registry = registry()->with(std::move(records), event.serial, sources_of(whole_.fields));
  whole_.head = event.id;
  whole_.recent.emplace_back(event.serial, event.id);
  if (whole_.recent.size() > 2 * recent_max)
    whole_.recent.erase(whole_.recent.begin(), whole_.recent.end() - std::ptrdiff_t(recent_max));
  return Taken::applied;
}

// The serial up to which both went the same way.
std::uint64_t RegistryReplica::last_common(const WholeRegistry& found) const {
  for (auto mine = whole_.recent.rbegin(); mine != whole_.recent.rend(); ++mine)
    if (std::find(found.recent.begin(), found.recent.end(), *mine) != found.recent.end()) return mine->first;
  return std::min(registry()->serial(), found.registry->serial());
}

std::vector<RecordPtr> RegistryReplica::adopt(WholeRegistry found) {
  std::vector<RecordPtr> kept;
  lost_marks_.clear();
  const bool same_registry = found.epoch == whole_.epoch;
  if (!empty() && !(same_registry && found.head == whole_.head)) {
    const auto common = same_registry ? last_common(found) : 0;
    registry()->each([&](const PackedRecord& old) {
      if (same_registry ? old.serial() <= common && !old.has_act() : !old.revoked_by_act()) return;
      const auto mine = registry()->share(old.id()), now = found.registry->share(old.id());
      auto stands = same_registry ? in_one_registry(mine, now, common) : over_another(mine, now);
      if (stands != now) kept.push_back(std::move(stands));
    });
    if (same_registry && registry()->serial() > common)
      lost_marks_ = newer_marks(whole_.fields, found.fields);
  }
  whole_ = std::move(found);
  for (const auto& [field, value] : lost_marks_) whole_.fields[field] = value;
  if (!kept.empty()) whole_.registry = registry()->with(kept, registry()->serial(), registry()->sources());
  return kept;
}

}  // namespace sekisho::cache
