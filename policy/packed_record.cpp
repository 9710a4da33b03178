#include "policy/packed_record.h"

#include <cstring>
#include <limits>
#include <new>
#include <type_traits>

namespace sekisho::policy {
namespace {

constexpr auto no_day = std::numeric_limits<std::int32_t>::min();

std::int32_t number_of(const std::optional<JstDate>& day) {
  return day ? static_cast<std::int32_t>(day->day.time_since_epoch().count()) : no_day;
}

// Lengths take seven bits a byte, the last byte has its highest bit clear.
void put(std::string& body, std::string_view text) {
  auto size = text.size();
  for (; size >= 0x80; size >>= 7) body += static_cast<char>(size | 0x80);
  body += static_cast<char>(size);
  body += text;
}

std::string_view take(const char*& at) {
  std::size_t size = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(*at++);
    size |= static_cast<std::size_t>(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  const std::string_view text(at, size);
  at += size;
  return text;
}

}  // namespace

std::optional<JstDate> PackedRecord::day_of(std::int32_t day) {
  if (day == no_day) return std::nullopt;
  return JstDate{std::chrono::sys_days(std::chrono::days(day))};
}

bool PackedRecord::RefusalTerms::in_force(std::optional<NumberType> type, JstDate today) const {
  const auto day = number_of(today);
  if (from != no_day && day < from) return false;
  if (until != no_day && day > until) return false;
  return number_types.empty() || !type || number_types.has(*type);
}

PackedRecord::RefusalTerms PackedRecord::terms(std::size_t index) const {
  static_assert(std::is_trivially_copyable_v<RefusalTerms>);
  RefusalTerms out;
  std::memcpy(&out, body() + index * sizeof out, sizeof out);
  return out;
}

std::string_view PackedRecord::text(std::size_t index) const {
  const char* at = body() + refusals_ * sizeof(RefusalTerms);
  for (; index > 0; --index) take(at);
  return take(at);
}

RecordPtr PackedRecord::of(const OperatorRecord& record) {
  std::string body;
  for (const auto& refusal : record.refusals) {
    const RefusalTerms terms{refusal.number_types, number_of(refusal.from), number_of(refusal.until),
                             refusal.action, refusal.confidential};
    body.append(reinterpret_cast<const char*>(&terms), sizeof terms);
  }
  put(body, record.id.text());
  put(body, record.country);
  put(body, record.owner_group);
  put(body, record.merged_into.text());
  put(body, record.domestic_agent);
  put(body, record.notification_number);
  put(body, record.names.ja);
  put(body, record.names.kana);
  put(body, record.names.en);
  put(body, record.etoc.certificate);
  put(body, record.plan.checked_by);
  if (record.act) put(body, record.act->by);
  if (record.act) put(body, record.act->reason);
  for (const auto& name : record.names.former) put(body, name);
  for (const auto& refusal : record.refusals) put(body, refusal.reference);

  // One allocation: the count of owners, the record and its body lie together.
  using Word = std::uint64_t;
  static_assert(alignof(PackedRecord) <= alignof(Word));
  static_assert(std::is_trivially_destructible_v<PackedRecord>, "the block is freed, not destroyed");
  const auto words = (sizeof(PackedRecord) + body.size() + sizeof(Word) - 1) / sizeof(Word);
  auto block = std::make_shared_for_overwrite<Word[]>(words);
  auto* made = new (block.get()) PackedRecord();
  made->serial_ = record.version.serial;
  made->known_at_ = to_ms(record.version.known_at);
  made->effective_ = number_of(record.version.effective);
  made->certified_on_ = number_of(record.etoc.certified_on);
  made->valid_until_ = number_of(record.etoc.valid_until);
  made->checked_on_ = number_of(record.plan.checked_on);
  made->first_supply_ = number_of(record.track_record.first_supply);
  made->numbers_elsewhere_ = record.track_record.numbers_elsewhere;
  made->size_ = static_cast<std::uint32_t>(body.size());
  made->plan_types_ = record.plan.number_types;
  made->refusals_ = static_cast<std::uint16_t>(record.refusals.size());
  made->former_names_ = static_cast<std::uint16_t>(record.names.former.size());
  made->etoc_ = record.etoc.state;
  made->plan_ = record.plan.state;
  made->forwards_calls_ = record.plan.forwards_calls;
  made->has_domestic_agent_ = !record.domestic_agent.empty();
  made->has_act_ = record.act.has_value();
  if (record.act) {
    made->revoked_ = record.act->revoked;
    made->act_at_ = to_ms(record.act->at);
  }
  std::memcpy(reinterpret_cast<char*>(made + 1), body.data(), body.size());
  return {std::move(block), made};
}

OperatorRecord PackedRecord::unpack() const {
  const char* at = body() + refusals_ * sizeof(RefusalTerms);
  const auto next = [&at] { return std::string(take(at)); };
  const auto next_id = [&at] { return OperatorId::parse(take(at)).value_or(OperatorId()); };
  OperatorRecord record{.id = next_id()};
  record.country = next();
  record.owner_group = next();
  record.merged_into = next_id();
  record.domestic_agent = next();
  record.notification_number = next();
  record.names = {.ja = next(), .kana = next(), .en = next()};
  record.etoc = {etoc_, next(), day_of(certified_on_), day_of(valid_until_)};
  record.plan = {plan_, plan_types_, forwards_calls_, day_of(checked_on_), next()};
  if (has_act_) {
    record.act = RevocationAct{.revoked = revoked_, .at = from_ms(act_at_)};
    record.act->by = next();
    record.act->reason = next();
  }
  for (int i = 0; i < former_names_; ++i) record.names.former.push_back(next());
  each_refusal([&](const RefusalTerms& terms) {
    record.refusals.push_back({terms.action, terms.number_types, day_of(terms.from), day_of(terms.until),
                               next(), terms.confidential});
  });
  record.track_record = {day_of(first_supply_), numbers_elsewhere_};
  record.version = {serial_, from_ms(known_at_), day_of(effective_)};
  return record;
}

EtocState etoc_on(const PackedRecord& record, JstDate day) {
  return etoc_on(record.revoked_by_act(), record.etoc_listed(), record.valid_until(), day);
}

}  // namespace sekisho::policy
