// serve, check, client: commands about the installation's own files.
#include <openssl/rand.h>

#include <array>
#include <iostream>

#include "config/digest.h"
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

// A key on standard input is hashed; without one, a new key is made.
int hash_key(const Console& console, bool make) {
  std::string key;
  if (!make) {
    std::getline(std::cin, key);
    if (!key.empty() && key.back() == '\r') key.pop_back();
    if (key.empty()) return console.fail("no key on standard input; --new makes one");
  } else {
    std::array<unsigned char, 24> bytes;
    RAND_bytes(bytes.data(), int(bytes.size()));
    key = config::sha256_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()}).substr(0, 48);
  }
  json::object result{{"api_key_sha256", config::sha256_hex(key)}};
  if (make) result["api_key"] = key;
  console.print(result,
                (make ? "api_key: " + key + "\n" : "") + "api_key_sha256: " + config::sha256_hex(key) + "\n");
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

void add_client(CLI::App& app, const Console& console, int& code) {
  auto* client = app.add_subcommand("client", "Credentials of callers");
  client->require_subcommand(1);
  auto* hash =
      client->add_subcommand("hash", "Read a key from standard input and print its hash, or make a new key");
  static bool make = false;
  hash->add_flag("--new", make, "Make a new key and print it with its hash");
  hash->callback([&] { code = hash_key(console, make); });
}

}  // namespace sekisho::console
