#include <algorithm>
#include <set>

#include "config/digest.h"
#include "config/installation.h"
#include "config/policy_effects.h"
#include "config/policy_values.h"
#include "config/policy_when.h"
#include "config/yaml_words.h"
#include "policy/prove.h"

namespace sekisho::config {
namespace {

using policy::Policy;
using policy::Rule;

void check_effects(Fields& fields, const Node& node, Document& document) {
  if (!fields.is_map()) return;
  const auto has = [&](std::string_view key) { return node.find(key) != nullptr; };
  if (!has("permit") && !has("deny") && !has("limit") && !has("throttle") && !has("review"))
    document.error(node.place, "this rule has no effect: add permit, deny, limit, throttle or review");
  if (!has("deny")) return;
  for (const auto key : {"permit", "limit", "throttle"})
    if (has(key)) fields.error(key, "'" + std::string(key) + "' in a rule that denies; make two rules of it");
}

// Conditions that stand beside `when` and not in it.
void check_outside_when(Fields& fields, const Node& node) {
  for (const auto& about : policy::all_facts())
    if (const auto key = name(about.fact); node.find(key)) {
      fields.find(key);
      fields.error(key, "'" + std::string(key) + "' is a condition; write it under 'when'");
    }
}

void read_rule(Document& document, const Node& node, std::set<std::string>& ids, Rule& rule) {
  Fields fields(document, node, "a rule");
  rule.line = node.place.line;
  rule.column = node.place.column;
  if (fields.need("id", KebabName{}, rule.id) && !ids.insert(rule.id).second)
    fields.error("id", "two rules have the id '" + rule.id + "'");
  fields.may("basis", Word<policy::Basis>{}, rule.basis);
  fields.may("why", Text{}, rule.why);
  fields.may("mode", Word<policy::Mode>{}, rule.mode);
  fields.may("active", DateRange{}, rule.active);
  fields.may("when", WhenMap{true}, rule.when);
  if (fields.may("permit", YesNo{}, rule.permit) && !rule.permit)
    fields.error("permit", "only 'permit: true' has a meaning; without a permit an order is refused anyway");
  fields.may("deny", DenyCode{}, rule.deny);
  fields.may("review", KebabName{}, rule.review);
  if (const Node* limit = fields.find("limit")) read_limit(document, *limit, rule.when, rule.limit.emplace());
  if (const Node* throttle = fields.find("throttle"))
    read_throttle(document, *throttle, rule.throttle.emplace());
  check_outside_when(fields, node);
  check_effects(fields, node, document);
}

// A rule that may be lifted: it stands in the file, rests on the carrier's own will, and has something to
// lift.
void check_lifted(Document& document, const Place& place, const std::string& id,
                  const std::vector<Rule>& rules) {
  const auto rule = std::find_if(rules.begin(), rules.end(), [&](const Rule& one) { return one.id == id; });
  if (rule == rules.end()) {
    std::vector<std::string> ids;
    for (const auto& one : rules) ids.push_back(one.id);
    document.error(place, "no rule has the id '" + id + "'" + did_you_mean(id, ids));
  } else if (rule->basis == policy::Basis::statute || rule->basis == policy::Basis::scheme) {
    document.error(place, "the rule '" + id + "' rests on " + std::string(name(rule->basis)) +
                              ": only rules on the basis etoc or contract can be waived");
  } else if (!rule->deny && !rule->limit && !rule->throttle && !rule->review) {
    document.error(
        place, "the rule '" + id + "' only permits; a waiver lifts denials, limits, throttles and reviews");
  }
}

void read_waiver(Document& document, const Node& node, std::set<std::string>& ids,
                 const std::vector<Rule>& rules, policy::Waiver& waiver) {
  Fields fields(document, node, "a waiver");
  waiver.line = node.place.line;
  waiver.column = node.place.column;
  if (fields.need("id", KebabName{}, waiver.id) && !ids.insert(waiver.id).second)
    fields.error("id", "two waivers have the id '" + waiver.id + "'");
  if (const Node* operators = fields.need("operators"))
    read_operators(document, *operators, waiver.operators);
  if (fields.need("lifts", List<KebabName>{{}, true}, waiver.rules)) {
    const Node& lifts = *node.find("lifts");
    for (std::size_t i = 0; i < waiver.rules.size(); ++i)
      check_lifted(document, lifts.kind == Node::Kind::list ? lifts.items[i].place : lifts.place,
                   waiver.rules[i], rules);
  }
  read_dates(fields, waiver.dates);
  for (const auto key : {"from", "until"})
    if (fields.is_map() && !node.find(key))
      document.error(node.place, "a waiver needs '" + std::string(key) + "': it begins and ends on a day");
  fields.need("reason", Text{}, waiver.reason);
  fields.need("approved_by", Text{}, waiver.approved_by);
  fields.need("ticket", Text{}, waiver.ticket);
}

void read_guarantee(Document& document, const Node& node, std::set<std::string>& ids,
                    policy::Guarantee& guarantee) {
  using Kind = policy::Guarantee::Kind;
  Fields fields(document, node, "a guarantee");
  guarantee.line = node.place.line;
  guarantee.column = node.place.column;
  if (fields.need("id", KebabName{}, guarantee.id) && !ids.insert(guarantee.id).second)
    fields.error("id", "two guarantees have the id '" + guarantee.id + "'");
  fields.may("when", WhenMap{false}, guarantee.when);
  check_outside_when(fields, node);
  bool waived = false;
  if (fields.may("waived", YesNo{}, waived)) {
    guarantee.unwaived = true;
    if (waived)
      fields.error("waived", "only 'waived: no' has a meaning: waivers are no reason to break the guarantee");
  }
  std::string never;
  if (fields.may("never", OneOf{{"permit", "deny"}}, never))
    guarantee.kind = never == "permit" ? Kind::never_permit : Kind::never_deny;
  if (const Node* at_most = fields.find("at_most")) {
    guarantee.kind = Kind::at_most;
    read_at_most(document, *at_most, guarantee);
  }
  const bool has_never = node.find("never"), has_most = node.find("at_most");
  if (fields.is_map() && has_never == has_most)
    document.error(node.place, std::string("a guarantee says either 'never' or 'at_most'; ") +
                                   (has_most ? "make two of this one" : "this one says neither"));
}

// Calls `read` for each member of the list.
template <class T, class Read>
std::vector<T> read_list(Document& document, const Node* list, const std::string& what, Read read) {
  std::vector<T> out;
  if (!list) return out;
  if (list->kind != Node::Kind::list || list->items.empty()) unexpected(document, *list, what);
  std::set<std::string> ids;
  for (const auto& node : list->items)
    if (list->kind == Node::Kind::list) read(document, node, ids, out.emplace_back());
  return out;
}

// What the compiled form has room for (policy/compiled.h).
void check_size(Document& document, const Node& rules, const Policy& policy) {
  std::size_t clauses = policy.waivers.size();
  for (const auto& rule : policy.rules) clauses += rule.when.any.size();
  if (policy.rules.size() > policy::most_rules)
    document.error(rules.place, "a policy has at most " + std::to_string(policy::most_rules) +
                                    " rules, not " + std::to_string(policy.rules.size()));
  if (clauses > policy::most_clauses)
    document.error(rules.place, "the alternatives of all conditions and the waivers are together at most " +
                                    std::to_string(policy::most_clauses) + ", not " +
                                    std::to_string(clauses));
}

Policy read_policy(Document& document, const Node& written) {
  Policy policy;
  const Node root = with_values(document, written, policy.values);
  Fields fields(document, root, "the file");
  for (const auto key : {"schema", "values"}) fields.find(key);
  fields.may("name", Text{}, policy.name);
  fields.may("contact", Text{}, policy.contact);
  std::string zone;
  if (fields.may("zone", Text{}, zone) && zone != "Asia/Tokyo")
    fields.error("zone", "days are counted in Asia/Tokyo, not in " + in_quotes(zone));
  const Node* rules = fields.need("rules");
  policy.rules = read_list<Rule>(document, rules, "a list of rules", read_rule);
  policy.waivers = read_list<policy::Waiver>(
      document, fields.find("waivers"), "a list of waivers",
      [&](Document& in, const Node& node, std::set<std::string>& ids, policy::Waiver& waiver) {
        read_waiver(in, node, ids, policy.rules, waiver);
      });
  if (rules) check_size(document, *rules, policy);
  policy.guarantees = read_list<policy::Guarantee>(document, fields.find("guarantees"),
                                                   "a list of guarantees", read_guarantee);
  return policy;
}

// What is wrong with a policy that reads well: promises that it breaks, rules that nobody can have meant.
Errors unkept(const Document& document, const Policy& policy) {
  Errors errors;
  for (auto& [id, line, column, text, test] : policy::shortcomings(policy)) {
    if (!test.empty()) text += "\nAs a test beside the policy, with the answer of today:\n" + test;
    errors.push_back({document.file().string(), line, column, std::move(text), true, document.line(line)});
  }
  return errors;
}

constexpr std::string_view schema = "sekisho/policy/v1";

Loaded<Policy> load(Document document, bool prove) {
  Policy policy;
  if (const Node* root = document.root()) policy = read_policy(document, *root);
  policy.text = document.bytes();
  policy.digest = sha256_hex(document.bytes());
  auto loaded = document.finish(std::move(policy));
  if (loaded && prove) loaded.errors = unkept(document, *loaded.value);
  if (!loaded.errors.empty()) loaded.value.reset();
  return loaded;
}

}  // namespace

Loaded<Policy> load_policy(const std::filesystem::path& file) { return load({file, schema}, true); }
Loaded<Policy> read_policy_file(const std::filesystem::path& file) { return load({file, schema}, false); }
Loaded<Policy> read_policy_text(const std::filesystem::path& name, std::string text) {
  return load({name, std::move(text), schema}, false);
}

}  // namespace sekisho::config
