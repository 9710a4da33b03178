#include "cache/record_codec.h"

#include <boost/json.hpp>

#include <algorithm>

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
  explicit Reader(const json::object& object, bool& good) : object_(object), good_(good) {}

  void text(std::string_view key, std::string& out) {
    if (const auto* value = find(key, json::kind::string)) out = value->get_string();
  }
  void truth(std::string_view key, bool& out) {
    if (const auto* value = find(key, json::kind::bool_)) out = value->get_bool();
  }
  template <class Integer>
  void integer(std::string_view key, Integer& out) {
    const auto* value = object_.if_contains(key);
    if (!value) return;
    boost::system::error_code error;
    const auto number = value->is_number() ? value->to_number<Integer>(error) : Integer();
    if (error || !value->is_number() || value->is_double())
      good_ = false;
    else
      out = number;
  }
  void day(std::string_view key, std::optional<JstDate>& out) {
    const auto* value = find(key, json::kind::string);
    if (!value) return;
    out = JstDate::parse(value->get_string());
    good_ &= out.has_value();
  }
  template <class E>
  void word(std::string_view key, E& out) {
    const auto* value = find(key, json::kind::string);
    if (!value) return;
    const auto known = policy::parse_word<E>(value->get_string());
    good_ &= known.has_value();
    out = known.value_or(out);
  }
  void types(policy::NumberTypes& out) {
    const auto* value = find("number_types", json::kind::string);
    if (!value) return;
    std::string_view rest = value->get_string();
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
    if (const auto* value = find(key, json::kind::object)) read(Reader(value->get_object(), good_));
  }
  template <class F>
  void each(std::string_view key, F&& read) {
    if (const auto* value = find(key, json::kind::array))
      for (const auto& item : value->get_array()) read(item);
  }

 private:
  const json::value* find(std::string_view key, json::kind kind) {
    const auto* value = object_.if_contains(key);
    if (!value || value->kind() == kind) return value;
    good_ = false;
    return nullptr;
  }

  const json::object& object_;
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
    names.each("former", [&](const json::value& item) {
      if (item.is_string())
        record.names.former.emplace_back(item.get_string());
      else
        good = false;
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
  in.each("refusals", [&](const json::value& item) {
    if (!item.is_object() || !item.get_object().contains("action")) {
      good = false;
      return;
    }
    read_refusal(Reader(item.get_object(), good), record.refusals.emplace_back());
  });
  in.part("track_record", [&](Reader track) {
    track.day("first_supply", record.track_record.first_supply);
    track.integer("numbers_elsewhere", record.track_record.numbers_elsewhere);
  });
  in.part("act", [&](Reader act) {
    auto& made = record.act.emplace();
    std::int64_t at = 0;
    act.truth("revoked", made.revoked);
    act.integer("at", at);
    made.at = policy::from_ms(at);
    act.text("by", made.by);
    act.text("reason", made.reason);
  });
  in.text("country", record.country);
  in.text("domestic_agent", record.domestic_agent);
  in.text("owner_group", record.owner_group);
  in.text("merged_into", record.merged_into);
  in.integer("serial", record.serial);
}

}  // namespace

std::string encode(const policy::OperatorRecord& record) {
  json::object object{{"operator", record.id.text()}};
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
  put(object, "merged_into", record.merged_into);
  if (record.serial != 0) object["serial"] = record.serial;
  return json::serialize(object);
}

std::optional<policy::OperatorRecord> decode(std::string_view text) {
  // A record is small; its tree fits on the stack, and a million of them load without a million small
  // allocations.
  unsigned char memory[4096];
  json::monotonic_resource storage(memory, sizeof memory);
  boost::system::error_code error;
  const auto root = json::parse(text, error, &storage);
  if (error || !root.is_object()) return std::nullopt;
  bool good = true;
  Reader in(root.get_object(), good);
  std::string id;
  in.text("operator", id);
  auto known = policy::OperatorId::parse(id);
  if (!known) return std::nullopt;
  policy::OperatorRecord record{.id = std::move(*known)};
  read_record(in, record, good);
  if (!good) return std::nullopt;
  return record;
}

}  // namespace sekisho::cache
