#include "cache/ledger_records.h"

#include <boost/json.hpp>

#include "cache/hold_record.h"
#include "cache/journal_fields.h"

namespace sekisho::cache {
namespace json = boost::json;
using Kind = policy::Outcome::Kind;
using policy::Settlement;

namespace {

constexpr std::string_view outcome_words[] = {"unsent", "finished", "pending", "unknown", "reserved"};

void put_numbers(Fields& out, const std::vector<ReturnedNumber>& numbers) {
  out.put_all("numbers", numbers, [](const ReturnedNumber& one) { return std::string_view(one.number); });
  out.put_all("grants", numbers, [](const ReturnedNumber& one) { return std::string_view(one.decision); });
}

std::string_view string_of(const json::object& record, std::string_view field) {
  const auto* value = record.if_contains(json::string_view(field.data(), field.size()));
  if (!value || !value->is_string()) return {};
  const auto& text = value->get_string();
  return {text.data(), text.size()};
}

std::int64_t number_of(const json::object& record, std::string_view field) {
  const auto* value = record.if_contains(json::string_view(field.data(), field.size()));
  return value && value->is_int64() ? value->get_int64() : 0;
}

std::vector<std::string> strings_of(const json::object& record, std::string_view field) {
  std::vector<std::string> out;
  const auto* value = record.if_contains(json::string_view(field.data(), field.size()));
  if (value && value->is_array())
    for (const auto& one : value->get_array())
      if (one.is_string()) out.emplace_back(one.get_string());
  return out;
}

std::vector<ReturnedNumber> returned_of(const json::object& record) {
  const auto numbers = strings_of(record, "numbers"), grants = strings_of(record, "grants");
  std::vector<ReturnedNumber> out;
  for (std::size_t i = 0; i < numbers.size(); ++i)
    out.push_back({numbers[i], i < grants.size() ? grants[i] : std::string()});
  return out;
}

policy::Outcome outcome_of(const json::object& record) {
  policy::Outcome outcome{.kind = Kind::unknown};
  const auto result = string_of(record, "result");
  for (std::size_t i = 0; i < std::size(outcome_words); ++i)
    if (result == outcome_words[i]) outcome.kind = static_cast<Kind>(i);
  outcome.granted = number_of(record, "granted");
  outcome.order_id = string_of(record, "order_id");
  outcome.numbers = strings_of(record, "numbers");
  return outcome;
}

bool resolves(const Settlement& settlement) {
  return settlement.kind == Settlement::Kind::granted || settlement.kind == Settlement::Kind::released;
}

}  // namespace

std::string forwarding_record(const ForwardingNote& note) {
  Fields out;
  out.put("decision", note.decision);
  out.put("operator", note.operator_id.text());
  out.put("carrier", note.carrier);
  out.put("operation", policy::name(note.operation));
  if (note.hold) {
    out.put("held", note.hold->quantity);
    out.put("number_type", policy::name(note.hold->number_type));
    out.put("day", note.hold->day.text());
    if (!note.hold->key.empty()) out.put("content", note.content);
    out.put("of", encode(*note.hold));
  }
  if (note.confirmed) {
    out.put("confirms", note.confirmed->id);
    out.put("confirms_of", encode(*note.confirmed));
  }
  return out.take();
}

std::string outcome_record(const OutcomeNote& note) {
  const auto& outcome = note.outcome;
  const bool gave_back = note.returned && !note.returned->empty();
  Fields out;
  out.put("decision", note.decision);
  out.put("operator", note.operator_id.text());
  out.put("operation", policy::name(note.operation));
  out.put("result", outcome_words[static_cast<int>(outcome.kind)]);
  if (note.status) out.put("status", *note.status);
  if (outcome.granted) out.put("granted", outcome.granted);
  if (outcome.released) out.put("released", outcome.released);
  if (!outcome.order_id.empty()) out.put("order_id", outcome.order_id);
  if (gave_back)
    put_numbers(out, *note.returned);
  else if (!outcome.numbers.empty())
    out.put("numbers", outcome.numbers);
  if (!outcome.detail.empty()) out.put("detail", outcome.detail);
  if (note.of) {
    if (note.of->id != note.decision) out.put("hold", note.of->id);
    out.put("of", encode(*note.of));
  }
  if (note.of || gave_back) out.put("since", policy::to_ms(note.heard));
  return out.take();
}

std::string settled_record(const SettleRequest& request, SettleAnswer answer) {
  Fields out;
  out.put("decision", request.hold.id);
  out.put("operator", request.operator_id.text());
  out.put("result", policy::name(request.settlement.kind));
  out.put("granted", request.settlement.granted);
  if (!request.settlement.order_id.empty()) out.put("order_id", request.settlement.order_id);
  if (!request.settlement.numbers.empty()) out.put("numbers", request.settlement.numbers);
  if (answer == SettleAnswer::resolved_before) out.put("hold", "not open");
  out.put("of", encode(request.hold));
  out.put("since", policy::to_ms(request.now));
  return out.take();
}

std::string returned_record(const ReleaseRequest& request, const std::vector<ReturnedNumber>& released) {
  Fields out;
  out.put("decision", request.decision);
  out.put("operator", request.operator_id.text());
  out.put("result", "returned");
  out.put("released", released.size());
  // All of them: an earlier try may have given back some, and nobody heard.
  auto numbers = request.numbers;
  for (auto& one : numbers)
    for (const auto& held : released)
      if (held.number == one.number) one.decision = held.decision;
  put_numbers(out, numbers);
  out.put("since", policy::to_ms(request.now));
  return out.take();
}

std::string resolution_record(const std::vector<std::pair<std::string, std::string>>& said) {
  Fields out;
  std::vector<std::string> numbers;
  bool released = false;
  for (const auto& [field, value] : said) {
    const auto integer = std::strtoll(value.c_str(), nullptr, 10);
    if (field == "granted") released = integer == 0;
    if (field == "hold")
      out.put("decision", value);
    else if (field == "granted" || field == "since")
      out.put(field, integer);
    else if (field == "number")
      numbers.push_back(value);
    else if (field != "gateway")
      out.put(field, value);
  }
  if (!numbers.empty()) out.put("numbers", numbers);
  out.put("result", released ? "released" : "granted");
  return out.take();
}

std::string epoch_record(const EpochView& view) {
  Fields out;
  out.put("epoch", epoch_number(view.epoch));
  out.put("from", view.position);
  out.put("gateways", view.gateways);
  return out.take();
}

JournaledOrder* OrderReader::order_of(const std::string& id, const policy::OperatorId& who,
                                      std::string_view record) {
  const auto [at, fresh] = index_.try_emplace(id, found_.orders.size());
  if (fresh) {
    auto hold = decode_hold(id, record);
    if (!hold) {
      index_.erase(at);
      return nullptr;
    }
    hold->state = policy::HoldState::held;
    found_.orders.push_back({.operator_id = who, .hold = std::move(*hold)});
  }
  return &found_.orders[at->second];
}

void OrderReader::read(RecordKind kind, std::string_view text) {
  if (kind != RecordKind::forwarding && kind != RecordKind::outcome && kind != RecordKind::settled) return;
  const auto record = json::parse({text.data(), text.size()}).as_object();
  const std::string decision(string_of(record, "decision"));
  const auto who = policy::OperatorId::parse_account(string_of(record, "operator"));
  if (decision.empty() || !who) return;

  const auto result = string_of(record, "result");
  const bool gave_back = kind == RecordKind::outcome && number_of(record, "released") > 0;
  if (gave_back || result == "returned") {
    const std::pair key(decision, who->text());
    const auto [at, fresh] = release_of_.try_emplace(key, found_.releases.size());
    if (fresh) found_.releases.push_back({.operator_id = *who, .decision = decision});
    auto& release = found_.releases[at->second];
    release.numbers = returned_of(record);
    if (const auto since = number_of(record, "since")) release.now = policy::from_ms(since);
    return;
  }
  const auto of = string_of(record, "of");
  if (of.empty()) return;
  // An outcome that a status call told belongs to the order that it asked for.
  const auto other = kind == RecordKind::outcome ? string_of(record, "hold") : std::string_view();
  auto* order = order_of(other.empty() ? decision : std::string(other), *who, of);
  if (!order) return;
  if (kind == RecordKind::forwarding) {
    order->content = string_of(record, "content");
    // The reservation ended when its confirmation took its place.
    const std::string confirms(string_of(record, "confirms"));
    auto* reserved = confirms.empty() ? nullptr : order_of(confirms, *who, string_of(record, "confirms_of"));
    if (reserved) {
      reserved->becomes = Settlement{.kind = Settlement::Kind::released};
      reserved->settled = true;
    }
    return;
  }
  if (order->settled && !order->contested && order->becomes && resolves(*order->becomes)) return;
  Settlement said;
  if (kind == RecordKind::outcome) {
    said = policy::settle(outcome_of(record));
    if (said.order_id.empty()) said.order_id = order->hold.order_id;
  } else {
    said = {.kind = policy::parse_word<Settlement::Kind>(result).value_or(Settlement::Kind::suspense),
            .granted = number_of(record, "granted"),
            .order_id = std::string(string_of(record, "order_id")),
            .numbers = strings_of(record, "numbers")};
  }
  // Records of one order cross: whoever heard how it ended knows more than whoever still waits.
  if (order->becomes && resolves(*order->becomes) && !resolves(said)) return;
  order->becomes = std::move(said);
  order->settled = kind == RecordKind::settled;
  order->contested = order->settled && string_of(record, "hold") == "not open";
  // What the carrier said while nobody knew is no answer, once somebody knows.
  const auto status = number_of(record, "status");
  if (status && order->becomes->kind != Settlement::Kind::suspense) order->status = int(status);
  if (const auto since = number_of(record, "since")) order->at = policy::from_ms(since);
}

JournaledOrders OrderReader::take() {
  index_.clear();
  release_of_.clear();
  return std::exchange(found_, {});
}

std::vector<Telling> retell(const JournaledOrders& journaled, const std::string& gateway) {
  std::vector<Telling> out;
  for (const auto& order : journaled.orders) {
    const bool heard = order.becomes.has_value();
    const bool under_way = !heard && order.hold.gateway == gateway;
    Settlement becomes{.kind = under_way ? Settlement::Kind::pending : Settlement::Kind::suspense};
    if (heard) becomes = *order.becomes;
    SettleRequest request{.operator_id = order.operator_id,
                          .hold = order.hold,
                          .settlement = std::move(becomes),
                          .now = order.at == policy::Instant{} ? order.hold.since : order.at,
                          .only_if_unknown = under_way,
                          .content = order.content};
    // The carrier's words are gone with the gateway; a retry learns the outcome without the body. So it does
    // of what a person said was granted: it must not order again.
    const auto kind = request.settlement.kind;
    const bool answered = order.status && kind != Settlement::Kind::suspense;
    if (heard && (answered || kind == Settlement::Kind::granted))
      request.answer = StoredAnswer{.status = order.status.value_or(200),
                                    .headers = {{"Sekisho-Decision", order.hold.id}},
                                    .body_kept = false};
    out.push_back({std::move(request), order.settled || under_way, order.contested});
  }
  return out;
}

}  // namespace sekisho::cache
