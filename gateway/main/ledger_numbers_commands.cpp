// `ledger numbers` and `ledger trace`: which numbers are, and were, whose.
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "cache/redis_ledger.h"
#include "gateway/main/commands.h"

namespace sekisho::console {
namespace {

using cache::GrantedNumber;
using cache::RedisLedger;

Task<int> trace(const Console& console, std::string number, cache::RedisLink& link) {
  RedisLedger ledger(link, {});
  const auto tenures = co_await ledger.trace(number);
  if (!tenures) co_return console.fail("the ledger cannot be read from Redis");
  json::array result;
  std::string text;
  for (const auto& tenure : *tenures) {
    json::object one{
        {"operator", tenure.operator_id},
        {"from", policy::iso_jst(tenure.from)},
        {"until", tenure.until ? json::value(policy::iso_jst(*tenure.until)) : json::value(nullptr)},
        {"decision", tenure.decision},
        {"order_id", tenure.order_id}};
    text +=
        fmt::format("{}  from {}  until {}  decision {}\n", tenure.operator_id, policy::iso_jst(tenure.from),
                    tenure.until ? policy::iso_jst(*tenure.until) : "now", tenure.decision);
    result.push_back(std::move(one));
  }
  console.print(result, text.empty() ? "the ledger does not know this number\n" : text);
  co_return tenures->empty() ? answer_no : done;
}

std::string row_of(const GrantedNumber& one) {
  return json::serialize(json::object{{"number", one.number},
                                      {"number_type", policy::name(one.number_type)},
                                      {"granted_at", policy::iso_jst(one.granted_at)},
                                      {"decision", one.decision},
                                      {"order_id", one.order_id}});
}

// Row by row: there may be a million.
void print_rows(const Console& console, const std::vector<GrantedNumber>& rows) {
  std::string out(console.as_json ? "[" : "");
  bool first = true;
  for (const auto& one : rows) {
    if (console.as_json) {
      if (!std::exchange(first, false)) out += ',';
      out += row_of(one);
    } else {
      out += fmt::format("{}  {}  {}\n", one.number, policy::name(one.number_type),
                         policy::iso_jst(one.granted_at));
    }
    if (out.size() < 64 * 1024) continue;
    std::fwrite(out.data(), 1, out.size(), stdout);
    out.clear();
  }
  if (console.as_json) out += "]\n";
  std::fwrite(out.data(), 1, out.size(), stdout);
  std::fflush(stdout);
}

Task<int> numbers(const Console& console, policy::OperatorId id, std::optional<policy::Instant> at,
                  cache::RedisLink& link) {
  RedisLedger ledger(link, {});
  const auto rows = co_await ledger.numbers(id, at);
  if (!rows) co_return console.fail("the ledger cannot be read from Redis");
  print_rows(console, *rows);
  co_return done;
}

struct Asked {
  std::string id, at;
};

int list_numbers(const Console& console, const Asked& asked) {
  const auto id = operator_id(asked.id);
  if (!id) return console.fail("'" + asked.id + "' is no operator id (its check digit may be wrong)");
  std::optional<policy::Instant> at;
  if (!asked.at.empty()) {
    at = moment(asked.at);
    if (!at)
      return console.fail("--at '" + asked.at +
                          "' is neither a day such as 2026-11-24 nor a moment such as "
                          "2026-11-24T10:00:00+09:00");
    const auto day = policy::JstDate::of(*at), today = policy::JstDate::of(now());
    const bool is_moment = !policy::JstDate::parse(asked.at);
    if (day > today || (is_moment && *at > now()))
      return console.fail("--at '" + asked.at + "' has not come yet");
  }
  return with_redis(console, [&](cache::RedisLink& link, const config::Settings&) {
    return numbers(console, *id, at, link);
  });
}

}  // namespace

void add_ledger_numbers(CLI::App& ledger, const Console& console, int& code) {
  auto asked = std::make_shared<Asked>();
  auto* numbers_command = ledger.add_subcommand("numbers", "The numbers that an operator holds, or held");
  numbers_command->add_option("id", asked->id, "The operator")->required();
  numbers_command
      ->add_option("--at", asked->at,
                   "As at the end of this day in Japan (YYYY-MM-DD), or at this moment; without it: now")
      ->type_name("DATE");
  numbers_command->callback([&console, &code, asked] { code = list_numbers(console, *asked); });

  auto number = std::make_shared<std::string>();
  auto* trace_command = ledger.add_subcommand("trace", "Who has, and had, a number");
  trace_command->add_option("number", *number, "The number")->required();
  trace_command->callback([&console, &code, number] {
    const auto national = policy::national_number(*number);
    code = !national ? console.fail("'" + *number + "' is not a telephone number")
                     : with_redis(console, [&](cache::RedisLink& link, const config::Settings&) {
                         return trace(console, *national, link);
                       });
  });
}

}  // namespace sekisho::console
