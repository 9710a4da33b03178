// The command line. One binary; every subcommand lives in a file of its own beside this one.
#include <cstdlib>
#include <exception>

#include "gateway/main/commands.h"
#include "gateway/version.h"

int main(int argc, char** argv) {
  using namespace sekisho::console;
  CLI::App app{"sekisho: the checkpoint in front of a carrier's number-allocation API"};
  app.name("sekisho");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("sekisho ") + sekisho::gateway::version);

  Console console;
  if (const char* path = std::getenv("SEKISHO_CONFIG")) console.config = path;
  app.add_option("--config", console.config, "The gateway's configuration (or SEKISHO_CONFIG)")
      ->type_name("FILE");
  app.add_flag("--json", console.as_json, "Print results for machines");
  app.add_flag("--quiet", console.quiet, "Say nothing of how far a long command has come");

  int code = done;
  add_serve(app, console, code);
  add_check(app, console, code);
  add_doctor(app, console, code);
  add_policy(app, console, code);
  add_registry(app, console, code);
  add_number(app, console, code);
  add_carrier(app, console, code);
  add_client(app, console, code);
  add_ledger(app, console, code);
  add_audit(app, console, code);
  add_describe(app, console, code);
  // --config, --json and --quiet may stand anywhere behind a subcommand.
  for (auto* command : app.get_subcommands({})) {
    command->fallthrough();
    for (auto* inner : command->get_subcommands({})) inner->fallthrough();
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? done : unreadable;
  } catch (const std::exception& broken) {
    return console.fail(broken.what());
  }
  return code;
}
