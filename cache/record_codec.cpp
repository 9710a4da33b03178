#include "cache/record_codec.h"

#include <boost/json.hpp>

#include <simdjson.h>

#include <algorithm>
#include <thread>

namespace sekisho::cache {
namespace {

namespace json = boost::json;
using policy::JstDate;

// ---- writing: a part that is empty is not written

void put(json::object& object, std::string_view key, const std::string& text) {
  if (!text.empty()) object[key] = text;
}
void put(json::object& object, std::string_view key, const std::optional<JstDate>& day) {
  if (day) object[key] = day->text();
}
void put(json::object& object, std::string_view key, json::object part) {
  if (!part.empty()) object[key] = std::move(part);
}
template <class E>
void put_word(json::object& object, std::string_view key, E value, E otherwise) {
  if (value != otherwise) object[key] = policy::name(value);
}
void put_types(json::object& object, const policy::NumberTypes& types) {
  put(object, "number_types", policy::join(types));
}

json::object write(const policy::Names& names) {
  json::object object;
  put(object, "ja", names.ja);
  put(object, "kana", names.kana);
  put(object, "en", names.en);
  if (!names.former.empty()) object["former"] = json::value_from(names.former);
  return object;
}

json::object write(const policy::EtocEntry& etoc) {
  json::object object;
  put_word(object, "state", etoc.state, policy::EtocState::none);
  put(object, "certificate", etoc.certificate);
  put(object, "certified_on", etoc.certified_on);
  put(object, "valid_until", etoc.valid_until);
  return object;
}

json::object write(const policy::PlanEntry& plan) {
  json::object object;
  put_word(object, "state", plan.state, policy::PlanState::none);
  put_types(object, plan.number_types);
  if (plan.forwards_calls) object["forwards_calls"] = true;
  put(object, "checked_on", plan.checked_on);
  put(object, "checked_by", plan.checked_by);
  return object;
}

json::object write(const policy::RefusalEntry& refusal) {
  json::object object{{"action", policy::name(refusal.action)}};
  put_types(object, refusal.number_types);
  put(object, "from", refusal.from);
  put(object, "until", refusal.until);
  put(object, "reference", refusal.reference);
  if (!refusal.confidential) object["confidential"] = false;
  return object;
}

json::object write(const policy::TrackRecord& record) {
  json::object object;
  put(object, "first_supply", record.first_supply);
  if (record.numbers_elsewhere != 0) object["numbers_elsewhere"] = record.numbers_elsewhere;
  return object;
}

json::object write(const policy::RevocationAct& act) {
  json::object object{{"revoked", act.revoked}, {"at", policy::to_ms(act.at)}};
  put(object, "by", act.by);
  put(object, "reason", act.reason);
  return object;
}

// ---- reading: each takes one part out of an object, and notes when it cannot be read

class Reader {
 public:
  using Object = simdjson::dom::object;
  explicit Reader(Object object, bool& good) : object_(object), good_(good) {}

  void text(std::string_view key, std::string& out) {
    std::string_view found;
    if (get(key, found)) out = found;
  }
  void truth(std::string_view key, bool& out) { get(key, out); }
  void integer(std::string_view key, std::uint64_t& out) { get(key, out); }
  void integer(std::string_view key, std::int64_t& out) { get(key, out); }
  void day(std::string_view key, std::optional<JstDate>& out) {
    std::string_view found;
    if (!get(key, found)) return;
    out = JstDate::parse(found);
    good_ &= out.has_value();
  }
  void moment(std::string_view key, policy::Instant& out) {
    std::int64_t ms = 0;
    if (get(key, ms)) out = policy::from_ms(ms);
  }
  void id(std::string_view key, policy::OperatorId& out) {
    std::string_view found;
    if (!get(key, found)) return;
    auto id = policy::OperatorId::parse(found);
    good_ &= id.has_value();
    if (id) out = std::move(*id);
  }
  template <class E>
  void word(std::string_view key, E& out) {
    std::string_view found;
    if (!get(key, found)) return;
    const auto known = policy::parse_word<E>(found);
    good_ &= known.has_value();
    out = known.value_or(out);
  }
  void types(policy::NumberTypes& out) {
    std::string_view rest;
    get("number_types", rest);
    while (!rest.empty()) {
      const auto word = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(rest.size(), word.size() + 1));
      if (const auto type = policy::parse_word<policy::NumberType>(word))
        out.add(*type);
      else
        good_ = false;
    }
  }
  template <class F>
  void part(std::string_view key, F&& read) {
    Object inner;
    if (get(key, inner)) read(Reader(inner, good_));
  }
  template <class F>
  void each(std::string_view key, F&& read) {
    simdjson::dom::array list;
    if (!get(key, list)) return;
    for (const auto item : list) read(item);
  }

 private:
  // False: it is not there. Something else in its place is not good.
  template <class T>
  bool get(std::string_view key, T& out) {
    const auto failed = object_[key].get(out);
    good_ &= !failed || failed == simdjson::NO_SUCH_FIELD;
    return !failed;
  }

  Object object_;
  bool& good_;
};

void read_refusal(Reader in, policy::RefusalEntry& refusal) {
  in.word("action", refusal.action);
  in.types(refusal.number_types);
  in.day("from", refusal.from);
  in.day("until", refusal.until);
  in.text("reference", refusal.reference);
  in.truth("confidential", refusal.confidential);
}

void read_record(Reader in, policy::OperatorRecord& record, bool& good) {
  in.part("names", [&](Reader names) {
    names.text("ja", record.names.ja);
    names.text("kana", record.names.kana);
    names.text("en", record.names.en);
    names.each("former", [&](simdjson::dom::element item) {
      std::string_view name;
      good &= !item.get(name);
      record.names.former.emplace_back(name);
    });
  });
  in.part("etoc", [&](Reader etoc) {
    etoc.word("state", record.etoc.state);
    etoc.text("certificate", record.etoc.certificate);
    etoc.day("certified_on", record.etoc.certified_on);
    etoc.day("valid_until", record.etoc.valid_until);
  });
  in.part("plan", [&](Reader plan) {
    plan.word("state", record.plan.state);
    plan.types(record.plan.number_types);
    plan.truth("forwards_calls", record.plan.forwards_calls);
    plan.day("checked_on", record.plan.checked_on);
    plan.text("checked_by", record.plan.checked_by);
  });
  in.each("refusals", [&](simdjson::dom::element item) {
    simdjson::dom::object entry;
    if (item.get(entry) || entry["action"].error())
      good = false;
    else
      read_refusal(Reader(entry, good), record.refusals.emplace_back());
  });
  in.part("track_record", [&](Reader track) {
    track.day("first_supply", record.track_record.first_supply);
    track.integer("numbers_elsewhere", record.track_record.numbers_elsewhere);
  });
  in.part("act", [&](Reader act) {
    auto& made = record.act.emplace();
    act.truth("revoked", made.revoked);
    act.moment("at", made.at);
    act.text("by", made.by);
    act.text("reason", made.reason);
  });
  in.text("country", record.country);
  in.text("domestic_agent", record.domestic_agent);
  in.text("owner_group", record.owner_group);
  in.id("merged_into", record.merged_into);
  in.text("notification_number", record.notification_number);
  in.integer("serial", record.version.serial);
  in.moment("known_at", record.version.known_at);
  in.day("effective", record.version.effective);
}

}  // namespace

std::string encode(const policy::OperatorRecord& record) {
  // The serial stands first: registry_fold.lua reads it there.
  json::object object{{"serial", record.version.serial}, {"operator", record.id.text()}};
  put(object, "names", write(record.names));
  put(object, "etoc", write(record.etoc));
  put(object, "plan", write(record.plan));
  if (!record.refusals.empty()) {
    json::array refusals;
    for (const auto& refusal : record.refusals) refusals.push_back(write(refusal));
    object["refusals"] = std::move(refusals);
  }
  put(object, "track_record", write(record.track_record));
  if (record.act) object["act"] = write(*record.act);
  if (record.country != policy::OperatorRecord{}.country) object["country"] = record.country;
  put(object, "domestic_agent", record.domestic_agent);
  put(object, "owner_group", record.owner_group);
  put(object, "merged_into", record.merged_into.text());
  put(object, "notification_number", record.notification_number);
  if (record.version.known_at != policy::Instant{})
    object["known_at"] = policy::to_ms(record.version.known_at);
  put(object, "effective", record.version.effective);
  return json::serialize(object);
}

std::optional<policy::OperatorRecord> decode(std::string_view text) {
  // A million of them are loaded at a start: the parser and its copy of the text (which it wants padded) are
  // kept.
  thread_local simdjson::dom::parser parser;
  thread_local std::string padded;
  padded.assign(text);
  padded.append(simdjson::SIMDJSON_PADDING, '\0');
  simdjson::dom::object root;
  if (parser.parse(padded.data(), text.size(), false).get(root)) return std::nullopt;
  bool good = true;
  Reader in(root, good);
  policy::OperatorRecord record;
  in.id("operator", record.id);
  read_record(in, record, good);
  if (!good || record.id.empty()) return std::nullopt;
  return record;
}

std::vector<policy::RecordPtr> decode_all(std::span<const std::string_view> lines) {
  std::vector<policy::RecordPtr> out(lines.size());
  const auto part = [&](std::size_t from, std::size_t until) {
    for (std::size_t i = from; i < until; ++i)
      if (const auto record = decode(lines[i])) out[i] = policy::PackedRecord::of(*record);
  };
  constexpr std::size_t worth_a_thread = 5000;
  const auto threads = std::clamp<std::size_t>(std::min<std::size_t>(std::thread::hardware_concurrency(), 8),
                                               1, lines.size() / worth_a_thread + 1);
  std::vector<std::jthread> helpers;
  for (std::size_t i = 1; i < threads; ++i)
    helpers.emplace_back(part, lines.size() * i / threads, lines.size() * (i + 1) / threads);
  part(0, lines.size() / threads);
  helpers.clear();  // joins
  return out;
}

}  // namespace sekisho::cache
