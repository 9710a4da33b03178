// registry import, show, list, events, revoke, reinstate.
#include <fmt/format.h>

#include "cache/registry_store.h"
#include "config/import_plan.h"
#include "config/register_file.h"
#include "gateway/main/commands.h"
#include "gateway/main/registry_json.h"

namespace sekisho::console {
namespace {

using cache::RegistryChange;
using cache::RegistryStore;

struct ImportArguments {
  std::string which, mapping, file, by, reason, published;
  std::vector<std::string> approve;
  bool dry_run = false;
};

json::array ids_json(const std::vector<std::string>& ids) { return json::array(ids.begin(), ids.end()); }

json::object plan_json(const config::ImportPlan& plan, const config::RegisterFile& file,
                       std::uint64_t serial) {
  json::array guards;
  for (const auto& guard : plan.guards)
    guards.push_back(json::object{{"approval", policy::name(guard.approval)}, {"text", guard.text}});
  return {{"register", policy::name(file.which)},
          {"serial", serial},
          {"rows", file.rows.size()},
          {"same_file", plan.same_file},
          {"added", ids_json(plan.added)},
          {"changed", ids_json(plan.altered)},
          {"removed", ids_json(plan.removed)},
          {"revoked", ids_json(plan.revoked)},
          {"expired", ids_json(plan.expired)},
          {"still_revoked", ids_json(plan.still_revoked)},
          {"guards", std::move(guards)},
          {"errors", json::array{}}};
}

std::string plan_text(const config::ImportPlan& plan, const config::RegisterFile& file,
                      const std::string& heading) {
  std::string out = heading + "\n";
  const auto list = [&](const char* what, const std::vector<std::string>& ids) {
    if (ids.empty()) return;
    out += fmt::format("  {:<14}{}", what, ids.size());
    for (std::size_t i = 0; i < ids.size() && i < 10; ++i) out += " " + ids[i];
    out += ids.size() > 10 ? " …\n" : "\n";
  };
  out += fmt::format("  {:<14}{}\n", "rows", file.rows.size());
  list("added", plan.added);
  list("changed", plan.altered);
  list("removed", plan.removed);
  list("revoked", plan.revoked);
  list("expired", plan.expired);
  list("still revoked", plan.still_revoked);
  return out;
}

config::ImportRules import_rules(const ImportArguments& arguments, const config::Settings& settings,
                                 const cache::RegistryMeta& meta, policy::Register which) {
  config::ImportRules rules{.shrink = settings.import.shrink,
                            .min_rows = settings.import.min_rows,
                            .today = policy::JstDate::of(now())};
  for (const auto& word : arguments.approve) rules.approved.add(*policy::parse_word<config::Approval>(word));
  rules.published = policy::JstDate::parse(arguments.published);
  const auto field = [&](std::string_view what) {
    const auto found = meta.fields.find(cache::meta_field(which, what));
    return found == meta.fields.end() ? std::string() : found->second;
  };
  rules.last_digest = field("digest");
  rules.last_published = policy::JstDate::parse(field("published"));
  return rules;
}

RegistryChange import_change(const ImportArguments& arguments, const config::RegisterFile& file,
                             const cache::RegistryMeta& meta) {
  RegistryChange change{.kind = RegistryChange::Kind::import, .at = now(), .by = arguments.by};
  change.reason =
      arguments.reason.empty() ? "import of " + std::string(policy::name(file.which)) : arguments.reason;
  const auto before = meta.sources()[static_cast<std::size_t>(file.which)];
  const auto set = [&](std::string_view what, std::string value) {
    change.meta[cache::meta_field(file.which, what)] = std::move(value);
  };
  set("serial", std::to_string(before.serial + 1));
  set("verified_at", std::to_string(policy::to_ms(change.at)));
  set("rows", std::to_string(file.rows.size()));
  set("digest", file.digest);
  if (!arguments.published.empty()) set("published", arguments.published);
  return change;
}

Task<int> import_register(const Console& console, const ImportArguments& arguments,
                          const config::RegisterFile& file, cache::RedisLink& link,
                          const config::Settings& settings) {
  RegistryStore store(link);
  while (true) {
    const auto meta = co_await store.meta();
    const auto registry = co_await store.load();
    if (!meta || !registry) co_return console.fail("the registry cannot be read from Redis");
    const auto rules = import_rules(arguments, settings, *meta, file.which);
    const auto plan = config::plan_import(*registry, file, rules);
    if (!plan.guards.empty()) {
      for (const auto& guard : plan.guards)
        console.fail(arguments.file + ": " + guard.text + " (to go on: --approve " + std::string(policy::name(guard.approval)) +
                     " --by NAME --reason R)");
      if (console.as_json) console.print(plan_json(plan, file, meta->serial), "");
      co_return answer_no;
    }
    if (arguments.dry_run) {
      console.print(plan_json(plan, file, meta->serial), plan_text(plan, file, "would change (dry run):"));
      co_return done;
    }
    // The same list again changes nobody, but it was verified again: its age begins anew.
    const auto change = import_change(arguments, file, *meta);
    const auto serial = co_await store.commit(meta->serial, change, plan.changed);
    if (!serial) co_return console.fail("Redis went away; run the command again to be certain");
    if (*serial == 0) continue;  // somebody else committed meanwhile: look again
    const auto heading = plan.same_file
                             ? "this file was imported before; nothing changes, verified again (serial " +
                                   std::to_string(*serial) + ")"
                             : fmt::format("imported {} (serial {})", policy::name(file.which), *serial);
    console.print(plan_json(plan, file, *serial), plan_text(plan, file, heading));
    co_return done;
  }
}

int import_command(const Console& console, const ImportArguments& arguments) {
  const auto which = policy::parse_word<policy::Register>(arguments.which);
  if (!which)
    return console.fail("no register named '" + arguments.which + "'; there are " +
                        policy::all_words<policy::Register>());
  for (const auto& word : arguments.approve)
    if (!policy::parse_word<config::Approval>(word))
      return console.fail("--approve takes " + policy::all_words<config::Approval>());
  if (!arguments.approve.empty() && (arguments.by.empty() || arguments.reason.empty()))
    return console.fail("an approval is named and reasoned: give --by NAME and --reason R");
  if (!arguments.published.empty() && !policy::JstDate::parse(arguments.published))
    return console.fail("--published takes a date such as 2026-11-24");
  auto mapping = config::plain_mapping(*which);
  if (!arguments.mapping.empty()) {
    auto loaded = config::load_mapping(arguments.mapping);
    if (!loaded) return console.fail(loaded.errors);
    mapping = *loaded.value;
    if (mapping.which != *which)
      return console.fail(arguments.mapping + " maps the register '" +
                          std::string(policy::name(mapping.which)) + "', not '" + arguments.which + "'");
  }
  const auto file = config::load_register(arguments.file, mapping);
  if (!file) return console.fail(file.errors);
  return with_redis(console, [&](cache::RedisLink& link, const config::Settings& settings) {
    return import_register(console, arguments, *file.value, link, settings);
  });
}

// Revoking and reinstating are acts of a named person, apart from any list.
Task<int> act(const Console& console, policy::OperatorId id, bool revoke, std::string by, std::string reason,
              cache::RedisLink& link) {
  RegistryStore store(link);
  while (true) {
    const auto meta = co_await store.meta();
    bool reachable = false;
    const auto known = co_await store.find(id, reachable);
    if (!meta || !reachable) co_return console.fail("the registry cannot be read from Redis");
    if (!known && !revoke) co_return console.fail(id.text() + " is not in the registry", answer_no);
    auto record = known ? *known : policy::OperatorRecord{};
    record.id = id;
    const bool was_revoked = record.act && record.act->revoked;
    if (!revoke && !was_revoked) {
      const auto listed =
          record.etoc.state == policy::EtocState::revoked
              ? "; the list itself says revoked, which only a list can change (--approve reinstate)"
              : "";
      co_return console.fail(id.text() + " is not revoked by an act" + listed, answer_no);
    }
    record.act = policy::RevocationAct{.revoked = revoke, .at = now(), .by = by, .reason = reason};
    const RegistryChange change{
        .kind = revoke ? RegistryChange::Kind::revoke : RegistryChange::Kind::reinstate,
        .at = record.act->at,
        .by = by,
        .reason = reason};
    std::vector<policy::RecordPtr> records{std::make_shared<policy::OperatorRecord>(record)};
    const auto serial = co_await store.commit(meta->serial, change, records);
    if (!serial) co_return console.fail("Redis went away; run the command again to be certain");
    if (*serial == 0) continue;
    const auto word = revoke ? "revoked" : "reinstated";
    console.print(json::object{{"operator", id.text()}, {"serial", *serial}, {"done", word}},
                  fmt::format("{} {} (serial {})\n", id.text(), word, *serial));
    co_return done;
  }
}

Task<int> show(const Console& console, policy::OperatorId id, cache::RedisLink& link) {
  RegistryStore store(link);
  const auto meta = co_await store.meta();
  bool reachable = false;
  const auto record = co_await store.find(id, reachable);
  if (!meta || !reachable) co_return console.fail("the registry cannot be read from Redis");
  if (!record) co_return console.fail(id.text() + " is not in the registry", answer_no);
  const auto result = record_json(*record, policy::JstDate::of(now()));
  console.print(result, record_text(result));
  co_return done;
}

Task<int> list(const Console& console, cache::RedisLink& link) {
  RegistryStore store(link);
  const auto registry = co_await store.load();
  if (!registry) co_return console.fail("the registry cannot be read from Redis");
  std::map<std::string, const policy::OperatorRecord*> sorted;
  registry->each([&](const policy::OperatorRecord& record) { sorted[record.id.text()] = &record; });
  json::array result;
  std::string text;
  const auto today = policy::JstDate::of(now());
  for (const auto& [id, record] : sorted) {
    result.push_back(record_json(*record, today));
    text += fmt::format("{}  {:<16} plan {:<10} {}\n", id, policy::name(policy::etoc_on(*record, today)),
                        policy::name(record->plan.state), record->names.ja);
  }
  console.print(result, text);
  co_return done;
}

Task<int> events(const Console& console, cache::RedisLink& link) {
  RegistryStore store(link);
  const auto all = co_await store.events();
  if (!all) co_return console.fail("the registry cannot be read from Redis");
  json::array result;
  std::string text;
  for (const auto& event : *all) {
    json::array operators;
    for (const auto& record : event.records) operators.emplace_back(record->id.text());
    text += fmt::format("{}  {}  {:<9} {} operator(s)  {} {}\n", event.serial,
                        policy::iso_jst(event.change.at), policy::name(event.change.kind),
                        event.records.size(), event.change.by, event.change.reason);
    result.push_back(json::object{{"serial", event.serial},
                                  {"at", policy::iso_jst(event.change.at)},
                                  {"change", policy::name(event.change.kind)},
                                  {"by", event.change.by},
                                  {"reason", event.change.reason},
                                  {"operators", std::move(operators)}});
  }
  console.print(result, text);
  co_return done;
}

void add_act(CLI::App& registry, const Console& console, int& code, bool revoke) {
  struct Arguments {
    std::string id, reason, by;
  };
  auto arguments = std::make_shared<Arguments>();
  auto* command = registry.add_subcommand(
      revoke ? "revoke" : "reinstate",
      revoke ? "Revoke an operator at once, on every gateway" : "Undo a revocation, as an act of its own");
  command->add_option("id", arguments->id, "The operator")->required();
  command->add_option("--reason", arguments->reason, "Why; stands in the journal")->required();
  command->add_option("--by", arguments->by, "Who decided it")->required();
  command->callback([&console, &code, arguments, revoke] {
    const auto id = operator_id(arguments->id);
    if (!id) {
      code = console.fail("'" + arguments->id + "' is no operator id (its check digit may be wrong)");
      return;
    }
    code = with_redis(console, [&](cache::RedisLink& link, const config::Settings&) {
      return act(console, *id, revoke, arguments->by, arguments->reason, link);
    });
  });
}

}  // namespace

void add_registry(CLI::App& app, const Console& console, int& code) {
  auto* registry = app.add_subcommand("registry", "What is known about operators");
  registry->require_subcommand(1);

  auto arguments = std::make_shared<ImportArguments>();
  auto* import = registry->add_subcommand("import", "Import one register, the whole list or nothing");
  import->add_option("--register", arguments->which, "etoc, plan, refusals or track-record")->required();
  import->add_option("--mapping", arguments->mapping, "How the file's columns map onto the register");
  import->add_option("file", arguments->file, "CSV or JSON")->required();
  import->add_flag("--dry-run", arguments->dry_run, "Print what would change, change nothing");
  import->add_option("--approve", arguments->approve, "Pass a guard: shrink, rollback, rows, reinstate");
  import->add_option("--by", arguments->by, "Who approves");
  import->add_option("--reason", arguments->reason, "Why");
  import->add_option("--published", arguments->published, "When the list was published (YYYY-MM-DD)");
  import->callback([&console, &code, arguments] { code = import_command(console, *arguments);
});

auto id_text = std::make_shared<std::string>();
auto* show_command = registry->add_subcommand("show", "One operator as every register has it");
show_command->add_option("id", *id_text, "The operator")->required();
show_command->callback([&console, &code, id_text] {
  const auto id = operator_id(*id_text);
  code = !id ? console.fail("'" + *id_text + "' is no operator id (its check digit may be wrong)")
             : with_redis(console, [&](cache::RedisLink& link, const config::Settings&) {
                 return show(console, *id, link);
               });
});
const auto simple = [&](const char* name, const char* help,
                        Task<int> (*run)(const Console&, cache::RedisLink&)) {
  registry->add_subcommand(name, help)->callback([&console, &code, run] {
    code = with_redis(console,
                      [&](cache::RedisLink& link, const config::Settings&) { return run(console, link); });
  });
};
simple("list", "Every operator, a line each", list);
simple("events", "Every change that is still on record, oldest first", events);
add_act(*registry, console, code, true);
add_act(*registry, console, code, false);
}  // namespace sekisho::console

}  // namespace sekisho::console
