// serve, check: commands about the installation's own files.
#include "config/installation.h"
#include "config/policy_tests.h"
#include "gateway/app.h"
#include "gateway/main/commands.h"

namespace sekisho::console {
namespace {

int check(const Console& console) {
  const auto settings = console.settings();
  if (!settings) return unreadable;
  const auto site = config::load_installation(*settings);
  if (!site) return console.fail(site.errors);
  const auto& policy = (*site.value)->policy;
  const auto text = "ok: policy '" + policy.name + "' with " + std::to_string(policy.rules.size()) +
                    " rules, " + std::to_string((*site.value)->clients.all.size()) + " clients, " +
                    std::to_string((*site.value)->carriers.size()) + " carrier(s)\n";
  const json::object result{
      {"ok", true},
      {"errors", json::array{}},
      {"policy", {{"name", policy.name}, {"digest", policy.digest}, {"rules", policy.rules.size()}}},
      {"clients", (*site.value)->clients.all.size()},
      {"carriers", (*site.value)->carriers.size()}};
  console.print(result, text);
  return done;
}

}  // namespace

void add_serve(CLI::App& app, const Console& console, int& code) {
  auto* serve = app.add_subcommand("serve", "Run a gateway until SIGTERM");
  serve->callback([&] {
    code = console.config.empty() ? console.fail("no configuration: give --config FILE or set SEKISHO_CONFIG")
                                  : gateway::serve(console.config);
  });
}

void add_check(CLI::App& app, const Console& console, int& code) {
  auto* command = app.add_subcommand("check", "Check the configuration and every file it names");
  command->callback([&] { code = check(console); });
}

}  // namespace sekisho::console
