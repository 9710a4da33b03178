// ledger show, holds, resolve, retire.
#include <fmt/format.h>

#include <set>

#include "cache/group_ledger.h"
#include "cache/hold_record.h"
#include "cache/keys.h"
#include "cache/redis_epochs.h"
#include "cache/redis_ledger.h"
#include "cache/registry_store.h"
#include "config/installation.h"
#include "gateway/main/commands.h"
#include "gateway/standing.h"
#include "policy/decide.h"

namespace sekisho::console {
namespace {

using cache::RedisLedger;

Task<int> show(const Console& console, policy::OperatorId id, cache::RedisLink& link,
               const config::Settings& settings) {
  const auto policy = config::load_policy(settings.policy);
  if (!policy) co_return console.fail(policy.errors);
  RedisLedger ledger(link, {});
  cache::RegistryStore store(link);
  const auto usage = co_await ledger.usage(id);
  bool reachable = false;
  const auto record = co_await store.find(id, reachable);
  if (!usage || !reachable) co_return console.fail("the ledger cannot be read from Redis");
  std::optional<policy::Usage> of_group;
  if (id.is_group()) of_group = usage;
  if (record && !record->owner_group().empty()) {
    of_group = co_await ledger.usage(policy::OperatorId::of_group(record->owner_group()));
    if (!of_group) co_return console.fail("the ledger cannot be read from Redis");
  }
  json::array limits;
  std::string text = fmt::format("{}\n  granted {}  held {}  suspense {}\n", id.text(), usage->granted(),
                                 usage->held(), usage->suspense());
  const auto today = policy::JstDate::of(now());
  for (const auto& [limit, applies] : policy::limits_today(*policy.value, record.get(), id, *usage,
                                                           of_group ? &*of_group : nullptr, today)) {
    const bool joint = policy.value->find(limit.rule)->limit->of == policy::Scope::owner_group;
    if (id.is_group() && !joint) continue;
    if (applies)
      text += fmt::format("  {:<24} {} per {}: used {}, held {}, left {}{}\n", limit.rule, limit.limit,
                          limit.per.text(), limit.used, limit.held, limit.left,
                          limit.resets_at ? ", resets " + policy::iso_jst(*limit.resets_at) : "");
    auto one = gateway::limit_json(limit);
    one["applies"] = applies;
    limits.push_back(std::move(one));
  }
  console.print(json::object{{"operator", id.text()},
                             {"granted", usage->granted()},
                             {"held", usage->held()},
                             {"suspense", usage->suspense()},
                             {"limits", std::move(limits)}},
                text);
  co_return done;
}

Task<int> holds(const Console& console, cache::RedisLink& link) {
  RedisLedger ledger(link, {});
  const auto open = co_await ledger.open_holds();
  if (!open) co_return console.fail("the ledger cannot be read from Redis");
  json::array result;
  std::string text;
  std::set<std::string> of_operators;
  for (const auto& [id, hold] : *open)
    if (!id.is_group()) of_operators.insert(hold.id);
  for (const auto& [id, hold] : *open) {
    // An order of a group's member stands on both accounts; alone on the group's only when its gateway died
    // in between.
    if (id.is_group() && of_operators.contains(hold.id)) continue;
    text += fmt::format("{}  {:<9} {:>6}  {}  {}  since {}\n", hold.id, policy::name(hold.state),
                        hold.quantity, id.text(), hold.carrier, policy::iso_jst(hold.since));
    json::object one{{"hold", hold.id},
                     {"operator", id.text()},
                     {"state", hold.state == policy::HoldState::suspense ? "suspense" : "held"},
                     {"reserved", hold.state == policy::HoldState::reserved},
                     {"quantity", hold.quantity},
                     {"number_type", policy::name(hold.number_type)},
                     {"carrier", hold.carrier},
                     {"order_id", hold.order_id.empty() ? json::value(nullptr) : json::value(hold.order_id)},
                     {"since", policy::iso_jst(hold.since)},
                     {"decision", hold.id},
                     {"gateway", hold.gateway}};
    result.push_back(std::move(one));
  }
  console.print(result, text.empty() ? "no open holds\n" : text);
  co_return done;
}

// No gateway waits this long for a carrier: a hold that is older and still "held" has lost its gateway for
// good.
constexpr auto longest_order = std::chrono::minutes(10);

struct Resolution {
  std::string hold, reason, by;
  std::optional<policy::Quantity> granted;
  bool released = false;
  std::vector<std::string> numbers;
};

// What was granted is nobody else's any more.
Task<bool> take_from(const std::vector<cache::Displaced>& displaced, cache::Ledger& ledger,
                     cache::RedisLink& link) {
  if (displaced.empty()) co_return true;
  cache::RedisEpochs epochs(link);
  const auto view = co_await epochs.look();
  if (!view) co_return false;
  const cache::Footing here{view->epoch, view->position, view->servers};
  for (const auto& [account, number, at] : displaced) {
    const std::vector<cache::ReturnedNumber> one{number};
    const auto result = co_await ledger.release(account, one, at, here);
    if (result.kind != cache::ReleaseResult::Kind::done) co_return false;
  }
  co_return true;
}

// A person says how an order ended that nobody else can tell of.
Task<int> resolve(const Console& console, const Resolution& resolution, cache::RedisLink& link,
                  const config::Settings& settings) {
  RedisLedger accounts(link, cache::ledger_settings(settings));
  cache::GroupLedger ledger(accounts);
  auto open = co_await ledger.open_holds();
  if (!open) co_return console.fail("the ledger cannot be read from Redis");
  std::stable_partition(open->begin(), open->end(),
                        [](const cache::OpenHold& one) { return !one.operator_id.is_group(); });
  const auto found = std::find_if(open->begin(), open->end(),
                                  [&](const cache::OpenHold& one) { return one.hold.id == resolution.hold; });
  if (found == open->end()) co_return console.fail("no open hold " + resolution.hold, answer_no);
  const bool under_way = found->hold.state == policy::HoldState::held && found->hold.order_id.empty() &&
                         now() - found->hold.since < longest_order;
  if (under_way)
    co_return console.fail(
        "hold " + resolution.hold +
            " is an order under way; what can be resolved is suspense, an order that the carrier "
            "accepted for later, or one whose gateway is gone for ten minutes",
        answer_no);
  cache::SettleRequest request{.operator_id = found->operator_id, .hold = found->hold, .now = now()};
  request.settlement.granted = resolution.granted.value_or(0);
  request.settlement.kind =
      request.settlement.granted > 0 ? policy::Settlement::Kind::granted : policy::Settlement::Kind::released;
  request.settlement.order_id = found->hold.order_id;
  for (const auto& text : resolution.numbers) {
    const auto number = policy::national_number(text);
    if (!number) co_return console.fail("'" + text + "' is not a telephone number");
    request.settlement.numbers.push_back(*number);
  }
  if (request.settlement.kind == policy::Settlement::Kind::granted) {
    // A retry must not order again; the carrier's own words are not known.
    request.answer = cache::StoredAnswer{
        .status = 200, .headers = {{"Sekisho-Decision", found->hold.id}}, .body_kept = false};
  }
  const auto answer = co_await ledger.settle(request);
  if (answer == cache::SettleAnswer::unavailable)
    co_return console.fail("Redis went away; run the command again");
  if (answer == cache::SettleAnswer::resolved_before)
    co_return console.fail("hold " + resolution.hold + " was resolved meanwhile", answer_no);
  if (!co_await take_from(answer.displaced, ledger, link))
    console.fail(
        "resolved, but a number in it is still counted as another operator's, too: run 'ledger trace'");
  // The gateway that took the hold writes who and why into its journal.
  cache::Command note{"XADD",
                      cache::keys::resolutions,
                      "*",
                      "gateway",
                      found->hold.gateway.substr(0, found->hold.gateway.find('/')),
                      "hold",
                      found->hold.id,
                      "operator",
                      found->operator_id.text(),
                      "granted",
                      std::to_string(request.settlement.granted),
                      "by",
                      resolution.by,
                      "reason",
                      resolution.reason,
                      "since",
                      std::to_string(policy::to_ms(request.now)),
                      "of",
                      cache::encode(found->hold)};
  for (const auto& number : request.settlement.numbers) {
    note.add("number");
    note.add(number);
  }
  const auto noted = co_await link.call(std::move(note));
  if (!noted.ok()) console.fail("resolved, but who and why could not be recorded in Redis");
  console.print(json::object{{"hold", found->hold.id},
                             {"operator", found->operator_id.text()},
                             {"granted", request.settlement.granted},
                             {"released", found->hold.quantity - request.settlement.granted}},
                fmt::format("{}: {} granted, {} given back\n", found->hold.id, request.settlement.granted,
                            found->hold.quantity - request.settlement.granted));
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
