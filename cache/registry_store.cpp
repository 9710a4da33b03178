#include "cache/registry_store.h"

#include <openssl/rand.h>

#include <charconv>

#include "cache/keys.h"
#include "cache/record_codec.h"
#include "cache/redis_ledger.h"

namespace sekisho::cache {
using namespace std::chrono_literals;
using policy::RecordPtr;

namespace {

// Registry traffic may be large; it never stands in the way of an order.
constexpr auto patience = 30s;
constexpr std::size_t inline_max = 200;  // records that one script call puts in place
constexpr std::size_t batch_records = 200, batches_at_once = 16;
constexpr auto change_kept = "3600000";  // ms; a gateway further behind loads all

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

// Into packed records; one that cannot be read is left out.
void add_all(const std::vector<std::string_view>& lines, std::vector<RecordPtr>& records) {
  for (auto& record : decode_all(lines))
    if (record) records.push_back(std::move(record));
}
void add_record(std::string_view text, std::vector<RecordPtr>& records) {
  if (const auto record = decode(text)) records.push_back(policy::PackedRecord::of(*record));
}

std::vector<std::string_view> lines_of(std::string_view batch) {
  std::vector<std::string_view> lines;
  while (!batch.empty()) {
    lines.push_back(batch.substr(0, batch.find('\n')));
    batch.remove_prefix(std::min(batch.size(), lines.back().size() + 1));
  }
  return lines;
}

// A record as the change with this version leaves it; the day from which it holds is the record's own.
std::string stamped(const policy::PackedRecord& record, const policy::Version& version) {
  auto made = record.unpack();
  made.version.serial = version.serial;
  made.version.known_at = version.known_at;
  return encode(made);
}

RegistryEvent event_of(const StreamEntry& entry) {
  RegistryEvent event;
  for (const auto& [field, value] : entry.fields) {
    if (field == "serial") event.serial = number(value);
    if (field == "id") event.id = value;
    if (field == "after") event.after = value;
    if (field == "kind")
      event.change.kind =
          policy::parse_word<RegistryChange::Kind>(value).value_or(RegistryChange::Kind::import);
    if (field == "at") event.change.at = policy::from_ms(std::int64_t(number(value)));
    if (field == "by") event.change.by = value;
    if (field == "reason") event.change.reason = value;
    if (field == "count") event.count = number(value);
    if (field == "batches") event.batches = number(value);
    if (field == "record") add_record(value, event.records);
    if (field.starts_with("meta.")) event.change.meta[field.substr(5)] = value;
  }
  return event;
}

}  // namespace

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
    else if (field == "head")
      meta.head = value;
    else if (field == "unfolded")
      meta.unfolded = number(value);
    else
      meta.fields[field] = value;
  }
  co_return meta;
}

Task<std::optional<WholeRegistry>> RegistryStore::load() {
  // First the newest changes, then the present: what changes in between is told again, and does no harm.
  Command newest{"XREVRANGE", keys::registry_events, "+", "-", "COUNT", "1000"};
  const auto last = co_await link_.call(std::move(newest), patience);
  const auto head = co_await meta();
  if (!last.ok() || !head) co_return std::nullopt;
  WholeRegistry whole{.epoch = head->epoch, .head = head->head, .stream_id = "0-0", .fields = head->fields};
  for (std::size_t i = last.size(); i-- > 0;) {
    const auto entry = stream_entry(last.element(i));
    const auto event = event_of(entry);
    if (event.serial > head->serial) continue;
    whole.stream_id = entry.id;
    whole.recent.emplace_back(event.serial, event.id);
  }

  std::size_t expected = 0;
  if (on_load) {
    Command length{"HLEN", keys::registry_operators};
    const auto answer = co_await link_.call(std::move(length), patience);
    expected = std::size_t(answer.integer().value_or(0));
    on_load(0, expected);
  }
  std::vector<RecordPtr> records;
  std::string cursor = "0";
  do {
    Command scan{"HSCAN", keys::registry_operators, cursor, "COUNT", "20000"};
    const auto answer = co_await link_.call(std::move(scan), patience);
    if (!answer.ok()) co_return std::nullopt;
    cursor = answer.text(0).value_or("0");
    const auto* found = answer.element(1);
    std::vector<std::string_view> lines;
    for (std::size_t i = 1; i < elements(found); i += 2) lines.push_back(text_at(found, i));
    add_all(lines, records);
    if (on_load) on_load(cursor == "0" ? expected : std::min(records.size(), expected), expected);
  } while (cursor != "0");
  const policy::Registry empty;
  whole.registry = empty.with(std::move(records), head->serial, sources_of(head->fields));
  if (head->unfolded == 0) co_return whole;

  // A large change is in force and not folded in: it lies over all that is older.
  const auto over = co_await batches_of(head->unfolded);
  if (!over) co_return std::nullopt;
  std::vector<RecordPtr> newer;
  for (const auto& record : *over) {
    const auto* under = whole.registry->find(record->id());
    if (!under || under->serial() < record->serial()) newer.push_back(record);
  }
  whole.registry = whole.registry->with(std::move(newer), head->serial, whole.registry->sources());
  co_return whole;
}

Task<RecordPtr> RegistryStore::find(const policy::OperatorId& id, bool& reachable) {
  Command get{"HGET", keys::registry_operators, id.text()};
  const auto answer = co_await link_.call(std::move(get), 2s);
  reachable = answer.ok();
  if (!answer.text()) co_return nullptr;
  const auto record = decode(*answer.text());
  co_return record ? policy::PackedRecord::of(*record) : nullptr;
}

Task<std::optional<std::vector<policy::OperatorRecord>>> RegistryStore::history(
    const policy::OperatorId& id) {
  Command past{"LRANGE", keys::registry_past(id.text()), "0", "-1"};
  const auto before = co_await link_.call(std::move(past), patience);
  bool reachable = false;
  const auto now = co_await find(id, reachable);
  if (!before.ok() || !reachable) co_return std::nullopt;
  std::vector<policy::OperatorRecord> out;
  for (std::size_t i = 0; i < before.size(); ++i)
    if (auto record = decode(before.text(i).value_or(""))) out.push_back(std::move(*record));
  if (now) out.push_back(now->unpack());
  co_return out;
}

// Batches go to a list that nobody reads before the commit names it.
Task<bool> RegistryStore::stage(const std::string& staging, const policy::Version& version,
                                const std::vector<RecordPtr>& records) {
  if (on_stage) on_stage(0, records.size());
  std::size_t batch = 0;
  for (std::size_t at = 0; at < records.size(); at += batch_records) {
    std::string lines;
    for (std::size_t i = at; i < std::min(at + batch_records, records.size()); ++i)
      lines += stamped(*records[i], version) + "\n";
    Command push{"RPUSH", staging, std::move(lines)};
    const bool last = at + batch_records >= records.size();
    if (++batch % batches_at_once != 0 && !last) {
      link_.post(push);
      continue;
    }
    const auto pushed = co_await link_.call(std::move(push), patience);
    Command expire{"PEXPIRE", staging, change_kept};
    const auto expires = co_await link_.call(std::move(expire), patience);
    if (!pushed.ok() || !expires.ok()) co_return false;
    if (on_stage) on_stage(std::min(at + batch_records, records.size()), records.size());
  }
  co_return true;
}

Task<std::optional<std::uint64_t>> RegistryStore::commit(std::uint64_t seen, const RegistryChange& change,
                                                         const std::vector<RecordPtr>& records,
                                                         const Fences& fences) {
  const policy::Version version{.serial = seen + 1, .known_at = change.at};
  const bool large = records.size() > inline_max;
  const auto staging = keys::registry_staging(fresh_token());
  if (large) {
    if (!co_await mend()) co_return std::nullopt;
    if (!co_await stage(staging, version, records)) co_return std::nullopt;
  }
  std::vector<std::string> args{
      std::to_string(seen),
      fresh_token(),
      fresh_token(),
      std::string(policy::name(change.kind)),
      std::to_string(policy::to_ms(change.at)),
      change.by,
      change.reason,
      std::to_string(records.size()),
      std::to_string(large ? (records.size() + batch_records - 1) / batch_records : 0),
      std::to_string(change.meta.size())};
  for (const auto& [field, value] : change.meta) {
    args.push_back(field);
    args.push_back(value);
  }
  for (std::size_t i = 0; !large && i < records.size(); ++i) {
    args.emplace_back(records[i]->id());
    args.push_back(stamped(*records[i], version));
  }
  std::vector<std::string> keys{keys::registry_operators, keys::registry_events, keys::registry_meta,
                                staging};
  const auto answer = co_await link_.run(script("registry_commit"), std::move(keys), std::move(args));
  if (!answer.ok() || !answer.integer() || *answer.integer() < -1) co_return std::nullopt;
  if (*answer.integer() <= 0) {
    if (large) link_.post({"DEL", staging});
    co_return std::uint64_t(0);
  }
  const auto serial = std::uint64_t(*answer.integer());
  const bool fenced = co_await set_fences(serial, fences);
  if (!fenced) co_return std::nullopt;
  if (large && !co_await fold(serial, records.size())) co_return std::nullopt;
  co_return serial;
}

// A fence stands before the revoked, and before whoever carries on for it: orders of a merged operator are
// held on its successor's account, and a gateway must have heard of the revocation before it takes one. Those
// that have are not held up. A fence that nobody needs any more falls.
Task<bool> RegistryStore::set_fences(std::uint64_t serial, const Fences& fences) {
  RedisLedger ledger(link_, {});
  for (const auto& revoked : fences.raise) {
    auto at = revoked;
    for (int hops = 0; !at.empty() && hops <= policy::Registry::mergers_max; ++hops) {
      bool reachable = false;
      const bool fenced = co_await ledger.fence(at, serial);
      const auto known = co_await find(at, reachable);
      if (!fenced || !reachable) co_return false;
      at = known ? policy::OperatorId::parse(known->merged_into()).value_or(policy::OperatorId())
                 : policy::OperatorId();
    }
  }
  for (const auto& id : fences.lower)
    if (!co_await ledger.fence(id, 0)) co_return false;
  co_return true;
}

Task<bool> RegistryStore::mend() {
  const auto head = co_await meta();
  if (!head) co_return false;
  if (head->unfolded == 0) co_return true;
  co_return co_await fold(head->unfolded);
}

// `records`: how many there are, where that is known.
Task<bool> RegistryStore::fold(std::uint64_t serial, std::size_t records) {
  const auto change = keys::registry_change(serial);
  Command length{"LLEN", change};
  const auto batches = co_await link_.call(std::move(length), patience);
  if (!batches.ok()) co_return false;
  const auto count = std::size_t(batches.integer().value_or(0));
  const auto all = records > 0 ? records : count * batch_records;
  if (on_fold) on_fold(0, all);
  for (std::size_t i = 0; i < count; ++i) {
    Command get{"LINDEX", change, std::to_string(i)};
    const auto batch = co_await link_.call(std::move(get), patience);
    if (!batch.text()) co_return false;
    std::vector<std::string> keys{keys::registry_operators}, args{std::to_string(serial)};
    for (const auto line : lines_of(*batch.text())) {
      const auto record = decode(line);
      if (!record) continue;
      args.push_back(record->id.text());
      args.emplace_back(line);
    }
    const auto folded = co_await link_.run(script("registry_fold"), std::move(keys), std::move(args));
    if (!folded.ok()) co_return false;
    const bool last = i + 1 == count;
    if (on_fold && (last || (i + 1) % batches_at_once == 0))
      on_fold(last ? all : (i + 1) * batch_records, all);
  }
  Command done{"HDEL", keys::registry_meta, "unfolded"}, expire{"PEXPIRE", change, change_kept};
  const auto cleared = co_await link_.call(std::move(done), patience);
  link_.post(expire);
  co_return cleared.ok();
}

Task<std::optional<std::vector<RecordPtr>>> RegistryStore::batches_of(std::uint64_t serial) {
  std::vector<RecordPtr> records;
  for (std::size_t from = 0;; from += batches_at_once) {
    Command range{"LRANGE", keys::registry_change(serial), std::to_string(from),
                  std::to_string(from + batches_at_once - 1)};
    const auto batches = co_await link_.call(std::move(range), patience);
    if (!batches.ok()) co_return std::nullopt;
    for (std::size_t i = 0; i < batches.size(); ++i) add_all(lines_of(batches.text(i).value_or("")), records);
    if (batches.size() < batches_at_once) break;
  }
  co_return records;
}

Task<std::optional<std::vector<RegistryEvent>>> RegistryStore::news(std::string& stream_id,
                                                                    std::chrono::milliseconds block) {
  Command read{"XREAD", "COUNT", "1000"};
  if (block.count() > 0) {
    read.add("BLOCK").add(block.count());
  }
  read.add("STREAMS").add(keys::registry_events).add(stream_id);
  const auto news = co_await link_.call(std::move(read), block + 1000ms);
  if (!news.ok()) co_return std::nullopt;
  std::vector<RegistryEvent> out;
  for (const auto& entry : stream_entries(news, keys::registry_events)) {
    auto event = event_of(entry);
    if (event.batches > 0) {
      auto records = co_await batches_of(event.serial);
      if (!records || records->size() != event.count) co_return std::nullopt;
      event.records = std::move(*records);
    }
    stream_id = entry.id;
    out.push_back(std::move(event));
  }
  co_return out;
}

Task<std::optional<std::vector<RegistryEvent>>> RegistryStore::events() {
  std::vector<RegistryEvent> out;
  std::string from = "-";
  while (true) {
    Command range{"XRANGE", keys::registry_events, from, "+", "COUNT", "500"};
    const auto answer = co_await link_.call(std::move(range), patience);
    if (!answer.ok()) co_return std::nullopt;
    for (std::size_t i = 0; i < answer.size(); ++i) {
      const auto entry = stream_entry(answer.element(i));
      from = "(" + entry.id;
      out.push_back(event_of(entry));
    }
    if (answer.size() < 500) co_return out;
  }
}

}  // namespace sekisho::cache
