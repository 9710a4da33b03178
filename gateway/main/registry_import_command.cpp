// registry import: one register from a file, the whole list or nothing.
#include <fmt/format.h>

#include <set>

#include "cache/registry_store.h"
#include "config/import_plan.h"
#include "config/list_signature.h"
#include "config/register_file.h"
#include "gateway/main/commands.h"
#include "gateway/main/registry_keys.h"
#include "gateway/main/registry_touched.h"

namespace sekisho::console {
namespace {

using cache::RegistryChange;
using cache::RegistryStore;

struct ImportArguments {
  std::string which, mapping, file, by, reason, published;
  std::optional<std::uint64_t> serial;  // the list's own
  std::vector<std::string> approve;
  bool dry_run = false;
  std::vector<std::string> signed_by;  // keys whose signatures were counted
};

json::array ids_json(const std::vector<std::string>& ids) { return json::array(ids.begin(), ids.end()); }

// Whom the change takes something from: their orders are what somebody will ask about.
std::vector<std::string> losers(const config::ImportPlan& plan) {
  std::set<std::string> ids(plan.removed.begin(), plan.removed.end());
  for (const auto* list : {&plan.revoked, &plan.expired, &plan.altered})
    ids.insert(list->begin(), list->end());
  return {ids.begin(), ids.end()};
}

json::object plan_json(const config::ImportPlan& plan, const config::RegisterFile& file, std::uint64_t serial,
                       const std::vector<Touched>& touches) {
  json::array guards, touched;
  for (const auto& one : touches) touched.push_back(touched_json(one));
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
          {"reinstated", ids_json(plan.reinstated)},
          {"touches", std::move(touched)},
          {"guards", std::move(guards)},
          {"errors", json::array{}}};
}

std::string plan_text(const config::ImportPlan& plan, const config::RegisterFile& file,
                      const std::string& heading, const std::vector<Touched>& touches) {
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
  list("reinstated", plan.reinstated);
  if (!touches.empty()) out += "  touches the orders of\n";
  for (std::size_t i = 0; i < touches.size() && i < 20; ++i) out += "    " + touched_text(touches[i]) + "\n";
  if (touches.size() > 20)
    out += fmt::format("    and of {} more (all of them: --json)\n", touches.size() - 20);
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
  rules.list_serial = arguments.serial;
  rules.one_list_a_serial = settings.import.is_signed.has(which);
  if (const auto last = field("list_serial"); !last.empty()) rules.last_list_serial = std::stoull(last);
  rules.last_digest = field("digest");
  rules.last_published = policy::JstDate::parse(field("published"));
  return rules;
}

RegistryChange import_change(const ImportArguments& arguments, const config::RegisterFile& file,
                             const cache::RegistryMeta& meta) {
  RegistryChange change{.kind = RegistryChange::Kind::import, .at = now(), .by = arguments.by};
  change.reason =
      arguments.reason.empty() ? "import of " + std::string(policy::name(file.which)) : arguments.reason;
  const auto before = cache::sources_of(meta.fields)[static_cast<std::size_t>(file.which)];
  const auto set = [&](std::string_view what, std::string value) {
    change.meta[cache::meta_field(file.which, what)] = std::move(value);
  };
  set("serial", std::to_string(before.serial + 1));
  set("verified_at", std::to_string(policy::to_ms(change.at)));
  set("rows", std::to_string(file.rows.size()));
  set("digest", file.digest);
  if (!arguments.published.empty()) set("published", arguments.published);
  if (arguments.serial) set("list_serial", std::to_string(*arguments.serial));
  if (!arguments.signed_by.empty())
    change.reason += fmt::format(" [signed: {}]", fmt::join(arguments.signed_by, ", "));
  // An approval is somebody's: it stands in the event, and in the journal of every gateway that takes the
  // change.
  for (const auto& word : arguments.approve) change.reason += " [approved: " + word + "]";
  return change;
}

cache::Fences fences_of(const config::ImportPlan& plan) {
  cache::Fences fences;
  for (const auto& id : plan.revoked) fences.raise.push_back(*policy::OperatorId::parse(id));
  for (const auto& id : plan.reinstated) fences.lower.push_back(*policy::OperatorId::parse(id));
  return fences;
}

Task<int> import_register(const Console& console, ImportArguments arguments, const config::RegisterFile& file,
                          cache::RedisLink& link, const config::Settings& settings) {
  RegistryStore store(link);
  store.on_load = console.progress("reading the registry", Counted::operators);
  store.on_stage = console.progress("sending", Counted::operators);
  store.on_fold = console.progress("folding in", Counted::operators);
  while (true) {
    const auto meta = co_await store.meta();
    const auto whole = co_await store.load();
    if (!meta || !whole || meta->head != whole->head) {
      if (meta && whole) continue;  // somebody committed in between
      co_return console.fail("the registry cannot be read from Redis");
    }
    if (settings.import.is_signed.has(file.which)) {
      const auto keys = keys_in_force(*meta);
      if (!keys) co_return console.fail(keys.errors);
      auto said = config::check_signed(file, *keys.value);
      if (!said) co_return console.fail(said.errors);
      // What was signed counts, whatever the command line says. The commit fails when the keys change
      // meanwhile, and all is looked at again.
      arguments.serial = said.value->statement.serial;
      arguments.published = said.value->statement.published.text();
      arguments.signed_by = std::move(said.value->by);
    }
    const auto rules = import_rules(arguments, settings, *meta, file.which);
    const auto plan = config::plan_import(*whole->registry, file, rules);
    if (!plan.errors.empty()) co_return console.fail(plan.errors);
    std::vector<Touched> touches;
    if (arguments.dry_run || !plan.guards.empty()) {
      const auto told = console.progress("looking for orders", Counted::operators);
      auto found = co_await touched(link, losers(plan), rules.today, told);
      if (!found) co_return console.fail("the ledger cannot be read from Redis");
      touches = std::move(*found);
    }
    if (!plan.guards.empty()) {
      for (const auto& guard : plan.guards)
        console.fail(arguments.file + ": " + guard.text + " (to go on: --approve " +
                     std::string(policy::name(guard.approval)) + " --by NAME --reason R)");
      if (console.as_json) console.print(plan_json(plan, file, meta->serial, touches), "");
      co_return answer_no;
    }
    if (arguments.dry_run) {
      console.print(plan_json(plan, file, meta->serial, touches),
                    plan_text(plan, file, "would change (dry run):", touches));
      co_return done;
    }
    // The same list again changes nobody, but it was verified again: its age begins anew.
    const auto change = import_change(arguments, file, *meta);
    const auto fences = fences_of(plan);
    const auto serial = co_await store.commit(meta->serial, change, plan.changed, fences);
    if (!serial) co_return console.fail("Redis went away; run the command again to be certain");
    if (*serial == 0) continue;  // somebody else committed meanwhile: look again
    const auto heading = plan.same_file
                             ? "this file was imported before; nothing changes, verified again (serial " +
                                   std::to_string(*serial) + ")"
                             : fmt::format("imported {} (serial {})", policy::name(file.which), *serial);
    console.print(plan_json(plan, file, *serial, {}), plan_text(plan, file, heading, {}));
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
  const auto file =
      config::load_register(arguments.file, mapping, console.progress("reading the list", Counted::bytes));
  if (!file) return console.fail(file.errors);
  return with_redis(console, [&](cache::RedisLink& link, const config::Settings& settings) {
    return import_register(console, arguments, *file.value, link, settings);
  });
}

}  // namespace

void add_registry_import(CLI::App& registry, const Console& console, int& code) {
  auto arguments = std::make_shared<ImportArguments>();
  auto* import = registry.add_subcommand("import", "Import one register, the whole list or nothing");
  import->add_option("--register", arguments->which, "Which one")
      ->required()
      ->type_name("{etoc,plan,refusals,track-record}");
  import->add_option("--mapping", arguments->mapping, "How the file's columns map onto the register")
      ->type_name("FILE");
  import->add_option("file", arguments->file, "CSV or JSON")->required()->type_name("FILE");
  import->add_flag("--dry-run", arguments->dry_run, "Print what would change and whose orders that touches");
  import->add_option("--approve", arguments->approve, "Pass a guard")
      ->type_name("{shrink,rollback,rows,reinstate}");
  import->add_option("--by", arguments->by, "Who approves");
  import->add_option("--reason", arguments->reason, "Why");
  import->add_option("--published", arguments->published, "When the list was published (YYYY-MM-DD)");
  import->add_option("--serial", arguments->serial, "The list's own serial number, where it has one");
  import->callback([&console, &code, arguments] { code = import_command(console, *arguments);
});
}  // namespace sekisho::console

}  // namespace sekisho::console
