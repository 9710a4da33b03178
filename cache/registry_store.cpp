#include "cache/registry_store.h"

#include <openssl/rand.h>

#include <charconv>

#include "cache/keys.h"
#include "cache/record_codec.h"
#include "cache/redis_ledger.h"

namespace sekisho::cache {
using namespace std::chrono_literals;

namespace {

// Registry traffic may be large; it never stands in the way of an order.
constexpr auto patience = 30s;

std::uint64_t number(std::string_view digits) {
  std::uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

std::string fresh_token() {
  unsigned char bytes[8];
  RAND_bytes(bytes, sizeof bytes);
  std::string hex;
  for (unsigned char byte : bytes) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

}  // namespace

std::string meta_field(policy::Register which, std::string_view what) {
  return std::string(policy::name(which)) + "." + std::string(what);
}

std::array<policy::SourceStatus, 4> RegistryMeta::sources() const {
  std::array<policy::SourceStatus, 4> out;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto which = static_cast<policy::Register>(i);
    const auto field = [&](std::string_view what) {
      const auto found = fields.find(meta_field(which, what));
      return found == fields.end() ? std::uint64_t(0) : number(found->second);
    };
    out[i].serial = field("serial");
    out[i].rows = field("rows");
    if (const auto at = field("verified_at")) out[i].verified_at = policy::from_ms(std::int64_t(at));
  }
  return out;
}

Task<std::optional<RegistryMeta>> RegistryStore::meta() {
  Command get{"HGETALL", keys::registry_meta};
  const auto answer = co_await link_.call(std::move(get), 2s);
  if (!answer.ok()) co_return std::nullopt;
  RegistryMeta meta;
  for (auto& [field, value] : answer.pairs()) {
    if (field == "serial")
      meta.serial = number(value);
    else if (field == "epoch")
      meta.epoch = value;
    else
      meta.fields[field] = value;
  }
  co_return meta;
}

Task<std::shared_ptr<const policy::Registry>> RegistryStore::load() {
  const auto head = co_await meta();
  if (!head) co_return nullptr;
  std::vector<policy::RecordPtr> records;
  std::string cursor = "0";
  do {
    Command scan{"HSCAN", keys::registry_operators, cursor, "COUNT", "5000"};
    const auto answer = co_await link_.call(std::move(scan), patience);
    if (!answer.ok()) co_return nullptr;
    cursor = answer.text(0).value_or("0");
    for (const auto& [id, record] : answer.pairs(1))
      if (auto decoded = decode(record))
        records.push_back(std::make_shared<policy::OperatorRecord>(std::move(*decoded)));
  } while (cursor != "0");
  const policy::Registry empty;
  co_return empty.with(records, head->serial, head->sources());
}

Task<policy::RecordPtr> RegistryStore::find(const policy::OperatorId& id, bool& reachable) {
  Command get{"HGET", keys::registry_operators, id.text()};
  const auto answer = co_await link_.call(std::move(get), 2s);
  reachable = answer.ok();
  if (!answer.text()) co_return nullptr;
  auto record = decode(*answer.text());
  if (!record) co_return nullptr;
  co_return std::make_shared<policy::OperatorRecord>(std::move(*record));
}

Task<std::optional<std::uint64_t>> RegistryStore::commit(std::uint64_t seen, const RegistryChange& change,
                                                         const std::vector<policy::RecordPtr>& records) {
  const auto staging = keys::registry_staging(fresh_token());
  Command stage{"HSET", staging};
  for (std::size_t i = 0; i < records.size(); ++i) {
    auto stamped = *records[i];
    stamped.serial = seen + 1;
    stage.push_back(stamped.id.text());
    stage.push_back(encode(stamped));
    if (stage.size() < 2002 && i + 1 < records.size()) continue;
    const auto staged = co_await link_.call(stage, patience);
    if (!staged.ok()) co_return std::nullopt;
    stage.resize(2);
  }
  Command commit{"EVAL",
                 std::string(script("registry_commit").source),
                 "4",
                 keys::registry_operators,
                 keys::registry_events,
                 keys::registry_meta,
                 staging,
                 std::to_string(seen),
                 std::string(policy::name(change.kind)),
                 std::to_string(policy::to_ms(change.at)),
                 change.by,
                 change.reason,
                 fresh_token()};
  for (const auto& [field, value] : change.meta) {
    commit.push_back(field);
    commit.push_back(value);
  }
  const auto answer = co_await link_.call(std::move(commit), patience);
  if (!answer.ok() || !answer.integer()) co_return std::nullopt;
  const auto serial = std::uint64_t(*answer.integer());
  if (serial == 0) co_return serial;
  // A fence stands exactly before the revoked; an older one would hold up an operator for nothing.
  RedisLedger ledger(link_, {});
  const auto today = policy::JstDate::of(change.at);
  for (const auto& record : records) {
    const bool revoked = policy::etoc_on(*record, today) == policy::EtocState::revoked;
    const std::uint64_t fence = revoked ? serial : 0;
    const bool done = co_await ledger.fence(record->id, fence);
    if (!done) co_return std::nullopt;
  }
  co_return serial;
}

Task<std::optional<std::vector<RegistryEvent>>> RegistryStore::events() {
  std::vector<RegistryEvent> out;
  EventAssembler assembler;
  std::string from = "-";
  while (true) {
    Command range{"XRANGE", keys::registry_events, from, "+", "COUNT", "500"};
    const auto answer = co_await link_.call(std::move(range), patience);
    if (!answer.ok()) co_return std::nullopt;
    for (std::size_t i = 0; i < answer.size(); ++i) {
      const auto entry = stream_entry(answer.element(i));
      from = "(" + entry.id;
      if (auto event = assembler.add(entry.fields)) out.push_back(std::move(*event));
    }
    if (answer.size() < 500) co_return out;
  }
}

std::optional<RegistryEvent> EventAssembler::add(
    const std::vector<std::pair<std::string, std::string>>& fields) {
  bool commit = false;
  std::uint64_t serial = 0;
  for (const auto& [field, value] : fields)
    if (field == "serial") serial = number(value);
  if (serial != open_.serial) open_ = RegistryEvent{.serial = serial};
  for (const auto& [field, value] : fields) {
    if (field == "record") {
      if (auto record = decode(value))
        open_.records.push_back(std::make_shared<policy::OperatorRecord>(std::move(*record)));
    } else if (field == "commit") {
      commit = true;
      open_.change.kind =
          policy::parse_word<RegistryChange::Kind>(value).value_or(RegistryChange::Kind::import);
    } else if (field == "at") {
      open_.change.at = policy::from_ms(std::int64_t(number(value)));
    } else if (field == "by") {
      open_.change.by = value;
    } else if (field == "reason") {
      open_.change.reason = value;
    } else if (field.starts_with("meta.")) {
      open_.change.meta[field.substr(5)] = value;
    }
  }
  if (!commit) return std::nullopt;
  return std::exchange(open_, {});
}

}  // namespace sekisho::cache
