// ledger show, holds, resolve, retire.
#include <fmt/format.h>

#include "cache/hold_resolution.h"
#include "cache/keys.h"
#include "cache/redis_epochs.h"
#include "cache/redis_ledger.h"
#include "cache/registry_store.h"
#include "config/installation.h"
#include "gateway/ledger_json.h"
#include "gateway/main/commands.h"
#include "policy/reading.h"

namespace sekisho::console {
namespace {

using cache::RedisLedger;

Task<int> show(const Console& console, policy::OperatorId id, cache::RedisLink& link,
               const config::Settings& settings) {
  const auto policy = config::load_policy(settings.policy);
  if (!policy) co_return console.fail(policy.errors);
  RedisLedger ledger(link, {});
  cache::RegistryStore store(link);
  auto usage = co_await ledger.usage(id);
  bool reachable = false;
  const auto record = co_await store.find(id, reachable);
  if (!usage || !reachable) co_return console.fail("the ledger cannot be read from Redis");
  std::optional<policy::Usage> of_group;
  if (id.is_group()) of_group = usage;
  if (record && !record->owner_group().empty()) {
    of_group = co_await ledger.usage(policy::OperatorId::of_group(record->owner_group()));
    if (!of_group) co_return console.fail("the ledger cannot be read from Redis");
  }
  const auto account = gateway::account_today(*policy.value, record.get(), id, std::move(*usage),
                                              of_group ? &*of_group : nullptr, policy::JstDate::of(now()));
  std::string text = fmt::format("{}\n  granted {}  held {}  suspense {}\n", id.text(),
                                 account.usage.granted(), account.usage.held(), account.usage.suspense());
  for (const auto& [limit, applies] : account.limits)
    if (applies)
      text += fmt::format("  {:<24} {} per {}: used {}, held {}, left {}{}\n", limit.rule, limit.limit,
                          limit.per.text(), limit.used, limit.held, limit.left,
                          limit.resets_at ? ", resets " + policy::iso_jst(*limit.resets_at) : "");
  console.print(gateway::account_json(account), text);
  co_return done;
}

Task<int> holds(const Console& console, cache::RedisLink& link) {
  RedisLedger ledger(link, {});
  auto open = co_await ledger.open_holds();
  if (!open) co_return console.fail("the ledger cannot be read from Redis");
  json::array result;
  std::string text;
  for (const auto& one : gateway::each_once(std::move(*open))) {
    const auto& hold = one.hold;
    text += fmt::format("{}  {:<9} {:>6}  {}  {}  since {}\n", hold.id, policy::name(hold.state),
                        hold.quantity, one.operator_id.text(), hold.carrier, policy::iso_jst(hold.since));
    result.push_back(gateway::hold_json(one));
  }
  console.print(result, text.empty() ? "no open holds\n" : text);
  co_return done;
}

struct Resolution {
  std::string hold, reason, by;
  std::optional<policy::Quantity> granted;
  bool released = false;
  std::vector<std::string> numbers;
};

// A person says how an order ended that nobody else can tell of.
Task<int> resolve(const Console& console, const Resolution& said, cache::RedisLink& link,
                  const config::Settings& settings) {
  using Kind = cache::ResolutionResult::Kind;
  cache::HoldResolution resolution{.hold = said.hold,
                                   .reason = said.reason,
                                   .by = said.by,
                                   .granted = said.granted.value_or(0),
                                   .numbers = {}};
  for (const auto& text : said.numbers) {
    const auto number = policy::national_number(text);
    if (!number) co_return console.fail("'" + text + "' is not a telephone number");
    resolution.numbers.push_back(*number);
  }
  const auto result = co_await cache::resolve_hold(link, settings, std::move(resolution));
  if (result.kind != Kind::done)
    co_return console.fail(result.trouble, result.kind == Kind::unreachable ? unreadable : answer_no);
  for (const auto& warning : result.warnings) console.fail(warning);
  console.print(json::object{{"hold", said.hold},
                             {"operator", result.operator_id.text()},
                             {"granted", result.granted},
                             {"released", result.released}},
                fmt::format("{}: {} granted, {} given back\n", said.hold, result.granted, result.released));
  co_return done;
}

struct Retirement {
  std::string gateway, reason, by;
};

// Nobody waits any more for a gateway that is gone for good.
Task<int> retire(const Console& console, const Retirement& retirement, cache::RedisLink& link) {
  cache::RedisEpochs epochs(link);
  const auto view = co_await epochs.look();
  if (!view) co_return console.fail("the ledger cannot be read from Redis");
  const auto& known = view->gateways;
  if (std::find(known.begin(), known.end(), retirement.gateway) == known.end())
    co_return console.fail("the ledger knows no gateway " + retirement.gateway, answer_no);
  const bool waited =
      std::find(view->waiting.begin(), view->waiting.end(), retirement.gateway) != view->waiting.end();
  cache::Command note{
      "XADD",   cache::keys::retirements, "*", "gateway", retirement.gateway, "by", retirement.by,
      "reason", retirement.reason};
  const auto noted = co_await link.call(std::move(note));
  if (!noted.ok()) co_return console.fail("who and why could not be recorded in Redis; nothing was changed");
  if (!co_await epochs.retire(retirement.gateway))
    co_return console.fail("Redis went away; run the command again");
  console.print(json::object{{"gateway", retirement.gateway}, {"was_waited_for", waited}},
                fmt::format("{}: nobody waits for it any more{}\n", retirement.gateway,
                            waited ? "; what it alone had counted is not counted" : ""));
  co_return done;
}

}  // namespace

void add_ledger(CLI::App& app, const Console& console, int& code) {
  auto* ledger = app.add_subcommand("ledger", "The count of numbers");
  ledger->require_subcommand(1);

  auto shown = std::make_shared<std::string>();
  auto* show_command = ledger->add_subcommand("show", "What an operator has, and what its limits leave");
  show_command->add_option("id", *shown, "The operator")->required();
  show_command->callback([&console, &code, shown] {
    const auto id = operator_id(*shown);
    code = !id ? console.fail("'" + *shown + "' is no operator id (its check digit may be wrong)")
               : with_redis(console, [&](cache::RedisLink& link, const config::Settings& settings) {
                   return show(console, *id, link, settings);
                 });
  });

  ledger->add_subcommand("holds", "Open holds: orders under way, accepted for later, or with unknown outcome")
      ->callback([&console, &code] {
        code = with_redis(
            console, [&](cache::RedisLink& link, const config::Settings&) { return holds(console, link); });
      });

  auto resolution = std::make_shared<Resolution>();
  auto* resolve_command = ledger->add_subcommand("resolve", "Say how an order in suspense ended");
  resolve_command->add_option("hold", resolution->hold, "The hold")->required();
  auto* granted = resolve_command->add_option("--granted", resolution->granted, "So many numbers were given")
                      ->check(CLI::NonNegativeNumber);
  auto* released =
      resolve_command->add_flag("--released", resolution->released, "None was given")->excludes(granted);
  resolve_command->add_option("--numbers", resolution->numbers, "Which numbers, if known")->needs(granted);
  resolve_command->add_option("--reason", resolution->reason, "Why this is certain")->required();
  resolve_command->add_option("--by", resolution->by, "Who says so")->required();
  resolve_command->callback([&console, &code, resolution, granted, released] {
    if (granted->count() + released->count() != 1) {
      code = console.fail("give either --granted N or --released");
      return;
    }
    code = with_redis(console, [&](cache::RedisLink& link, const config::Settings& settings) {
      return resolve(console, *resolution, link, settings);
    });
  });

  auto retirement = std::make_shared<Retirement>();
  auto* retire_command =
      ledger->add_subcommand("retire", "Wait no longer for a gateway that is gone for good");
  retire_command->add_option("gateway", retirement->gateway, "Its id (gw-…)")->required();
  retire_command->add_option("--reason", retirement->reason, "Why its journal cannot be had")->required();
  retire_command->add_option("--by", retirement->by, "Who says so")->required();
  retire_command->callback([&console, &code, retirement] {
    code = with_redis(console, [&](cache::RedisLink& link, const config::Settings&) {
      return retire(console, *retirement, link);
    });
  });

  add_ledger_numbers(*ledger, console, code);
}

}  // namespace sekisho::console
