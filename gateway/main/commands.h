// Every subcommand: each adds itself to the command line, and runs when it was the one that was meant.
#pragma once

#include <CLI/CLI.hpp>

#include "gateway/main/console.h"

namespace sekisho::console {

// `code` is set by the command that ran.
void add_serve(CLI::App& app, const Console& console, int& code);
void add_check(CLI::App& app, const Console& console, int& code);
void add_doctor(CLI::App& app, const Console& console, int& code);
void add_policy(CLI::App& app, const Console& console, int& code);
void add_policy_meaning(CLI::App& policy, const Console& console, int& code);
void add_policy_replay(CLI::App& policy, const Console& console, int& code);
void add_registry(CLI::App& app, const Console& console, int& code);
void add_registry_import(CLI::App& registry, const Console& console, int& code);
void add_registry_acts(CLI::App& registry, const Console& console, int& code);
void add_registry_keys(CLI::App& registry, const Console& console, int& code);
void add_registry_signing(CLI::App& registry, const Console& console, int& code);
void add_number(CLI::App& app, const Console& console, int& code);
void add_carrier(CLI::App& app, const Console& console, int& code);
void add_client(CLI::App& app, const Console& console, int& code);
void add_ledger(CLI::App& app, const Console& console, int& code);
void add_ledger_numbers(CLI::App& ledger, const Console& console, int& code);
void add_audit(CLI::App& app, const Console& console, int& code);
void add_audit_replay(CLI::App& audit, const Console& console, int& code);
void add_describe(CLI::App& app, const Console& console, int& code);

}  // namespace sekisho::console
