// registry revoke, reinstate, merge, restore: acts of a named person, apart from any list.
#include <fmt/format.h>

#include "cache/registry_copy.h"
#include "cache/registry_store.h"
#include "gateway/main/commands.h"
#include "gateway/main/registry_touched.h"

namespace sekisho::console {
namespace {

using cache::RegistryChange;
using cache::RegistryStore;
using policy::OperatorId;
using policy::OperatorRecord;

struct ActArguments {
  std::string id, reason, by, since, into, copy;
};

// Never before the act that it follows: of two acts the later one counts, also where clocks differ.
policy::Instant moment_after(const std::optional<policy::RevocationAct>& earlier) {
  return earlier ? std::max(now(), earlier->at + std::chrono::milliseconds(1)) : now();
}

// What was granted from that day on: the work list of a revocation that reaches back.
Task<std::optional<json::array>> granted_since(cache::RedisLink& link, const OperatorId& id,
                                               policy::JstDate since) {
  cache::RedisLedger ledger(link, {});
  const auto numbers = co_await ledger.numbers(id);
  if (!numbers) co_return std::nullopt;
  json::array out;
  for (const auto& number : *numbers)
    if (policy::JstDate::of(number.granted_at) >= since)
      out.push_back(json::object{{"number", number.number},
                                 {"granted_at", policy::iso_jst(number.granted_at)},
                                 {"decision", number.decision}});
  co_return out;
}

struct Act {
  RegistryChange::Kind kind;
  std::string done;  // "revoked"
  // Changes the record; the sentence says why it cannot be.
  std::function<std::string(OperatorRecord& record, bool known)> change;
  std::optional<policy::JstDate> effective;
};

Task<int> carry_out(const Console& console, OperatorId id, ActArguments arguments, Act act,
                    cache::RedisLink& link) {
  RegistryStore store(link);
  while (true) {
    const auto meta = co_await store.meta();
    bool reachable = false;
    const auto known = co_await store.find(id, reachable);
    if (!meta || !reachable) co_return console.fail("the registry cannot be read from Redis");
    auto record = known ? known->unpack() : OperatorRecord{.id = id, .country = id.text().substr(0, 2)};
    if (const auto trouble = act.change(record, known != nullptr); !trouble.empty())
      co_return console.fail(trouble, answer_no);
    record.version = {.effective = act.effective};
    RegistryChange change{.kind = act.kind, .at = now(), .by = arguments.by, .reason = arguments.reason};
    cache::Fences fences;
    if (act.kind == RegistryChange::Kind::revoke) fences.raise.push_back(id);
    if (act.kind == RegistryChange::Kind::reinstate) fences.lower.push_back(id);
    const std::vector<policy::RecordPtr> records{policy::PackedRecord::of(record)};
    const auto serial = co_await store.commit(meta->serial, change, records, fences);
    if (!serial) co_return console.fail("Redis went away; run the command again to be certain");
    if (*serial == 0) continue;
    json::object result{{"operator", id.text()}, {"serial", *serial}, {"done", act.done}};
    auto text = fmt::format("{} {} (serial {})\n", id.text(), act.done, *serial);
    if (act.kind == RegistryChange::Kind::revoke && act.effective) {
      const auto granted = co_await granted_since(link, id, *act.effective);
      if (granted) {
        text += fmt::format("{} number(s) granted since {}:\n", granted->size(), act.effective->text());
        for (const auto& one : *granted)
          text += fmt::format("  {}  {}\n", std::string_view(one.at("number").as_string()),
                              std::string_view(one.at("granted_at").as_string()));
        result["granted_since"] = *granted;
      }
    }
    console.print(result, text);
    co_return done;
  }
}

Act revoking(const ActArguments& arguments, std::optional<policy::JstDate> since) {
  return {.kind = RegistryChange::Kind::revoke,
          .done = "revoked",
          .change =
              [arguments](OperatorRecord& record, bool) {
                record.act = policy::RevocationAct{.revoked = true,
                                                   .at = moment_after(record.act),
                                                   .by = arguments.by,
                                                   .reason = arguments.reason};
                return std::string();
              },
          .effective = since};
}

Act reinstating(const ActArguments& arguments) {
  return {
      .kind = RegistryChange::Kind::reinstate,
      .done = "reinstated",
      .change = [arguments](OperatorRecord& record, bool known) -> std::string {
        if (!known) return record.id.text() + " is not in the registry";
        if (!record.act || !record.act->revoked)
          return record.id.text() + " is not revoked by an act" +
                 (record.etoc.state == policy::EtocState::revoked
                      ? "; the list itself says revoked, which only a list can change (--approve reinstate)"
                      : "");
        record.act = policy::RevocationAct{
            .revoked = false, .at = moment_after(record.act), .by = arguments.by, .reason = arguments.reason};
        return "";
      }};
}

Act merging(const OperatorId& into, std::optional<policy::JstDate> on) {
  return {.kind = RegistryChange::Kind::merge,
          .done = into.empty() ? "stands for itself again" : "merged into " + into.text(),
          .change = [into](OperatorRecord& record, bool known) -> std::string {
            if (!known) return record.id.text() + " is not in the registry";
            if (record.id == into) return record.id.text() + " cannot be its own successor";
            record.merged_into = into;
            return "";
          },
          .effective = on};
}

// The successor must be known, and its own successors must not lead back.
Task<std::string> successor_trouble(RegistryStore& store, OperatorId from, OperatorId into) {
  OperatorId at = into;
  for (int hops = 0; hops < policy::Registry::mergers_max && !at.empty(); ++hops) {
    bool reachable = false;
    const auto known = co_await store.find(at, reachable);
    if (!reachable) co_return "the registry cannot be read from Redis";
    if (!known) co_return at.text() + " is not in the registry";
    at = OperatorId::parse(known->merged_into()).value_or(OperatorId());
    if (at == from) co_return into.text() + " was itself merged into " + from.text();
  }
  co_return at.empty() ? "" : "the row of successors behind " + into.text() + " is too long";
}

Task<int> restore(const Console& console, ActArguments arguments, cache::RedisLink& link) {
  const auto found = cache::read_copy(arguments.copy);
  if (!found.whole)
    co_return console.fail(found.trouble.empty() ? arguments.copy + " does not exist" : found.trouble);
  RegistryStore store(link);
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
          return carry_out(console, *id, *arguments, make(*arguments, day), link);
        });
      }
    });
  };
  auto revoke = std::make_shared<ActArguments>(), reinstate = std::make_shared<ActArguments>();
  auto* command = act_command(registry, "revoke", "Revoke an operator at once, on every gateway", *revoke);
  command->add_option("--since", revoke->since,
                      "The day from which it counts in the history; lists what was granted since");
  with_id(revoke, command, [](const ActArguments& a, auto day) { return revoking(a, day); });
  command = act_command(registry, "reinstate", "Undo a revocation, as an act of its own", *reinstate);
  with_id(reinstate, command, [](const ActArguments& a, auto) { return reinstating(a); });

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
        if (!undo) trouble = co_await successor_trouble(store, *id, into);
        if (!trouble.empty()) co_return console.fail(trouble, answer_no);
        auto act = merging(into, day);
        auto said = *merge;
        co_return co_await carry_out(console, *id, std::move(said), std::move(act), link);
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
