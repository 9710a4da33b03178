#include "policy/registry.h"

#include <map>

namespace sekisho::policy {

EtocState etoc_on(const OperatorRecord& record, JstDate day) {
  if (record.act && record.act->revoked) return EtocState::revoked;
  const auto& etoc = record.etoc;
  const bool lapses = etoc.state == EtocState::certified || etoc.state == EtocState::objection;
  if (lapses && etoc.valid_until && day > *etoc.valid_until) return EtocState::expired;
  return etoc.state;
}

const OperatorRecord* Registry::find(const OperatorId& id) const {
  const auto& shard = shards_[shard_of(id)];
  if (!shard) return nullptr;
  const auto entry = shard->find(id);
  return entry == shard->end() ? nullptr : entry->second.get();
}

std::shared_ptr<const Registry> Registry::with(const std::vector<RecordPtr>& changed, std::uint64_t serial,
                                               const std::array<SourceStatus, 4>& sources) const {
  auto next = std::make_shared<Registry>(*this);  // copies pointers to shards, not shards
  next->serial_ = serial;
  next->sources_ = sources;
  std::map<std::size_t, std::shared_ptr<Shard>> touched;
  for (const auto& record : changed) {
    auto& shard = touched[shard_of(record->id)];
    if (!shard) {
      const auto& old = shards_[shard_of(record->id)];
      shard = old ? std::make_shared<Shard>(*old) : std::make_shared<Shard>();
    }
    next->size_ += shard->insert_or_assign(record->id, record).second;
  }
  for (auto& [index, shard] : touched) next->shards_[index] = std::move(shard);
  return next;
}

}  // namespace sekisho::policy
