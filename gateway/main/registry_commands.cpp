// registry show, list, events: what is known about operators, and how it became so.
#include <fmt/format.h>

#include "cache/registry_store.h"
#include "gateway/main/commands.h"
#include "gateway/main/registry_touched.h"
#include "gateway/registry_json.h"
#include "policy/history.h"

namespace sekisho::console {
namespace {

using cache::RegistryStore;
using gateway::record_json;
using policy::JstDate;
using policy::OperatorId;

void append(std::string& out, const json::value& value, const std::string& indent) {
  if (!value.is_object()) {
    out += value.is_string() ? std::string(value.as_string()) : json::serialize(value);
    out += "\n";
    return;
  }
  out += "\n";
  for (const auto& [name, inner] : value.as_object()) {
    out += indent + std::string(name) + ": ";
    append(out, inner, indent + "  ");
  }
}

std::string record_text(const json::object& record) {
  std::string out;
  append(out, record, "");
  return out.substr(1);
}

struct ShowArguments {
  std::string id, at, known_at;
};

Task<int> show(const Console& console, OperatorId id, JstDate day, policy::Instant known_at,
               cache::RedisLink& link) {
  RegistryStore store(link);
  const auto versions = co_await store.history(id);
  if (!versions) co_return console.fail("the registry cannot be read from Redis");
  if (versions->empty()) co_return console.fail(id.text() + " is not in the registry", answer_no);
  const auto* record = policy::version_on(*versions, day, known_at);
  if (!record)
    co_return console.fail(fmt::format("nothing was known of {} on {}, as of {}", id.text(), day.text(),
                                       policy::iso_jst(known_at)),
                           answer_no);
  const auto result = record_json(*record, day);
  console.print(result, record_text(result));
  co_return done;
}

struct EventsArguments {
  std::string id, since;
};

struct ListArguments {
  std::string expiring, owner_group;
};

struct Listed {
  policy::OperatorRecord record;
  std::optional<Touched> orders;
};

Task<int> list(const Console& console, std::optional<int> within, std::string group, cache::RedisLink& link) {
  RegistryStore store(link);
  store.on_load = console.progress("reading the registry", Counted::operators);
  const auto whole = co_await store.load();
  if (!whole) co_return console.fail("the registry cannot be read from Redis");
  const auto today = JstDate::of(now());
  std::map<std::string, Listed> sorted;
  std::vector<std::string> ids;
  whole->registry->each([&](const policy::PackedRecord& packed) {
    if (!group.empty() && packed.owner_group() != group) return;
    const auto until = packed.valid_until();
    const bool expires = policy::etoc_on(packed, today) == policy::EtocState::certified && until &&
                         *until <= today.plus(within.value_or(0));
    if (within && !expires) return;
    sorted[std::string(packed.id())].record = packed.unpack();
    if (within) ids.emplace_back(packed.id());
  });
  const auto told = console.progress("looking for orders", Counted::operators);
  const auto orders = co_await touched(link, ids, today, told);
  if (!orders) co_return console.fail("the ledger cannot be read from Redis");
  for (const auto& one : *orders) sorted[one.id].orders = one;

  json::array result;
  std::string text;
  for (const auto& [id, listed] : sorted) {
    const auto& record = listed.record;
    auto row = record_json(record, today);
    text += fmt::format("{}  {:<16} plan {:<10} {}", id, policy::name(policy::etoc_on(record, today)),
                        policy::name(record.plan.state), record.names.ja);
    if (within) {
      const auto orders_of = listed.orders.value_or(Touched{.id = id});
      const auto days = (record.etoc.valid_until->day - today.day).count();
      row["days_left"] = days;
      row["numbers"] = orders_of.numbers;
      row["last_30_days"] = orders_of.last_30_days;
      text += fmt::format("  until {} ({} days), holds {} numbers", record.etoc.valid_until->text(), days,
                          orders_of.numbers);
    }
    text += "\n";
    result.push_back(std::move(row));
  }
  console.print(result, text);
  co_return done;
}

int list_command(const Console& console, const ListArguments& arguments) {
  std::optional<int> within;
  if (!arguments.expiring.empty()) {
    const auto digits = arguments.expiring.substr(0, arguments.expiring.find('d'));
    const bool good = !digits.empty() && digits.size() <= 4 &&
                      digits.find_first_not_of("0123456789") == digits.npos &&
                      (arguments.expiring == digits || arguments.expiring == digits + "d");
    if (!good) return console.fail("--expiring takes a number of days such as 60d");
    within = std::stoi(digits);
  }
  return with_redis(console, [&](cache::RedisLink& link, const config::Settings&) {
    return list(console, within, arguments.owner_group, link);
  });
}

// All changes, or those of one operator.
Task<int> events(const Console& console, OperatorId id, std::optional<JstDate> since,
                 cache::RedisLink& link) {
  RegistryStore store(link);
  const auto all = co_await store.events();
  if (!all) co_return console.fail("the registry cannot be read from Redis");
  std::map<std::uint64_t, JstDate> of_one;  // serial -> the day from which it holds
  if (!id.empty()) {
    const auto versions = co_await store.history(id);
    if (!versions) co_return console.fail("the registry cannot be read from Redis");
    if (versions->empty()) co_return console.fail(id.text() + " is not in the registry", answer_no);
    for (const auto& version : *versions) of_one[version.version.serial] = version.version.from();
  }
  json::array result;
  std::string text;
  for (const auto& event : *all) {
    if (!id.empty() && !of_one.contains(event.serial)) continue;
    if (since && JstDate::of(event.change.at) < *since) continue;
    json::array operators;
    for (const auto& record : event.records) operators.emplace_back(record->id());
    text += fmt::format("{}  {}  {:<9} {} operator(s)  {} {}", event.serial, policy::iso_jst(event.change.at),
                        policy::name(event.change.kind), event.count, event.change.by, event.change.reason);
    json::object row{{"serial", event.serial},
                     {"at", policy::iso_jst(event.change.at)},
                     {"change", policy::name(event.change.kind)},
                     {"by", event.change.by},
                     {"reason", event.change.reason},
                     {"count", event.count},
                     {"operators", std::move(operators)}};
    if (!id.empty()) {
      text += "  effective " + of_one[event.serial].text();
      row["effective"] = of_one[event.serial].text();
    }
    text += "\n";
    result.push_back(std::move(row));
  }
  console.print(result, text);
  co_return done;
}

}  // namespace

void add_registry(CLI::App& app, const Console& console, int& code) {
  auto* registry = app.add_subcommand("registry", "What is known about operators");
  registry->require_subcommand(1);
  add_registry_import(*registry, console, code);

  auto shown = std::make_shared<ShowArguments>();
  auto* show_command = registry->add_subcommand("show", "One operator as every register has it");
  show_command->add_option("id", shown->id, "The operator")->required();
  show_command->add_option("--at", shown->at, "As it was on this day (YYYY-MM-DD; default: today)");
  show_command->add_option("--known-at", shown->known_at,
                           "As it was known then (a day or a moment; default: now)");
  show_command->callback([&console, &code, shown] {
    const auto id = operator_id(shown->id);
    const auto day = shown->at.empty() ? JstDate::of(now()) : JstDate::parse(shown->at);
    const auto known_at = shown->known_at.empty() ? now() : moment(shown->known_at);
    if (!id)
      code = console.fail("'" + shown->id + "' is no operator id (its check digit may be wrong)");
    else if (!day || !known_at)
      code = console.fail("--at and --known-at take a day such as 2026-11-24");
    else
      code = with_redis(console, [&](cache::RedisLink& link, const config::Settings&) {
        return show(console, *id, *day, *known_at, link);
      });
  });

  auto listed = std::make_shared<ListArguments>();
  auto* list_app = registry->add_subcommand("list", "Every operator, a line each");
  list_app->add_option("--expiring", listed->expiring,
                       "Only certified ones whose certificate ends within so many days (60d), with the "
                       "numbers that they hold");
  list_app->add_option("--owner-group", listed->owner_group, "Only those of one owner group");
  list_app->callback([&console, &code, listed] { code = list_command(console, *listed); });

  auto told = std::make_shared<EventsArguments>();
  auto* events_app = registry->add_subcommand("events", "Every change, oldest first");
  events_app->add_option("id", told->id, "Only those of one operator, with the day from which each holds");
  events_app->add_option("--since", told->since, "Only those since this day");
  events_app->callback([&console, &code, told] {
    const auto id = told->id.empty() ? std::optional(OperatorId()) : operator_id(told->id);
    const auto since = JstDate::parse(told->since);
    if (!id)
      code = console.fail("'" + told->id + "' is no operator id (its check digit may be wrong)");
    else if (!told->since.empty() && !since)
      code = console.fail("--since takes a day such as 2026-11-24");
    else
      code = with_redis(console, [&](cache::RedisLink& link, const config::Settings&) {
        return events(console, *id, since, link);
      });
  });
  add_registry_acts(*registry, console, code);
  add_registry_keys(*registry, console, code);
  add_registry_signing(*registry, console, code);
}

}  // namespace sekisho::console
