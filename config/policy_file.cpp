#include <algorithm>
#include <set>

#include "config/digest.h"
#include "config/installation.h"
#include "config/policy_when.h"
#include "policy/prove.h"

namespace sekisho::config {
namespace {

using policy::Limit;
using policy::Period;
using policy::Quantity;
using policy::Rule;
using policy::Step;

constexpr std::int64_t most_numbers = 1'000'000'000;

struct PeriodText {
  using type = Period;
  bool read(Document& document, const Node& node, Period& out) const {
    using Kind = Period::Kind;
    static const std::pair<std::string_view, Kind> words[] = {
        {"order", Kind::order}, {"day", Kind::day},
        {"month", Kind::month}, {"fiscal year", Kind::fiscal_year},
        {"held", Kind::held},   {"lifetime", Kind::lifetime}};
    for (const auto& [word, kind] : words)
      if (node.kind == Node::Kind::scalar && node.text == word) return out = {.kind = kind}, true;
    const auto days = parse_spans(node, {{"day", 1}, {"days", 1}});
    if (!days) return unexpected(document, node, says());
    // A day is one bucket in the ledger; more than this would make an order's one round trip long.
    if (*days < 1 || *days > 400) return document.error(node.place, "rolling days go from 1 to 400"), false;
    out = {.kind = Kind::days, .days = static_cast<int>(*days)};
    return true;
  }
  std::string says() const {
    return "order, day, month, fiscal year, a number of days such as '30 days', held or lifetime";
  }
};

struct Seconds {
  using type = std::int64_t;
  bool read(Document& document, const Node& node, std::int64_t& ms) const {
    std::string word;
    if (!OneOf{{"second", "minute", "hour"}}.read(document, node, word)) return false;
    ms = word == "second" ? 1000 : word == "minute" ? 60'000 : 3'600'000;
    return true;
  }
};

struct DenyCode {
  using type = policy::Reason;
  bool read(Document& document, const Node& node, policy::Reason& out) const {
    std::vector<std::string> codes;
    for (const auto& row : policy::all_reasons())
      if (row.family == policy::Family::decision) codes.emplace_back(row.code);
    if (node.kind != Node::Kind::scalar)
      return unexpected(document, node, "a reason code such as 'policy-denied'");
    const auto reason = policy::parse_reason(node.text);
    if (!reason) {
      document.error(node.place, "unknown reason code " + node.found() + did_you_mean(node.text, codes));
      return false;
    }
    if (policy::row(*reason).family != policy::Family::decision) {
      document.error(node.place,
                     node.found() + " is not a decision of a policy; use one of those that end in 403");
      return false;
    }
    out = *reason;
    return true;
  }
};

// A figure alone, or steps over dates that leave no day between them uncovered and none covered twice.
struct Steps {
  using type = std::vector<Step>;
  bool read(Document& document, const Node& node, std::vector<Step>& out) const {
    if (node.kind != Node::Kind::list) {
      Step step;
      if (!Count{0, most_numbers}.read(document, node, step.value)) return false;
      out.push_back(step);
      return true;
    }
    if (node.items.empty()) return unexpected(document, node, "a figure or a list of steps");
    bool good = true;
    for (const auto& item : node.items) {
      Fields fields(document, item, "a step");
      Step step;
      good &= fields.need("value", Count{0, most_numbers}, step.value);
      good &= read_dates(fields, step.dates);
      if (good && !out.empty()) good &= follows(document, item, out.back(), step);
      out.push_back(step);
    }
    return good;
  }

 private:
  static bool follows(Document& document, const Node& node, const Step& before, const Step& step) {
    if (before.dates.until && step.dates.from && *step.dates.from == before.dates.until->plus(1)) return true;
    if (!before.dates.until || !step.dates.from || *step.dates.from <= *before.dates.until) {
      document.error(
          node.place,
          "this step overlaps with the one before; write each 'from' one day after the 'until' above");
    } else {
      document.error(node.place, "no figure is in force from " + before.dates.until->plus(1).text() + " to " +
                                     step.dates.from->plus(-1).text());
    }
    return false;
  }
};

void read_limit(Document& document, const Node& node, const Rule& rule, Limit& limit) {
  Fields fields(document, node, "'limit'");
  fields.need("numbers", Steps{}, limit.numbers);
  fields.need("per", PeriodText{}, limit.per);
  std::string short_of;
  fields.may("short", OneOf{{"trim"}}, short_of);
  limit.trim = short_of == "trim";
  fields.may("code", KebabName{}, limit.code);
  fields.may("number_types", Words<policy::NumberType>{}, limit.number_types);
  if (rule.when.number_type && !limit.number_types.empty() &&
      !limit.number_types.meets(*rule.when.number_type))
    fields.error("number_types", "the limit counts none of the number types for which the rule matches");
}

void read_throttle(Document& document, const Node& node, policy::Throttle& throttle) {
  Fields fields(document, node, "'throttle'");
  if (fields.need("requests", Count{1, 1'000'000}, throttle.requests)) throttle.burst = throttle.requests;
  fields.need("per", Seconds{}, throttle.per_ms);
  fields.may("burst", Count{1, 1'000'000}, throttle.burst);
}

void check_effects(Fields& fields, const Node& node, Document& document) {
  if (!fields.is_map()) return;
  const auto has = [&](std::string_view key) { return node.find(key) != nullptr; };
  if (!has("permit") && !has("deny") && !has("limit") && !has("throttle") && !has("review"))
    document.error(node.place, "this rule has no effect: add permit, deny, limit, throttle or review");
  if (!has("deny")) return;
  for (const auto key : {"permit", "limit", "throttle"})
    if (has(key)) fields.error(key, "'" + std::string(key) + "' in a rule that denies; make two rules of it");
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
  if (const Node* limit = fields.find("limit")) read_limit(document, *limit, rule, rule.limit.emplace());
  if (const Node* throttle = fields.find("throttle"))
    read_throttle(document, *throttle, rule.throttle.emplace());
  check_effects(fields, node, document);
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
  std::string never;
  if (fields.may("never", OneOf{{"permit", "deny"}}, never))
    guarantee.kind = never == "permit" ? Kind::never_permit : Kind::never_deny;
  if (const Node* at_most = fields.find("at_most")) {
    guarantee.kind = Kind::at_most;
    Fields inner(document, *at_most, "'at_most'");
    inner.need("numbers", Count{0, most_numbers}, guarantee.numbers);
    inner.need("per", PeriodText{}, guarantee.per);
  }
  if (fields.is_map() && (node.find("never") != nullptr) == (node.find("at_most") != nullptr))
    document.error(node.place, "a guarantee says either 'never' or 'at_most'");
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

policy::Policy read_policy(Document& document, const Node& root) {
  policy::Policy policy;
  Fields fields(document, root, "the file");
  fields.find("schema");
  fields.may("name", Text{}, policy.name);
  fields.may("contact", Text{}, policy.contact);
  std::string zone;
  if (fields.may("zone", Text{}, zone) && zone != "Asia/Tokyo")
    fields.error("zone", "days are counted in Asia/Tokyo, not in '" + zone + "'");
  policy.rules = read_list<Rule>(document, fields.need("rules"), "a list of rules", read_rule);
  policy.guarantees = read_list<policy::Guarantee>(document, fields.find("guarantees"),
                                                   "a list of guarantees", read_guarantee);
  return policy;
}

// What is wrong with a policy that reads well: promises that it breaks, rules that can never match.
Errors unkept(const std::filesystem::path& file, const policy::Policy& policy) {
  auto broken = policy::unreachable_rules(policy);
  for (auto& guarantee : policy::prove(policy)) broken.push_back(std::move(guarantee));
  std::stable_sort(broken.begin(), broken.end(), [](const auto& a, const auto& b) { return a.line < b.line; });
  Errors errors;
  for (auto& [id, line, column, text, test] : broken) {
    if (!test.empty()) text += "\nAs a test beside the policy, with the answer of today:\n" + test;
    errors.push_back({file.string(), line, column, std::move(text), true});
  }
  return errors;
}

}  // namespace

Loaded<policy::Policy> load_policy(const std::filesystem::path& file) {
  Document document(file, "sekisho/policy/v1");
  policy::Policy policy;
  if (const Node* root = document.root()) policy = read_policy(document, *root);
  policy.digest = sha256_hex(document.bytes());
  auto loaded = document.finish(std::move(policy));
  if (loaded) loaded.errors = unkept(file, *loaded.value);
  if (!loaded.errors.empty()) loaded.value.reset();
  return loaded;
}

}  // namespace sekisho::config
