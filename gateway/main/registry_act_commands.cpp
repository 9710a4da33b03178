// registry revoke, reinstate, merge, restore: acts of a named person, apart from any list.
#include <fmt/format.h>

#include "cache/registry_acts.h"
#include "cache/registry_copy.h"
#include "gateway/ledger_json.h"
#include "gateway/main/commands.h"

namespace sekisho::console {
namespace {

using cache::RegistryAct;
using cache::RegistryChange;
using cache::RegistryStore;
using policy::OperatorId;

struct ActArguments {
  std::string id, reason, by, since, into, copy;
};

Task<int> carry_out(const Console& console, OperatorId id, RegistryAct act, cache::RedisLink& link) {
  RegistryStore store(link);
  const auto outcome = co_await cache::carry_out(store, id, act);
  if (outcome.kind != cache::ActResult::Kind::done) {
    const bool refused = outcome.kind == cache::ActResult::Kind::refused;
    co_return console.fail(outcome.trouble, refused ? answer_no : unreadable);
  }
  json::object result{{"operator", id.text()}, {"serial", outcome.serial}, {"done", act.done}};
  auto text = fmt::format("{} {} (serial {})\n", id.text(), act.done, outcome.serial);
  if (act.kind == RegistryChange::Kind::revoke && act.effective) {
    const auto granted = co_await cache::granted_since(link, id, *act.effective);
    if (granted) {
      text += fmt::format("{} number(s) granted since {}:\n", granted->size(), act.effective->text());
      for (const auto& one : *granted)
        text += fmt::format("  {}  {}\n", one.number, policy::iso_jst(one.granted_at));
      result["granted_since"] = gateway::granted_json(*granted);
    }
  }
  console.print(result, text);
  co_return done;
}

Task<int> restore(const Console& console, ActArguments arguments, cache::RedisLink& link) {
  const auto found = cache::read_copy(arguments.copy);
  if (!found.whole)
    co_return console.fail(found.trouble.empty() ? arguments.copy + " does not exist" : found.trouble);
  RegistryStore store(link);
  store.on_stage = console.progress("sending", Counted::operators);
  store.on_fold = console.progress("folding in", Counted::operators);
  const auto meta = co_await store.meta();
  if (!meta) co_return console.fail("the registry cannot be read from Redis");
  if (!meta->epoch.empty())
    co_return console.fail("Redis has a registry (serial " + std::to_string(meta->serial) +
                               "); a copy is restored only where there is none",
                           answer_no);
  RegistryChange change{.kind = RegistryChange::Kind::restore,
                        .at = now(),
                        .by = arguments.by,
                        .reason = arguments.reason,
                        .meta = found.whole->fields};
  std::vector<policy::RecordPtr> records;
  cache::Fences fences;
  const auto today = policy::JstDate::of(change.at);
  found.whole->registry->each([&](const policy::PackedRecord& record) {
    records.push_back(found.whole->registry->share(record.id()));
    if (policy::etoc_on(record, today) == policy::EtocState::revoked)
      fences.raise.push_back(*OperatorId::parse(record.id()));
  });
  const auto serial = co_await store.commit(meta->serial, change, records, fences);
  if (!serial || *serial == 0)
    co_return console.fail("Redis went away, or somebody else wrote; look and try again");
  console.print(json::object{{"serial", *serial}, {"operators", records.size()}},
                fmt::format("restored {} operators as they were known at {} (serial {})\n", records.size(),
                            policy::iso_jst(found.seen_at), *serial));
  co_return done;
}

// One subcommand of an act: who, why, and by whom are always said.
CLI::App* act_command(CLI::App& registry, const char* name, const char* help, ActArguments& arguments) {
  auto* command = registry.add_subcommand(name, help);
  command->add_option("--reason", arguments.reason, "Why; stands in the journal")->required();
  command->add_option("--by", arguments.by, "Who decided it")->required();
  return command;
}

}  // namespace

void add_registry_acts(CLI::App& registry, const Console& console, int& code) {
  const auto with_id = [&](std::shared_ptr<ActArguments> arguments, CLI::App* command, auto make) {
    command->add_option("id", arguments->id, "The operator")->required();
    command->callback([&console, &code, arguments, make] {
      const auto id = operator_id(arguments->id);
      const auto day = policy::JstDate::parse(arguments->since);
      if (!id) {
        code = console.fail("'" + arguments->id + "' is no operator id (its check digit may be wrong)");
      } else if (!arguments->since.empty() && (!day || *day > policy::JstDate::of(now()))) {
        code = console.fail("'" + arguments->since + "' is not a day such as 2026-11-24 that has come");
      } else {
        code = with_redis(console, [&](cache::RedisLink& link, const config::Settings&) {
          return carry_out(console, *id, make(*arguments, day), link);
        });
      }
    });
  };
  auto revoke = std::make_shared<ActArguments>(), reinstate = std::make_shared<ActArguments>();
  auto* command = act_command(registry, "revoke", "Revoke an operator at once, on every gateway", *revoke);
  command->add_option("--since", revoke->since,
                      "The day from which it counts in the history; lists what was granted since");
  with_id(revoke, command,
          [](const ActArguments& a, auto day) { return cache::revoking(a.by, a.reason, day); });
  command = act_command(registry, "reinstate", "Undo a revocation, as an act of its own", *reinstate);
  with_id(reinstate, command, [](const ActArguments& a, auto) { return cache::reinstating(a.by, a.reason); });

  auto merge = std::make_shared<ActArguments>();
  command =
      act_command(registry, "merge", "An operator was merged into another, which carries on for it", *merge);
  command->add_option("id", merge->id, "The operator that ends")->required();
  command->add_option("--into", merge->into, "Its successor; `none` undoes a merger")->required();
  command->add_option("--on", merge->since, "The day of the merger");
  command->callback([&console, &code, merge] {
    const auto id = operator_id(merge->id);
    const bool undo = merge->into == "none";
    const auto into = undo ? OperatorId() : operator_id(merge->into).value_or(OperatorId());
    const auto day = policy::JstDate::parse(merge->since);
    if (!id || (into.empty() && !undo)) {
      code = console.fail("'" + (id ? merge->into : merge->id) +
                          "' is no operator id (its check digit may be wrong)");
    } else if (!merge->since.empty() && (!day || *day > policy::JstDate::of(now()))) {
      code = console.fail("'" + merge->since + "' is not a day such as 2026-11-24 that has come");
    } else {
      code = with_redis(console, [&](cache::RedisLink& link, const config::Settings&) -> Task<int> {
        RegistryStore store(link);
        std::string trouble;  // named first: gcc 12 destroys a value of `?:` with co_await in it twice
        if (!undo) trouble = co_await cache::successor_trouble(store, *id, into);
        if (!trouble.empty()) co_return console.fail(trouble, answer_no);
        auto act = cache::merging(merge->by, merge->reason, into, day);
        co_return co_await carry_out(console, *id, std::move(act), link);
      });
    }
  });

  auto copy = std::make_shared<ActArguments>();
  command =
      act_command(registry, "restore", "Bring a gateway's copy of the registry into an empty Redis", *copy);
  command->add_option("copy", copy->copy, "The copy's file (registry.copy of the gateway)")
      ->required()
      ->type_name("FILE");
  command->callback([&console, &code, copy] {
    code = with_redis(console, [&](cache::RedisLink& link, const config::Settings&) {
      return restore(console, *copy, link);
    });
  });
}

}  // namespace sekisho::console
