#include "config/policy_tests.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "config/kinds.h"
#include "config/policy_when.h"
#include "config/texts.h"
#include "config/yaml_words.h"
#include "policy/adapter.h"
#include "policy/decide.h"

namespace sekisho::config {
namespace {

using Expect = PolicyTest::Expect;

constexpr std::string_view schema = "sekisho/policy-test/v1";

struct Moment {
  using type = policy::Instant;
  bool read(Document& document, const Node& node, policy::Instant& out) const {
    const auto at =
        node.kind == Node::Kind::scalar ? policy::parse_instant(node.text) : std::optional<policy::Instant>();
    if (!at) return unexpected(document, node, "a moment such as 2026-11-23T10:00:00+09:00");
    out = *at;
    return true;
  }
};

void read_refusals(Document& document, const Node& list, policy::OperatorRecord& record) {
  if (list.kind != Node::Kind::list) {
    unexpected(document, list, "a list of refusals");
    return;
  }
  for (const auto& node : list.items) {
    Fields fields(document, node, "a refusal");
    policy::RefusalEntry entry;
    policy::Range<policy::JstDate> dates;
    fields.need("action", Word<policy::RefusalAction>{}, entry.action);
    fields.may("number_types", Words<policy::NumberType>{}, entry.number_types);
    read_dates(fields, dates);
    fields.may("reference", Text{}, entry.reference);
    fields.may("confidential", YesNo{}, entry.confidential);
    entry.from = dates.from;
    entry.until = dates.until;
    record.refusals.push_back(std::move(entry));
  }
}

policy::OperatorRecord read_operator(Document& document, const Node& node) {
  policy::OperatorRecord record;
  record.id = *policy::OperatorId::parse("jp:8999900000001");
  Fields fields(document, node, "an operator");
  fields.may("id", Operator{}, record.id);
  fields.may("country", Text{}, record.country);
  fields.may("owner_group", Text{}, record.owner_group);
  bool agent = false;
  if (fields.may("domestic_agent", YesNo{}, agent) && agent) record.domestic_agent = "an agent";
  if (const Node* etoc = fields.find("etoc")) {
    Fields inner(document, *etoc, "'etoc'");
    inner.need("state", Word<policy::EtocState>{}, record.etoc.state);
    inner.may("valid_until", Date{}, record.etoc.valid_until);
    inner.may("certified_on", Date{}, record.etoc.certified_on);
    inner.may("certificate", Text{}, record.etoc.certificate);
  }
  if (const Node* plan = fields.find("plan")) {
    Fields inner(document, *plan, "'plan'");
    inner.need("state", Word<policy::PlanState>{}, record.plan.state);
    inner.may("number_types", Words<policy::NumberType>{}, record.plan.number_types);
    inner.may("forwards_calls", YesNo{}, record.plan.forwards_calls);
  }
  if (const Node* refusals = fields.find("refusals")) read_refusals(document, *refusals, record);
  fields.may("first_supply", Date{}, record.track_record.first_supply);
  fields.may("numbers_elsewhere", Count{}, record.track_record.numbers_elsewhere);
  bool revoked = false;
  if (fields.may("revoked", YesNo{}, revoked) && revoked) record.act = policy::RevocationAct{.revoked = true};
  return record;
}

using Operators = std::map<std::string, policy::OperatorRecord>;

Operators read_operators(Document& document, const Node* map) {
  Operators operators;
  if (!map) return operators;
  if (map->kind != Node::Kind::map || map->items.empty())
    unexpected(document, *map, "a map of operators by name");
  for (std::size_t i = 0; i < map->keys.size() && i < map->items.size(); ++i)
    operators[map->keys[i].text] = read_operator(document, map->items[i]);
  return operators;
}

// `permit`, or one of { deny: CODE }, { quota: CODE }, { rate: RULE }.
void read_expectation(Document& document, const Node& node, PolicyTest& test) {
  if (node.kind == Node::Kind::scalar && node.text == "permit") return;
  if (node.kind != Node::Kind::map || node.items.size() != 1) {
    unexpected(document, node, "'permit', '{ deny: CODE }', '{ quota: CODE }' or '{ rate: RULE }'");
    return;
  }
  Fields fields(document, node, "'expect'");
  if (fields.may("deny", KebabName{}, test.code)) test.expect = Expect::deny;
  if (fields.may("quota", KebabName{}, test.code)) test.expect = Expect::quota;
  if (fields.may("rate", KebabName{}, test.code)) test.expect = Expect::rate;
  if (test.expect != Expect::deny || policy::parse_reason(test.code)) return;
  std::vector<std::string> codes;
  for (const auto& row : policy::all_reasons()) codes.emplace_back(row.code);
  fields.error("deny", "unknown reason code " + in_quotes(test.code) + did_you_mean(test.code, codes));
}

const policy::OperatorRecord* find_operator(Fields& fields, std::string_view key, const std::string& name,
                                            const Operators& operators) {
  if (const auto entry = operators.find(name); entry != operators.end()) return &entry->second;
  std::vector<std::string> names;
  for (const auto& [known, ignored] : operators) names.push_back(known);
  fields.error(key, "no operator of this file is called " + in_quotes(name) + did_you_mean(name, names));
  return nullptr;
}

PolicyTest read_test(Document& document, const Node& node, const Operators& operators) {
  PolicyTest test{.line = node.place.line, .column = node.place.column};
  Fields fields(document, node, "a test");
  std::string name;
  fields.need("name", Text{}, test.name);
  if (fields.need("operator", Text{}, name)) {
    if (const auto* known = find_operator(fields, "operator", name, operators)) test.record = *known;
  }
  if (const Node* order = fields.need("order")) {
    Fields inner(document, *order, "'order'");
    auto& asked = test.order;
    inner.may("operation", Word<policy::Operation>{}, asked.operation);
    inner.may("quantity", Count{1}, asked.quantity);
    inner.need("number_type", Word<policy::NumberType>{}, asked.number_type.emplace());
    inner.may("carrier", Text{}, asked.carrier);
    inner.may("area", Text{}, asked.area);
    inner.may("channels", Count{}, asked.channels);
    inner.may("partial", YesNo{}, asked.partial);
    inner.may("chain", List<Text>{}, asked.chain);
    for (const auto& hop : asked.chain)
      if (const auto* known = find_operator(inner, "chain", hop, operators)) test.chain.push_back(*known);
  }
  fields.need("at", Moment{}, test.at);
  if (const Node* expect = fields.need("expect")) read_expectation(document, *expect, test);
  return test;
}

policy::Decision decide_test(const policy::Compiled& policy, const PolicyTest& test) {
  policy::Route route;
  route.operation = test.order.operation;
  const auto standing = standing_of(test);
  return policy::decide(
      policy, {.caller = test.record.id, .route = &route, .order = &test.order, .standing = &standing});
}

const std::string& limit_code(const policy::Rule& rule) {
  static const std::string usual(policy::code(policy::Reason::quota_exceeded));
  return rule.limit->code.empty() ? usual : rule.limit->code;
}

// The codes of every limit that this one order exceeds, asked of an operator that has had nothing.
std::vector<std::string> exceeded(const policy::Decision& decision, policy::Quantity quantity) {
  std::vector<std::string> codes;
  for (const auto& finding : decision.findings)
    if (finding.reason == policy::Reason::quota_exceeded && finding.rule)
      codes.push_back(limit_code(*finding.rule));
  for (const auto& charge : decision.charges)
    if (quantity > charge.cap) codes.push_back(limit_code(*charge.rule));
  return codes;
}

// What was answered, in the words of `expect`.
std::string answered(const policy::Decision& decision, const std::vector<std::string>& over) {
  if (!decision.allowed && decision.reason() != policy::Reason::quota_exceeded) {
    std::string out = "{ deny: " + std::string(policy::code(decision.reason())) + " }";
    const auto* rule = decision.findings.front().rule;
    return rule ? out + " by the rule '" + rule->id + "'" : out + ", because no rule permits it";
  }
  if (over.empty()) return "permit";
  std::string out;
  for (const auto& code : over) out += (out.empty() ? "{ quota: " : " and { quota: ") + code + " }";
  return out;
}

bool met(const PolicyTest& test, const policy::Decision& decision, const std::vector<std::string>& over) {
  const bool denied = !decision.allowed && decision.reason() != policy::Reason::quota_exceeded;
  switch (test.expect) {
    case Expect::permit:
      return decision.allowed && over.empty();
    case Expect::deny:
      return denied && policy::code(decision.reason()) == test.code;
    case Expect::quota:
      return !denied && std::find(over.begin(), over.end(), test.code) != over.end();
    // One order alone is never too fast: that the rule's throttle binds it is what a table can say.
    case Expect::rate:
      return !denied && std::any_of(decision.throttles.begin(), decision.throttles.end(),
                                    [&](const policy::Rule* rule) { return rule->id == test.code; });
  }
  return false;
}

std::string expected(const PolicyTest& test) {
  switch (test.expect) {
    case Expect::permit:
      break;
    case Expect::deny:
      return "{ deny: " + test.code + " }";
    case Expect::quota:
      return "{ quota: " + test.code + " }";
    case Expect::rate:
      return "{ rate: " + test.code + " }";
  }
  return "permit";
}

Loaded<PolicyTests> read(Document document) {
  PolicyTests tests;
  if (const Node* root = document.root()) {
    Fields fields(document, *root, "the file");
    fields.find("schema");
    fields.need("policy", Path{}, tests.policy_file);
    const auto operators = read_operators(document, fields.need("operators"));
    const Node* list = fields.need("tests");
    if (list && (list->kind != Node::Kind::list || list->items.empty())) {
      unexpected(document, *list, "a list of tests");
    } else if (list) {
      for (const auto& node : list->items) tests.tests.push_back(read_test(document, node, operators));
    }
  }
  return document.finish(std::move(tests));
}

}  // namespace

policy::Standing standing_of(const PolicyTest& test) {
  const auto today = policy::JstDate::of(test.at);
  const auto record = policy::PackedRecord::of(test.record);
  auto standing = policy::stand(record.get(), test.record.id, test.order.number_type, today, 0, {});
  for (const auto& hop : test.chain)
    policy::add_hop(standing.chain, policy::PackedRecord::of(hop).get(), test.order.number_type, today);
  return standing;
}

Loaded<PolicyTests> load_policy_tests(const std::filesystem::path& file) { return read({file, schema}); }
Loaded<PolicyTests> read_policy_tests_text(const std::filesystem::path& name, std::string text) {
  return read({name, std::move(text), schema});
}

std::vector<TestResult> run_policy_tests(const policy::Policy& policy, const std::vector<PolicyTest>& tests) {
  const policy::Compiled compiled(policy);
  std::vector<TestResult> results;
  for (const auto& test : tests) {
    const auto decision = decide_test(compiled, test);
    const auto over = exceeded(decision, test.order.quantity);
    TestResult result{
        .name = test.name, .passed = met(test, decision, over), .line = test.line, .column = test.column};
    if (!result.passed)
      result.text = "expected " + expected(test) + ", and the answer was " + answered(decision, over);
    results.push_back(std::move(result));
  }
  return results;
}

std::string junit_xml(const std::string& file, const std::vector<TestResult>& results) {
  // XML has no way to write a control character or what is not UTF-8; `shown` puts "\uFFFD" for them.
  const auto escaped = [](std::string_view text) {
    std::string out;
    for (const char c : shown(text)) switch (c) {
        case '&':
          out += "&amp;";
          break;
        case '<':
          out += "&lt;";
          break;
        case '>':
          out += "&gt;";
          break;
        case '"':
          out += "&quot;";
          break;
        case '\t':
          out += "&#9;";
          break;
        default:
          out += c;
      }
    return out;
  };
  const auto failed =
      std::count_if(results.begin(), results.end(), [](const auto& one) { return !one.passed; });
  const auto name = escaped(file);
  auto out =
      fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\">\n", name, results.size(), failed);
  for (const auto& one : results) {
    out += fmt::format("    <testcase classname=\"{}\" name=\"{}\"", name, escaped(one.name));
    if (one.passed)
      out += "/>\n";
    else
      out += fmt::format(
          ">\n      <failure message=\"{0}:{1}:{2}: {3}\">{0}:{1}:{2}</failure>\n    </testcase>\n", name,
          one.line, one.column, escaped(one.text));
  }
  return out + "  </testsuite>\n";
}

std::vector<std::string> untouched_rules(const policy::Policy& policy, const std::vector<PolicyTest>& tests) {
  std::vector<std::string> ids;
  for (const auto& rule : policy.rules) ids.push_back(rule.id);
  const policy::Compiled compiled(policy);
  for (const auto& test : tests)
    for (const auto* rule : decide_test(compiled, test).matched)
      ids.erase(std::remove(ids.begin(), ids.end(), rule->id), ids.end());
  return ids;
}

}  // namespace sekisho::config
