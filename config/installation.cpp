#include "config/installation.h"

#include <algorithm>

#include "config/carrier_routes.h"
#include "config/digest.h"
#include "config/loaders.h"
#include "config/nearest.h"
#include "config/numbering_plan_file.h"

namespace sekisho::config {
namespace {

void append(Errors& all, Errors more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

// Names of carriers that others use must be those of a carrier file, or they would silently mean nobody.
struct CarrierNames {
  std::vector<std::string> names;

  void check(const std::filesystem::path& file, const std::string& who, const std::vector<std::string>& used,
             Errors& errors) const {
    for (const auto& name : used)
      if (std::find(names.begin(), names.end(), name) == names.end())
        errors.push_back({.file = file.string(),
                          .text = who + " names the carrier '" + name + "', which no carrier file describes" +
                                  did_you_mean(name, names)});
  }
};

// A call belongs to one carrier: the routes of all carriers are one table.
void check_apart(const std::filesystem::path& file, const policy::Carrier& carrier,
                 const std::vector<policy::Carrier>& others, Errors& errors) {
  for (const auto& other : others) {
    if (other.name == carrier.name)
      errors.push_back(
          {.file = file.string(), .text = "another file describes the carrier '" + carrier.name + "' too"});
    for (const auto& a : carrier.routes)
      for (const auto& b : other.routes)
        if (collide(a, b))
          errors.push_back({.file = file.string(),
                            .text = "the route '" + a.pattern + "' takes the same calls as '" + b.pattern +
                                    "' of the carrier '" + other.name + "'"});
  }
}

TlsContext load_tls(const Listener& listener, Errors& errors) {
  if (!listener.tls) return nullptr;
  try {
    return server_context(*listener.tls);
  } catch (const TlsError& wrong) {
    errors.push_back({.file = wrong.file.string(), .text = wrong.what()});
    return nullptr;
  }
}

}  // namespace

Loaded<std::shared_ptr<const Installation>> load_installation(const Settings& settings) {
  auto installation = std::make_shared<Installation>();
  Errors errors;
  std::string digests, digest;

  auto policy = load_policy(settings.policy);
  if (policy) installation->policy = std::move(*policy.value);
  if (policy) installation->rules = policy::Compiled(installation->policy);
  digests += installation->policy.digest;
  append(errors, std::move(policy.errors));

  auto clients = load_clients(settings.clients, digest);
  if (clients) installation->clients = std::move(*clients.value);
  digests += digest;
  append(errors, std::move(clients.errors));

  auto plan = load_numbering_plan(settings.numbering_plan, digest);
  if (plan) installation->numbering_plan = std::move(*plan.value);
  digests += digest;
  append(errors, std::move(plan.errors));

  bool all_carriers = true;
  CarrierNames known;
  for (const auto& file : settings.carriers) {
    TlsContext tls;
    auto carrier = load_carrier(file, digest, tls);
    digests += digest;
    append(errors, std::move(carrier.errors));
    all_carriers &= carrier.value.has_value();
    if (!carrier) continue;
    check_apart(file, *carrier.value, installation->carriers, errors);
    known.names.push_back(carrier.value->name);
    if (tls) installation->carrier_tls[carrier.value->name] = std::move(tls);
    installation->carriers.push_back(std::move(*carrier.value));
  }

  for (const auto& listener : settings.listeners)
    installation->listener_tls.push_back(load_tls(listener, errors));
  installation->admin_tls = load_tls(settings.admin, errors);
  if (!settings.admin_tokens.empty()) {
    auto tokens = load_admin_tokens(settings.admin_tokens);
    if (tokens) installation->admin_tokens = std::move(*tokens.value);
    append(errors, std::move(tokens.errors));
  }

  // A broken carrier file has no name yet: what names it would be blamed for nothing.
  if (all_carriers) {
    for (const auto& client : installation->clients.all)
      known.check(settings.clients, "the client '" + client.id + "'", client.carriers, errors);
    for (const auto& rule : installation->policy.rules)
      for (const auto& clause : rule.when.any)
        for (const auto& one : clause)
          if (one.fact == policy::Fact::carrier)
            known.check(settings.policy, "the rule '" + rule.id + "'", one.names, errors);
  }

  installation->digest = sha256_hex(digests);
  Loaded<std::shared_ptr<const Installation>> loaded{.errors = std::move(errors)};
  if (loaded.errors.empty()) loaded.value = std::move(installation);
  return loaded;
}

}  // namespace sekisho::config
