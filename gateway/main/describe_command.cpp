// describe reasons, metrics, settings, policy-schema, policy-test-schema: what derives from a table, as
// docs/reference and config have it.
#include "config/describe.h"
#include "config/policy_schema.h"
#include "gateway/main/commands.h"
#include "gateway/metrics.h"
#include "policy/reason.h"

namespace sekisho::console {
namespace {

using policy::Language;

std::string describe_reasons() {
  std::string out =
      "# Reasons\n\n"
      "Every `code` that an answer of the gate can carry, printed from `policy/reason.def`. When several "
      "apply, the one\n"
      "that stands first here is the answer's code. Codes are stable; texts may change.\n\n"
      "The family tells the next step: `request` mend it, `decision` no, `not_now` wait, `unsure` the gate "
      "could not\n"
      "decide, `carrier` the carrier failed. The status of `quota-exceeded` is 403 where waiting does not "
      "help.\n\n"
      "A carrier's adapter may have other statuses and codes for these, and another shape of the body "
      "([denials](../denials.md)).\n";
  for (const auto& row : policy::all_reasons()) {
    out += "\n## " + std::string(row.code) + "\n\n" + std::to_string(row.status) + ", " +
           std::string(policy::name(row.family)) + "\n\n";
    for (const auto language : {Language::en, Language::ja}) {
      const auto at = static_cast<std::size_t>(language);
      out += "- " + std::string(row.title[at]) + " " + std::string(row.remedy[at]) + "\n";
    }
  }
  return out;
}

std::string describe_metrics() {
  std::string out =
      "# Metrics\n\n"
      "What `/metrics` on the admin listener tells, in Prometheus's text format; printed from "
      "`gateway/metrics.def`.\n"
      "Operator ids are never labels.\n\n"
      "| metric | kind | labels | meaning |\n|---|---|---|---|\n";
  static constexpr const char* kinds[] = {"counter", "gauge", "histogram"};
  for (const auto& row : gateway::all_metrics())
    out += "| `" + std::string(row.name) + "` | " + kinds[int(row.kind)] + " | " + std::string(row.labels) +
           " | " + std::string(row.help) + " |\n";
  return out;
}

}  // namespace

void add_describe(CLI::App& app, const Console& console, int& code) {
  auto* describe = app.add_subcommand("describe", "Print a reference page of docs/reference");
  describe->group("");  // for whoever works on the gate
  describe->require_subcommand(1);
  const auto page = [&](const char* name, std::string (*text)()) {
    describe->add_subcommand(name)->callback([&console, &code, text] {
      console.print(json::object{{"markdown", text()}}, text());
      code = done;
    });
  };
  page("reasons", describe_reasons);
  page("metrics", describe_metrics);
  page("settings", config::describe_settings_markdown);
  page("policy-schema", config::policy_schema);
  page("policy-test-schema", config::policy_test_schema);
}

}  // namespace sekisho::console
