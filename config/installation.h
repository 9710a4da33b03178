// Everything a gateway decides by that stands in files, loaded as one set: all or nothing.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "config/clients.h"
#include "config/file_error.h"
#include "config/settings.h"
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
        digest(other.digest) {}
  Installation& operator=(const Installation&) = delete;

  policy::Policy policy;
  policy::Compiled rules;  // of `policy`
  Clients clients;
  std::vector<policy::Carrier> carriers;
  policy::NumberingPlan numbering_plan;
  std::string digest;  // of all files together
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
