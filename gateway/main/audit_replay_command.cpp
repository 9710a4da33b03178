// audit replay: does every decision of a journal follow from its policy, its facts and its counts?
#include <fmt/format.h>

#include <chrono>

#include "cache/audit_replay.h"
#include "config/installation.h"
#include "gateway/main/commands.h"

namespace sekisho::console {
namespace {

struct AuditReplayOptions {
  std::string directory;
  std::vector<std::string> policies;
  std::size_t most = 20;
};

json::object told(const cache::Difference& difference) {
  json::object recorded, derived;
  for (const auto& member : difference.members) {
    recorded[member.name] = member.recorded;
    derived[member.name] = member.derived;
  }
  return {
      {"decision", difference.decision},    {"seq", difference.seq},       {"at", difference.at},
      {"operator", difference.operator_id}, {"policy", difference.policy}, {"recorded", std::move(recorded)},
      {"derived", std::move(derived)}};
}

json::object told(const cache::Audited& found, double seconds) {
  json::object undecided, not_the_policys;
  for (const auto& [why, count] : found.undecided) undecided[policy::name(why)] = count;
  for (const auto& [code, count] : found.not_the_policys) not_the_policys[code] = count;
  json::array policies, differences, samples;
  for (const auto& one : found.policies)
    policies.push_back(json::object{
        {"policy", one.digest}, {"name", one.name}, {"decisions", one.decisions}, {"trouble", one.trouble}});
  for (const auto& one : found.differences) differences.push_back(told(one));
  for (const auto& id : found.undecided_samples) samples.emplace_back(id);
  return {{"ok", found.all_same()},
          {"errors", json::array{}},
          {"records", found.records},
          {"decisions", found.decisions},
          {"same", found.same},
          {"differ", found.differ},
          {"undecided", std::move(undecided)},
          {"undecided_samples", std::move(samples)},
          {"not_the_policys", std::move(not_the_policys)},
          {"from", found.from},
          {"until", found.until},
          {"policies", std::move(policies)},
          {"differences", std::move(differences)},
          {"seconds", seconds}};
}

std::string in_words(const cache::Audited& found, double seconds) {
  auto text = fmt::format("{} decisions, {} to {} ({} records in {:.1f} s)\n", found.decisions,
                          found.from.empty() ? "-" : found.from, found.until.empty() ? "-" : found.until,
                          found.records, seconds);
  text += fmt::format("  same             {}\n  DIFFER           {}\n  undecided        {}\n", found.same,
                      found.differ, found.undecided_all());
  for (const auto& [why, count] : found.undecided)
    text += fmt::format("    {:<22}{}\n", policy::name(why), count);
  text += fmt::format("  not the policy's {}\n", found.not_the_policys_all());
  for (const auto& [code, count] : found.not_the_policys) text += fmt::format("    {:<22}{}\n", code, count);
  for (const auto& one : found.policies)
    text += fmt::format("policy {} {}{}: {} decisions\n", one.digest.substr(0, 12),
                        one.name.empty() ? "-" : one.name,
                        one.trouble.empty() ? "" : " (" + one.trouble + ")", one.decisions);
  for (const auto& one : found.differences) {
    text += fmt::format("\n{}  seq {}  {}  {}  policy {}\n", one.decision, one.seq, one.at, one.operator_id,
                        one.policy.substr(0, 12));
    for (const auto& member : one.members)
      text += fmt::format("  {:<9} recorded {}\n  {:<9} derived  {}\n", member.name, member.recorded, "",
                          member.derived);
  }
  if (found.differ > found.differences.size())
    text += fmt::format("\n… and {} more\n", found.differ - found.differences.size());
  return text;
}

int replay(const Console& console, const AuditReplayOptions& options) {
  std::vector<policy::Policy> known;
  for (const auto& file : options.policies) {
    auto loaded = config::read_policy_file(file);  // it was in force: nothing is proven anew
    if (!loaded) return console.fail(loaded.errors);
    known.push_back(std::move(*loaded.value));
  }
  const auto began = std::chrono::steady_clock::now();
  const auto found = cache::audit_journal(options.directory, std::move(known), options.most,
                                          console.progress("deciding again", Counted::bytes));
  const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  console.print(told(found, seconds), in_words(found, seconds));
  return found.all_same() ? done : answer_no;
}

}  // namespace

void add_audit_replay(CLI::App& audit, const Console& console, int& code) {
  auto* command = audit.add_subcommand("replay", "Every decision made again, under the policy of its time");
  auto asked = std::make_shared<AuditReplayOptions>();
  command->add_option("directory", asked->directory, "The journal's directory")->required()->type_name("DIR");
  command
      ->add_option("--policy", asked->policies,
                   "Policies that were in force, for a journal that does not hold their text")
      ->type_name("FILE");
  command->add_option("--most", asked->most, "How many differences are shown (20)")->type_name("N");
  command->callback([&console, &code, asked] { code = replay(console, *asked); });
}

}  // namespace sekisho::console
