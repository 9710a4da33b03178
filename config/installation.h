// Everything a gateway decides by that stands in files, loaded as one set: all or nothing.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/admin_file.h"
#include "config/clients.h"
#include "config/file_error.h"
#include "config/settings.h"
#include "config/tls_context.h"
#include "policy/adapter.h"
#include "policy/compiled.h"
#include "policy/numbering_plan.h"
#include "policy/registry.h"
#include "policy/rules.h"

namespace sekisho::config {

struct Installation {
  Installation() = default;
  // `rules` points into `policy`: a copy has rules of its own.
  Installation(const Installation& other)
      : policy(other.policy),
        rules(policy),
        clients(other.clients),
        carriers(other.carriers),
        numbering_plan(other.numbering_plan),
        listener_tls(other.listener_tls),
        admin_tls(other.admin_tls),
        carrier_tls(other.carrier_tls),
        admin_tokens(other.admin_tokens),
        digest(other.digest) {}
  Installation& operator=(const Installation&) = delete;

  policy::Policy policy;
  policy::Compiled rules;  // of `policy`
  Clients clients;
  std::vector<policy::Carrier> carriers;
  policy::NumberingPlan numbering_plan;
  // What connections are secured by; null: they are in the clear.
  std::vector<TlsContext> listener_tls;  // one for each listener of the settings
  TlsContext admin_tls;
  std::map<std::string, TlsContext> carrier_tls;  // by the carrier's name
  AdminTokens admin_tokens;                       // empty: whoever reaches the admin listener may do all
  std::string digest;                             // of all files together, but for those of TLS
};

Loaded<policy::Policy> load_policy(const std::filesystem::path& file);  // and prove it
Loaded<policy::Policy> read_policy_file(
    const std::filesystem::path& file);  // read only, e.g. one that was in force
// The same of a file's text, e.g. out of a journal; `name` stands in complaints.
Loaded<policy::Policy> read_policy_text(const std::filesystem::path& name, std::string text);
// With the secrets and key sets that it names.
Loaded<Clients> load_clients(const std::filesystem::path& file);
Loaded<policy::Carrier> load_carrier(const std::filesystem::path& file);

// The policy, clients, carriers and numbering plan that the settings name. Also refused: two carriers of one
// name, routes that collide.
Loaded<std::shared_ptr<const Installation>> load_installation(const Settings& settings);

}  // namespace sekisho::config
