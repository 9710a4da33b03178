#include "cache/replay_record.h"
#include "policy/rules.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

namespace sekisho::cache {
namespace json = simdjson::dom;  // chooses the machine's instructions at run time, which ondemand does not
using policy::Fact;
using policy::Facts;

namespace {

using Value = json::element;

std::string_view text(Value value) { return value.get_string(); }
std::int64_t number(Value value) { return value.get_int64(); }
bool truth(Value value) { return value.get_bool(); }

// Each member of an object, in the record's order: `visit(key, value)`.
template <class Visit>
void each_member(json::object object, Visit&& visit) {
  for (const auto [key, value] : object) visit(key, value);
}

policy::NumberTypes types_of(std::string_view words) {
  policy::NumberTypes out;
  while (!words.empty()) {
    const auto word = words.substr(0, words.find(' '));
    words.remove_prefix(std::min(words.size(), word.size() + 1));
    const auto type = policy::parse_word<policy::NumberType>(word);
    if (!type) throw std::runtime_error("not a journal record: an unknown number type");
    out.add(*type);
  }
  return out == policy::NumberTypes::all() ? policy::NumberTypes() : out;
}

// `charges` of an order that was held against the limits, `limits` of one over a limit. `taken`: what the
// order itself took, where it is told.
void read_counts(Value list, std::vector<Stated>& stated, std::vector<StatedCount>& out,
                 std::optional<std::int64_t>& taken) {
  for (const auto item : json::array(list)) {
    StatedCount count;
    auto& entry = stated.emplace_back();
    std::optional<std::int64_t> before, with_order, used;
    std::int64_t held = 0;
    each_member(item, [&](std::string_view key, Value value) {
      if (key == "rule") entry.rule = count.rule = text(value);
      if (key == "limit") entry.figure = number(value);
      if (key == "per") count.per = text(value);
      if (key == "of") count.of_group = text(value) == policy::name(policy::Scope::owner_group);
      if (key == "number_types") count.types = types_of(text(value));
      if (key == "before") before = number(value);
      if (key == "taken") with_order = number(value);
      if (key == "used") used = number(value);
      if (key == "held") held = number(value);
    });
    if (before && with_order) taken = *with_order - *before;
    if (!before && used) before = *used + held;
    if (!before || count.per.empty() || count.per == "order") continue;
    count.before = *before;
    out.push_back(count);
  }
}

// Entries that are objects: a rule, and the member that is the word.
void read_stated(Value list, std::string_view word, std::vector<Stated>& out) {
  for (const auto item : json::array(list)) {
    auto& entry = out.emplace_back();
    each_member(item, [&](std::string_view key, Value value) {
      if (key == "rule") entry.rule = text(value);
      if (key == word) entry.word = text(value);
    });
  }
}

// False: a word that is none of this fact's.
bool read_order(Value order, DecisionRecord& out) {
  bool good = true, typed = false;
  each_member(order, [&](std::string_view key, Value value) {
    if (key == "number_type") good &= typed = policy::read_value(Fact::number_type, text(value), out.facts);
    if (key == "quantity") out.facts.set(Fact::quantity, number(value));
    if (key == "area") out.facts.set(Fact::area, text(value));
    if (key == "channels") out.facts.set(Fact::channels, number(value));
    if (key == "partial") out.partial = truth(value);
  });
  return good && typed && out.facts.quantity() > 0;
}

bool read_facts(Value facts, DecisionRecord& out) {
  bool good = true, dated = false;
  each_member(facts, [&](std::string_view key, Value value) {
    if (key == "stale") return void(out.stale = truth(value));
    const auto fact = policy::parse_word<Fact>(key);
    if (!fact || !value.is_string()) return;  // of another version: no policy here asks it
    good &= policy::read_value(*fact, text(value), out.facts);
    dated |= *fact == Fact::date;
  });
  return good && dated;
}

}  // namespace

struct RecordReader::Parser {
  json::parser parser;
  std::string buffer;  // simdjson reads some bytes beyond the end

  json::object object(std::string_view line) {
    if (buffer.size() < line.size() + simdjson::SIMDJSON_PADDING)
      buffer.resize(2 * line.size() + simdjson::SIMDJSON_PADDING);
    std::memcpy(buffer.data(), line.data(), line.size());
    return parser.parse(buffer.data(), line.size(), false);
  }

  void read(std::string_view line, DecisionRecord& out) {
    auto counts = std::move(out.counts);
    auto answer = std::move(out.answer);
    counts.clear();
    answer.clear();
    out = {};
    std::optional<policy::Operation> operation;
    std::optional<std::int64_t> taken;
    bool known = false, asked = false;
    each_member(object(line), [&](std::string_view key, Value value) {
      if (key == "at") out.at = text(value);
      if (key == "decision") out.id = text(value);
      if (key == "operator") out.operator_id = text(value);
      if (key == "carrier") out.facts.set(Fact::carrier, text(value));
      if (key == "operation") operation = policy::parse_word<policy::Operation>(text(value));
      if (key == "order") asked = read_order(value, out);
      if (key == "facts") known = read_facts(value, out);
      if (key == "policy") out.policy = text(value);
      if (key == "matched") read_stated(value, "mode", answer.matched);
      if (key == "charges") read_counts(value, answer.charges, counts, taken);
      if (key == "limits") read_counts(value, answer.limits, counts, taken);
      if (key == "waived")
        for (const auto one : json::array(value)) answer.waived.push_back({.rule = text(one)});
      if (key == "reviews")
        for (const auto one : json::array(value)) answer.reviews.push_back({.word = text(one)});
      if (key == "allowed") answer.allowed = truth(value);
      if (key == "code") answer.code = text(value);
      if (key == "status") answer.status = number(value);
      if (key == "findings") read_stated(value, "code", answer.findings);
      if (key == "replayed") out.replayed = truth(value);
    });
    out.counts = std::move(counts);
    out.answer = std::move(answer);
    if (!operation || !policy::hands_out(*operation)) return void(out.id = {});
    if (out.facts.name(Fact::operator_id).empty()) out.facts.set(Fact::operator_id, out.operator_id);
    out.facts.set(Fact::operation, static_cast<std::int64_t>(*operation));
    out.has_facts = known && asked;
    if (out.answer.allowed) out.answer.taken = taken.value_or(out.facts.quantity());
    // Not on record, since it follows: the plan's types are, and the order's.
    if (out.has_facts)
      out.facts.set(Fact::plan_covers_type, out.facts[Fact::plan_types] >> out.facts[Fact::number_type] & 1);
  }

  void read(std::string_view line, PolicyRecord& out) {
    out = {};
    each_member(object(line), [&](std::string_view key, Value value) {
      if (key == "policy") out.policy = text(value);
      if (key == "text") out.text = text(value);
    });
  }

  void read(std::string_view line, ForwardingRecord& out) {
    out = {};
    each_member(object(line), [&](std::string_view key, Value value) {
      if (key == "decision") out.id = text(value);
      if (key == "operator") out.operator_id = text(value);
      if (key == "held") out.held = number(value);
      if (key == "number_type") out.number_type = policy::parse_word<policy::NumberType>(text(value));
      if (key == "day") out.day = policy::JstDate::parse(text(value));
    });
  }

  void read(std::string_view line, SettledRecord& out) {
    auto numbers = std::move(out.numbers);
    numbers.clear();
    out = {};
    each_member(object(line), [&](std::string_view key, Value value) {
      if (key == "decision") out.id = text(value);
      if (key == "operator") out.operator_id = text(value);
      if (key == "result") out.result = text(value);
      if (key == "granted") out.granted = number(value);
      if (key == "released") out.released = number(value);
      if (key == "hold") out.not_open = true;
      if (key == "numbers")
        for (const auto one : json::array(value)) numbers.push_back(text(one));
    });
    out.numbers = std::move(numbers);
  }
};

void Answer::clear() {
  for (auto* list : {&findings, &matched, &charges, &limits, &waived, &reviews}) list->clear();
  allowed = false;
  code = {};
  status = taken = 0;
}

RecordReader::RecordReader() : parser_(std::make_unique<Parser>()) {}
RecordReader::~RecordReader() = default;

RecordKind RecordReader::read(std::string_view line) {
  // The first three members stand in this order and spelling, and are short.
  static constexpr std::string_view before_kind = "\"kind\":\"";
  const auto at = line.substr(0, 100).find(before_kind);
  const auto word = at == line.npos ? std::string_view() : line.substr(at + before_kind.size());
  const auto kind = policy::parse_word<RecordKind>(word.substr(0, word.find('"')));
  if (!line.starts_with("{\"seq\":") || !kind) throw std::runtime_error("not a journal record");
  try {
    if (kind == RecordKind::decision) parser_->read(line, decision);
    if (kind == RecordKind::forwarding) parser_->read(line, forwarding);
    if (kind == RecordKind::settled) parser_->read(line, settled);
    if (kind == RecordKind::policy) parser_->read(line, policy);
  } catch (const simdjson::simdjson_error& error) {
    throw std::runtime_error(std::string("not a journal record: ") + error.what());
  }
  return *kind;
}

}  // namespace sekisho::cache
