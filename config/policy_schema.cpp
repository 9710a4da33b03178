#include "config/policy_schema.h"

#include <boost/json.hpp>

#include "policy/facts.h"
#include "policy/rules.h"

namespace sekisho::config {
namespace {

namespace json = boost::json;
using json::array;
using json::object;
using policy::Fact;
using policy::FactKind;

// ---- pieces of a schema

object of_type(const char* type) { return {{"type", type}}; }
// A word of digits is a number to YAML, and a text to the loader.
object text() { return {{"type", array{"string", "integer"}}, {"minLength", 1}}; }
object pattern(const char* regex) { return {{"type", "string"}, {"pattern", regex}}; }
object kebab() { return pattern("^[a-z0-9]+(-[a-z0-9]+)*$"); }
object count(std::int64_t least = 0) { return {{"type", "integer"}, {"minimum", least}}; }
object date() { return pattern("^[0-9]{4}-[0-9]{2}-[0-9]{2}$"); }
object span() { return pattern("^(0|[1-9][0-9]*) (day|days|month|months|year|years)$"); }
// YAML says true and false; people also say yes and no.
object yes_no() { return {{"enum", array{true, false, "yes", "no"}}}; }

template <class... Words>
object one_of(Words... words) {
  return {{"enum", array{words...}}};
}

object words(std::span<const std::string_view> list) {
  array all;
  for (const auto word : list) all.emplace_back(word);
  return {{"enum", std::move(all)}};
}

object any_of(std::initializer_list<object> list) {
  array all;
  for (const auto& one : list) all.emplace_back(one);
  return {{"anyOf", std::move(all)}};
}

object list_of(object item) { return {{"type", "array"}, {"minItems", 1}, {"items", std::move(item)}}; }
object one_or_more(const object& item) {
  auto list = list_of(item);
  list["uniqueItems"] = true;
  return any_of({item, list});
}

object map(object properties, array required = {}) {
  object out{{"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
  if (!required.empty()) out["required"] = std::move(required);
  return out;
}

object told(object schema, std::string_view description) {
  schema["description"] = description;
  return schema;
}

// Wherever a value stands, the name of one may stand.
object or_named(const object& schema) { return any_of({schema, pattern("^\\$[a-z0-9]+(-[a-z0-9]+)*$")}); }

object range(const object& value) {
  object properties;
  for (const auto key : {"over", "from", "under", "until"}) properties[key] = or_named(value);
  auto out = map(std::move(properties));
  out["minProperties"] = 1;
  return out;
}

object dates() {
  auto out = map({{"from", or_named(date())}, {"until", or_named(date())}});
  out["minProperties"] = 1;
  return out;
}

// ---- conditions

object asked_of(const policy::FactRow& about) {
  switch (about.kind) {
    case FactKind::words:
      if (about.words.size() == 2) return yes_no();
      return one_or_more(words(about.words));
    case FactKind::set:
      return one_or_more(words(about.words));
    case FactKind::number: {
      const auto value = about.fact == Fact::track_record ? span() : count();
      return any_of({value, range(value)});
    }
    case FactKind::date:
      return any_of({date(), dates()});
    case FactKind::name:
      if (about.fact == Fact::country) return one_or_more(pattern("^[a-z]{2}$"));
      if (about.fact == Fact::operator_id) return one_or_more(pattern("^[a-z]{2}:[A-Za-z0-9.-]{1,40}$"));
      return one_or_more(text());
  }
  return {};
}

object when() {
  object properties;
  for (const auto& about : policy::all_facts()) {
    const auto asked = or_named(asked_of(about));
    const std::string title = std::string(about.title[0]) + " / " + std::string(about.title[1]);
    properties[name(about.fact)] = told(any_of({asked, map({{"not", asked}}, {"not"})}), title);
  }
  properties["not"] =
      told({{"$ref", "#/definitions/when"}}, "not all of this together / このすべてを同時に満たす場合を除く");
  properties["any_of"] =
      told({{"type", "array"}, {"minItems", 2}, {"items", {{"$ref", "#/definitions/when"}}}},
           "one of these / いずれか");
  return map(std::move(properties));
}

// ---- effects

object per() {
  return any_of(
      {one_of("order", "day", "month", "fiscal year", "held", "lifetime"), pattern("^[1-9][0-9]* days?$")});
}

object steps() {
  return list_of(map({{"from", or_named(date())}, {"until", or_named(date())}, {"value", or_named(count())}},
                     {"value"}));
}

object limit() {
  const auto figure = or_named(any_of({count(), steps()}));
  auto out = map({{"numbers", figure},
                  {"channels", figure},
                  {"per", or_named(per())},
                  {"of", one_of("operator", "owner_group")},
                  {"short", one_of("trim")},
                  {"code", kebab()},
                  {"number_types", one_or_more(words(policy::number_type_words))}},
                 {"per"});
  out["oneOf"] = array{object{{"required", array{"numbers"}}}, object{{"required", array{"channels"}}}};
  return out;
}

object throttle() {
  return map({{"requests", or_named(count(1))},
              {"per", one_of("second", "minute", "hour")},
              {"burst", or_named(count(1))}},
             {"requests", "per"});
}

object deny_codes() {
  array all;
  for (const auto& row : policy::all_reasons())
    if (row.family == policy::Family::decision) all.emplace_back(row.code);
  return {{"enum", std::move(all)}};
}

object rule() {
  auto out = map(
      {{"id", told(kebab(), "stable; stands in answers, metrics and the journal")},
       {"basis", told(words(policy::basis_words), "what the rule rests on; etoc and contract can be waived")},
       {"why", told(text(), "the justification")},
       {"mode", told(words(policy::mode_words), "enforce (usual), warn: told only, observe: recorded only")},
       {"active", told(dates(), "the days on which the rule is in force")},
       {"when", {{"$ref", "#/definitions/when"}}},
       {"permit", told(one_of(true, "yes"), "something must permit")},
       {"deny", told(deny_codes(), "any deny wins")},
       {"limit", limit()},
       {"throttle", throttle()},
       {"review", kebab()}},
      {"id"});
  array effects;
  for (const auto key : {"permit", "deny", "limit", "throttle", "review"})
    effects.push_back(object{{"required", array{key}}});
  out["anyOf"] = std::move(effects);
  return out;
}

object waiver() {
  return map({{"id", kebab()},
              {"operators", or_named(one_or_more(pattern("^[a-z]{2}:[A-Za-z0-9.-]{1,40}$")))},
              {"lifts", told(one_or_more(kebab()), "ids of rules on the basis etoc or contract")},
              {"from", or_named(date())},
              {"until", or_named(date())},
              {"reason", text()},
              {"approved_by", text()},
              {"ticket", text()}},
             {"id", "operators", "lifts", "from", "until", "reason", "approved_by", "ticket"});
}

object guarantee() {
  const auto at_most = [&] {
    auto out = map(
        {{"numbers", or_named(count())}, {"channels", or_named(count())}, {"per", or_named(per())}}, {"per"});
    out["oneOf"] = array{object{{"required", array{"numbers"}}}, object{{"required", array{"channels"}}}};
    return out;
  }();
  auto out = map({{"id", kebab()},
                  {"when", {{"$ref", "#/definitions/when"}}},
                  {"waived", told(one_of(false, "no"), "speaks only of operators without a waiver")},
                  {"never", one_of("permit", "deny")},
                  {"at_most", at_most}},
                 {"id"});
  out["oneOf"] = array{object{{"required", array{"never"}}}, object{{"required", array{"at_most"}}}};
  return out;
}

object value() {
  const auto scalar = any_of({of_type("integer"), of_type("string"), of_type("boolean")});
  return map({{"value", any_of({scalar, list_of(of_type("string")), steps()})},
              {"as_of", date()},
              {"source", text()}},
             {"value", "as_of", "source"});
}

// ---- tests

object tested_operator() {
  const auto types = one_or_more(words(policy::number_type_words));
  const auto refusal = map({{"action", words(policy::refusal_action_words)},
                            {"number_types", types},
                            {"from", date()},
                            {"until", date()},
                            {"reference", text()},
                            {"confidential", yes_no()}},
                           {"action"});
  return map({{"id", text()},
              {"country", text()},
              {"owner_group", text()},
              {"domestic_agent", yes_no()},
              {"etoc", map({{"state", words(policy::etoc_state_words)},
                            {"valid_until", date()},
                            {"certified_on", date()},
                            {"certificate", text()}},
                           {"state"})},
              {"plan", map({{"state", words(policy::plan_state_words)},
                            {"number_types", types},
                            {"forwards_calls", yes_no()}},
                           {"state"})},
              {"refusals", object{{"type", "array"}, {"items", refusal}}},
              {"first_supply", date()},
              {"numbers_elsewhere", count()},
              {"revoked", yes_no()}});
}

object test() {
  const auto order = map({{"operation", words(policy::operation_words)},
                          {"number_type", words(policy::number_type_words)},
                          {"quantity", count(1)},
                          {"carrier", text()},
                          {"area", text()},
                          {"channels", count()},
                          {"partial", yes_no()},
                          {"chain", list_of(text())}},
                         {"number_type"});
  const auto expect = any_of({one_of("permit"), map({{"deny", kebab()}}, {"deny"}),
                              map({{"quota", kebab()}}, {"quota"}), map({{"rate", kebab()}}, {"rate"})});
  return map({{"name", text()}, {"operator", text()}, {"order", order}, {"at", text()}, {"expect", expect}},
             {"name", "operator", "order", "at", "expect"});
}

// ---- printing: an object a line deep, so that a change can be read

void print(const json::value& value, std::size_t depth, std::string& out) {
  const std::string inner(2 * (depth + 1), ' '), outer(2 * depth, ' ');
  if (value.is_object() && !value.get_object().empty() && json::serialize(value).size() > 90) {
    out += "{\n";
    for (const auto& [key, item] : value.get_object()) {
      out += inner + json::serialize(json::string(key)) + ": ";
      print(item, depth + 1, out);
      out += &item == &std::prev(value.get_object().end())->value() ? "\n" : ",\n";
    }
    out += outer + "}";
  } else if (value.is_array() && json::serialize(value).size() > 90) {
    out += "[\n";
    for (const auto& item : value.get_array()) {
      out += inner;
      print(item, depth + 1, out);
      out += &item == &value.get_array().back() ? "\n" : ",\n";
    }
    out += outer + "]";
  } else {
    out += json::serialize(value);
  }
}

std::string printed(std::string_view title, std::string_view schema, object properties, array required,
                    object definitions) {
  properties["schema"] = object{{"const", schema}};
  object out{{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", title}};
  for (auto& [key, value] : map(std::move(properties), std::move(required))) out[key] = value;
  if (!definitions.empty()) out["definitions"] = std::move(definitions);
  std::string text;
  print(out, 0, text);
  return text + "\n";
}

}  // namespace

std::string policy_schema() {
  object values{{"type", "object"}, {"additionalProperties", value()}, {"minProperties", 1}};
  return printed("A policy of Sekisho: who may be given numbers", "sekisho/policy/v1",
                 {{"name", text()},
                  {"zone", one_of("Asia/Tokyo")},
                  {"contact", told(text(), "stands in every refusal")},
                  {"values", told(std::move(values), "figures that stand once, dated and with their source")},
                  {"rules", list_of({{"$ref", "#/definitions/rule"}})},
                  {"waivers", list_of(waiver())},
                  {"guarantees", told(list_of(guarantee()), "proven before the policy is loaded")}},
                 {"schema", "rules"}, {{"when", when()}, {"rule", rule()}});
}

std::string policy_test_schema() {
  return printed(
      "Table tests beside a policy of Sekisho", "sekisho/policy-test/v1",
      {{"policy", text()},
       {"operators",
        object{{"type", "object"}, {"additionalProperties", tested_operator()}, {"minProperties", 1}}},
       {"tests", list_of(test())}},
      {"schema", "policy", "operators", "tests"}, {});
}

}  // namespace sekisho::config
