// describe reasons, metrics, settings, admin, policy-schema, policy-test-schema: what derives from a table,
// as docs/reference and config have it; man-page, bash-completion, zsh-completion: what derives from the
// command line, for packages.
#include "config/describe.h"
#include "config/policy_schema.h"
#include "gateway/admin_api.h"
#include "gateway/main/command_tree.h"
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

std::string describe_admin() {
  std::string out =
      "# The admin listener\n\n"
      "Every call that it takes, printed from `gateway/admin_routes.cpp`; "
      "[`admin.openapi.yaml`](admin.openapi.yaml) describes what\n"
      "each takes and answers, and [operations](../operations.md#the-admin-api) how it is used. Roles are "
      "those of "
      "`admin.tokens`; where the\n"
      "settings name no tokens, whoever reaches the listener may do all. `*`: any method.\n\n"
      "| method | path | roles | |\n|---|---|---|---|\n";
  for (const auto& route : gateway::admin_routes())
    out += "| `" + std::string(route.method) + "` | `" + std::string(route.path) + "` | " +
           (route.roles.empty() ? "anybody" : policy::join(route.roles, ", ")) + " | " +
           std::string(route.says) + " |\n";
  out +=
      "\n## Errors\n\n"
      "Each is `application/problem+json` with one of these codes, printed from `gateway/admin_errors.def`, "
      "in "
      "Japanese or English\n"
      "by `Accept-Language`. A check that could not be decided, and a refusal of `/authz`, carry the gate's "
      "own "
      "[reasons](reasons.md).\n\n"
      "| code | status | meaning | what to do |\n|---|---|---|---|\n";
  const auto en = static_cast<std::size_t>(Language::en);
  for (const auto& row : gateway::all_admin_errors())
    out += "| `" + std::string(row.code) + "` | " + std::to_string(row.status) + " | " +
           std::string(row.title[en]) + " | " + std::string(row.remedy[en]) + " |\n";
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
  page("admin", describe_admin);
  page("settings", config::describe_settings_markdown);
  page("policy-schema", config::policy_schema);
  page("policy-test-schema", config::policy_test_schema);
  // Of the whole application, which is complete when the command runs.
  const auto manual = [&](const char* name, std::string (*text)(const Command& program)) {
    describe->add_subcommand(name)->callback([&app, &console, &code, text] {
      const auto printed = text(command_tree(app));
      console.print(json::object{{"text", printed}}, printed);
      code = done;
    });
  };
  manual("man-page", man_page);
  manual("bash-completion", bash_completion);
  manual("zsh-completion", zsh_completion);
}

}  // namespace sekisho::console
