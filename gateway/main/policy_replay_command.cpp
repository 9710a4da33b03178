// policy replay: which past decisions would have been others under this policy; and who takes responsibility
// for it.
#include <fmt/format.h>

#include <chrono>

#include "cache/replay.h"
#include "config/installation.h"
#include "gateway/main/commands.h"
#include "gateway/policy_budget.h"

namespace sekisho::console {
namespace {

struct ReplayOptions {
  std::string file, journal;
  std::vector<std::string> approve;
  std::string by, reason;
};

json::array samples_of(const cache::FlipGroup& group) {
  json::array out;
  for (const auto& id : group.samples) out.emplace_back(id);
  return out;
}

json::object told(const cache::Replayed& found, double seconds) {
  json::object flips, numbers;
  for (std::size_t i = 0; i < found.flips.size(); ++i) {
    flips[policy::name(static_cast<cache::FlipKind>(i))] = found.flips[i];
    numbers[policy::name(static_cast<cache::FlipKind>(i))] = found.numbers[i];
  }
  json::array groups, operators;
  for (const auto& group : found.groups)
    groups.push_back(json::object{{"kind", policy::name(group.kind)},
                                  {"before", group.before},
                                  {"after", group.after},
                                  {"decisions", group.decisions},
                                  {"numbers", group.numbers},
                                  {"operators", group.operators},
                                  {"samples", samples_of(group)}});
  for (const auto& one : found.touched)
    operators.push_back(
        json::object{{"operator", one.operator_id}, {"decisions", one.decisions}, {"numbers", one.numbers}});
  return {{"ok", true},
          {"errors", json::array{}},
          {"decisions", found.decisions},
          {"flipped", found.flipped()},
          {"flips", std::move(flips)},
          {"numbers", std::move(numbers)},
          {"passed_over", found.passed_over},
          {"undecidable", found.undecidable},
          {"counted_here", found.counted_here},
          {"counted_short", found.counted_short},
          {"begins", found.begins},
          {"from", found.from},
          {"until", found.until},
          {"groups", std::move(groups)},
          {"operators", std::move(operators)},
          {"records", found.records},
          {"seconds", seconds}};
}

std::string in_words(const cache::Replayed& found, double seconds) {
  auto text = fmt::format("{} decisions, {} to {} ({} records in {:.1f} s)\n", found.decisions,
                          found.from.empty() ? "-" : found.from, found.until.empty() ? "-" : found.until,
                          found.records, seconds);
  if (found.passed_over > 0)
    text +=
        fmt::format("{} more were answered for reasons that are no policy's business\n", found.passed_over);
  if (found.undecidable > 0)
    text += fmt::format("{} more do not hold the facts that they were decided by\n", found.undecidable);
  if (found.counted_here > 0)
    text += fmt::format("{} rest on what this journal counts{}\n", found.counted_here,
                        found.counted_short > 0 ? fmt::format(", {} of them from its beginning ({}) on",
                                                              found.counted_short, found.begins)
                                                : "");
  if (found.groups.empty()) return text + "None would be answered otherwise.\n";
  text += "\n";
  for (const auto& group : found.groups)
    text += fmt::format("{} -> {}{}: {} decisions, {} numbers, {} operators (e.g. {})\n", group.before,
                        group.after, group.kind == cache::FlipKind::trimmed ? ", cut to what is left" : "",
                        group.decisions, group.numbers, group.operators, group.samples.front());
  text += "\n";
  for (std::size_t i = 0; i < found.touched.size() && i < 10; ++i)
    text += fmt::format("{}  {} decisions, {} numbers\n", found.touched[i].operator_id,
                        found.touched[i].decisions, found.touched[i].numbers);
  if (found.operators > 10) text += fmt::format("… and {} more operators\n", found.operators - 10);
  return text;
}

int replay(const Console& console, const ReplayOptions& options) {
  auto directory = options.journal;
  if (directory.empty()) {
    const auto settings = console.settings();
    if (!settings) return unreadable;
    directory = settings->journal.directory.string();
  }
  const auto policy = config::load_policy(options.file);
  if (!policy) return console.fail(policy.errors);
  const policy::Compiled compiled(*policy.value);
  const auto began = std::chrono::steady_clock::now();
  const auto found =
      cache::replay_journal(directory, compiled, {}, {}, console.progress("deciding again", Counted::bytes));
  const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  const auto result = told(found, seconds);
  if (options.approve.empty()) {
    console.print(result, in_words(found, seconds));
    return done;
  }
  if (options.by.empty() || options.reason.empty())
    return console.fail("--approve needs --by NAME and --reason R: who takes responsibility, and why");
  return with_redis(console, [&](cache::RedisLink& link, const config::Settings&) -> Task<int> {
    const gateway::FlipApproval approval{policy.value->digest, options.by, options.reason, now()};
    if (!co_await gateway::approve_flips(link, approval))
      co_return console.fail("the approval could not be written to Redis");
    console.print(result,
                  in_words(found, seconds) + "\napproved by " + options.by + ": " + options.reason + "\n");
    co_return done;
  });
}

}  // namespace

void add_policy_replay(CLI::App& policy, const Console& console, int& code) {
  auto* command = policy.add_subcommand("replay", "Which past decisions of a journal would be others");
  auto asked = std::make_shared<ReplayOptions>();
  command->add_option("file", asked->file, "The policy as it would be")->required()->type_name("FILE");
  command->add_option("--journal", asked->journal, "The journal's directory (else the configuration's)")
      ->type_name("DIR");
  command
      ->add_option("--approve", asked->approve,
                   "Let gateways load it although it flips more than their budget")
      ->type_name("WORD")
      ->check(CLI::IsMember({"flips"}));
  command->add_option("--by", asked->by, "Who approves")->type_name("NAME");
  command->add_option("--reason", asked->reason, "Why")->type_name("R");
  command->callback([&console, &code, asked] { code = replay(console, *asked); });
}

}  // namespace sekisho::console
