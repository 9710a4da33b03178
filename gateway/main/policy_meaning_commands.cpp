// policy explain, diff: what a policy means for one order, and what changes in meaning between two.
#include "config/installation.h"
#include "config/policy_tests.h"
#include "gateway/main/commands.h"
#include "policy/diff.h"
#include "policy/explain.h"

namespace sekisho::console {
namespace {

using policy::Fact;
using policy::Language;

struct ExplainOptions {
  std::string file;
  std::vector<std::string> facts;  // "etoc=none"
  std::string test, language;
};

constexpr std::size_t en = static_cast<std::size_t>(Language::en),
                      ja = static_cast<std::size_t>(Language::ja);

// What an order is unless something else is said: one fixed number, asked for today by an operator that no
// register knows.
policy::Facts usual_facts() {
  static const policy::Order order{
      .operation = policy::Operation::allocate, .number_type = policy::NumberType::fixed, .quantity = 1};
  static const policy::Standing standing{.today = policy::JstDate::of(now())};
  return policy::facts_of(order, standing);
}

// "etoc=none" and so on into facts. Empty: all were read. Names point into `given`.
std::string read_facts(const std::vector<std::string>& given, policy::Facts& facts) {
  bool covers = false, types = false;
  for (const auto& one : given) {
    const auto equals = one.find('=');
    const auto key = one.substr(0, equals);
    const auto fact = policy::parse_word<Fact>(key == "at" ? "date" : key);
    if (equals == one.npos || !fact)
      return "'" + one + "' is not a fact: write FACT=VALUE, FACT one of " + policy::all_words<Fact>();
    const auto value = std::string_view(one).substr(equals + 1);
    if (!policy::read_value(*fact, value, facts)) {
      std::string words;
      for (const auto word : policy::row(*fact).words)
        words += (words.empty() ? "" : ", ") + std::string(word);
      return "'" + std::string(value) + "' is not a value of " + key +
             (words.empty() ? "" : ": one of " + words);
    }
    covers |= *fact == Fact::plan_covers_type;
    types |= *fact == Fact::plan_types;
  }
  // What follows from the others need not be said twice.
  if (types && !covers)
    facts.set(Fact::plan_covers_type, facts[Fact::plan_types] >> facts[Fact::number_type] & 1);
  return "";
}

json::object both(const policy::Told& told) { return {{"en", told.text[en]}, {"ja", told.text[ja]}}; }

int tell(const Console& console, const ExplainOptions& options, const policy::Compiled& compiled,
         const policy::Facts& facts) {
  const auto told = policy::explain(compiled, facts);
  json::object facts_json, decision{{"allowed", told.decision.allowed}, {"status", told.decision.status()}};
  for (const auto& about : policy::all_facts())
    facts_json[name(about.fact)] = policy::text_of(about.fact, facts);
  if (!told.decision.allowed) decision["code"] = policy::code(told.decision.reason());
  json::array rules;
  std::string text;
  const auto line = [&](const std::string& indent, const policy::Told& say, const std::string& between = "") {
    if (options.language != "ja") text += indent + between + say.text[en] + "\n";
    if (options.language != "en") text += indent + between + say.text[ja] + "\n";
  };
  line("", told.verdict);
  for (const auto& one : told.rules) {
    const bool matters = one.kind != policy::RuleStory::Kind::does_not_match &&
                         one.kind != policy::RuleStory::Kind::not_active;
    const auto kind = in_words(one.kind);
    text += "\n" + std::string(matters ? "* " : "  ") + one.rule->id + "  [" +
            std::string(name(one.rule->basis)) + "]" + (one.rule->why.empty() ? "" : "  " + one.rule->why) +
            "\n";
    line("    ", {kind.text[en] + ": " + one.effect.text[en], kind.text[ja] + "：" + one.effect.text[ja]});
    line("      ", one.why);
    rules.push_back(json::object{{"rule", one.rule->id},
                                 {"matched", matters},
                                 {"state", both(kind)},
                                 {"basis", name(one.rule->basis)},
                                 {"mode", name(one.rule->mode)},
                                 {"effect", both(one.effect)},
                                 {"why", both(one.why)}});
  }
  console.print(json::object{{"ok", true},
                             {"errors", json::array{}},
                             {"facts", std::move(facts_json)},
                             {"decision", std::move(decision)},
                             {"verdict", both(told.verdict)},
                             {"rules", std::move(rules)}},
                text);
  return done;
}

int explain(const Console& console, const ExplainOptions& options) {
  if (!options.test.empty()) {
    const auto tests = config::load_policy_tests(options.file);
    if (!tests) return console.fail(tests.errors);
    const auto policy = config::read_policy_file(tests.value->policy_file);
    if (!policy) return console.fail(policy.errors);
    for (const auto& test : tests.value->tests) {
      if (test.name != options.test) continue;
      const auto standing = config::standing_of(test);
      return tell(console, options, policy::Compiled(*policy.value), policy::facts_of(test.order, standing));
    }
    return console.fail("no test of " + options.file + " is called '" + options.test + "'");
  }
  const auto policy = config::read_policy_file(options.file);
  if (!policy) return console.fail(policy.errors);
  auto facts = usual_facts();
  if (const auto trouble = read_facts(options.facts, facts); !trouble.empty()) return console.fail(trouble);
  if (!policy::hands_out(facts.word<policy::Operation>(Fact::operation)))
    return console.fail("rules do not govern '" + policy::text_of(Fact::operation, facts) +
                        "': giving back and looking are always possible");
  return tell(console, options, policy::Compiled(*policy.value), facts);
}

struct DiffOptions {
  std::string old_file, new_file;
  bool exit_code = false;
};

int diff(const Console& console, const DiffOptions& options) {
  const auto old_policy = config::read_policy_file(options.old_file);
  if (!old_policy) return console.fail(old_policy.errors);
  const auto new_policy = config::read_policy_file(options.new_file);
  if (!new_policy) return console.fail(new_policy.errors);
  const auto found = policy::diff(*old_policy.value, *new_policy.value);
  json::array changes;
  std::string text;
  for (const auto& change : found.changes) {
    for (const auto& one : change.cases) text += one + "\n";
    text += "    before  " + change.old_answer + "\n    after   " + change.new_answer + "\n    sample  " +
            change.sample + "\n";
    if (change.hidden)
      text +=
          "    where the rest of the policy, which is the same in both, does not refuse it or hold it "
          "tighter\n";
    text += "\n";
    json::array cases;
    for (const auto& one : change.cases) cases.emplace_back(one);
    changes.push_back(json::object{{"cases", std::move(cases)},
                                   {"before", change.old_answer},
                                   {"after", change.new_answer},
                                   {"sample", change.sample},
                                   {"hidden", change.hidden},
                                   {"test", change.test}});
  }
  if (!found.complete)
    text += "The two policies overlap in too many ways: there may be more changes than these.\n";
  else if (found.changes.empty())
    text += "Nothing changes in meaning: every order gets the same answer.\n";
  const bool same = found.complete && found.changes.empty();
  console.print(json::object{{"ok", true},
                             {"errors", json::array{}},
                             {"same", same},
                             {"complete", found.complete},
                             {"changes", std::move(changes)}},
                text);
  return options.exit_code && !same ? answer_no : done;
}

}  // namespace

void add_policy_meaning(CLI::App& policy, const Console& console, int& code) {
  auto* explain_command = policy.add_subcommand("explain", "One order against every rule, in both languages");
  auto asked = std::make_shared<ExplainOptions>();
  explain_command->add_option("file", asked->file, "The policy; with --test, its test file")
      ->required()
      ->type_name("FILE");
  explain_command->add_option("facts", asked->facts,
                              "FACT=VALUE, e.g. etoc=none number_type=ip_050 quantity=2 date=2026-04-01");
  explain_command->add_option("--test", asked->test, "The operator and order of this test")
      ->type_name("NAME");
  explain_command->add_option("--language", asked->language, "en or ja alone")
      ->check(CLI::IsMember({"en", "ja"}));
  explain_command->callback([&console, &code, asked] { code = explain(console, *asked); });

  auto* diff_command =
      policy.add_subcommand("diff", "Which operators and orders get another answer, exactly");
  auto two = std::make_shared<DiffOptions>();
  diff_command->add_option("old", two->old_file, "The policy as it was")->required()->type_name("FILE");
  diff_command->add_option("new", two->new_file, "The policy as it would be")->required()->type_name("FILE");
  diff_command->add_flag("--exit-code", two->exit_code, "Exit 1 when something changes");
  diff_command->callback([&console, &code, two] { code = diff(console, *two); });
}

}  // namespace sekisho::console
