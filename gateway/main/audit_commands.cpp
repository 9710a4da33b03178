// audit verify, audit show: commands on a journal's files.
#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "cache/journal_head.h"
#include "cache/journal_identity.h"
#include "cache/journal_reader.h"
#include "cache/journal_search.h"
#include "cache/keys.h"
#include "gateway/main/commands.h"

namespace sekisho::console {
namespace {

// The gateway's id, from the journal's own description of itself.
std::string gateway_of(const std::filesystem::path& directory) {
  std::ifstream file(directory / "gateway.json");
  std::stringstream text;
  text << file.rdbuf();
  boost::system::error_code failed;
  const auto value = json::parse(text.str(), failed);
  if (failed || !value.is_object()) return "";
  const auto* id = value.as_object().if_contains("gateway");
  return id && id->is_string() ? std::string(id->as_string()) : "";
}

// The head that Redis remembers, when a configuration names a Redis and it answers.
std::optional<cache::JournalHead> head_in_redis(const Console& console, const std::string& gateway) {
  std::optional<cache::JournalHead> head;
  if (console.config.empty() || gateway.empty()) return head;
  with_redis(console, [&](cache::RedisLink& link, const config::Settings&) -> Task<int> {
    cache::Command get{"GET", cache::keys::journal_head(gateway)};
    const auto answer = co_await link.call(std::move(get));
    head = cache::read_head(answer.text().value_or(""));
    co_return done;
  });
  return head;
}

int verify(const Console& console, const std::string& directory) {
  cache::VerifyInput input{.directory = directory, .key_file = cache::default_key_file(directory)};
  if (!console.config.empty()) {
    const auto settings = console.settings();
    if (!settings) return unreadable;
    std::error_code ignored;
    const bool same = std::filesystem::equivalent(settings->journal.directory, directory, ignored);
    if (!settings->journal.key.empty())
      input.key_file = settings->journal.key;
    else if (!std::filesystem::exists(input.key_file))
      input.key_file = cache::default_key_file(settings->journal.directory);
    if (same && !settings->journal.head.empty())
      if (const auto head = cache::read_head_file(settings->journal.head)) input.heads.push_back(*head);
    if (const auto head = head_in_redis(console, gateway_of(directory))) input.heads.push_back(*head);
  }
  input.progress = console.progress("verifying", Counted::bytes);
  const auto verdict = cache::verify_journal(input);
  json::object result{
      {"integrity", verdict.integrity},
      {"completeness", verdict.completeness},
      {"records", verdict.records},
      {"first_bad", verdict.first_bad ? json::value(*verdict.first_bad) : json::value(nullptr)},
      {"text", verdict.text}};
  console.print(result, fmt::format("integrity:    {}\ncompleteness: {}\nrecords:      {}\n{}\n",
                                    verdict.integrity ? "nothing altered" : "ALTERED",
                                    verdict.completeness ? "nothing missing" : "MISSING RECORDS",
                                    verdict.records, verdict.text));
  return verdict.integrity && verdict.completeness ? done : answer_no;
}

int show(const Console& console, const std::string& decision, std::string directory) {
  if (directory.empty()) {
    const auto settings = console.settings();
    if (!settings) return unreadable;
    directory = settings->journal.directory.string();
  }
  json::array records;
  std::string text;
  // From the beginning on, and for as long as it takes.
  const auto lines = cache::records_of(directory, decision, std::nullopt, cache::Deadline::max(),
                                       console.progress("searching", Counted::bytes));
  for (const auto& line : *lines) {
    text += line + "\n";
    records.push_back(json::parse(line));
  }
  const bool found = !records.empty();
  console.print(records, found ? text : "no record of this decision\n");
  return found ? done : answer_no;
}

}  // namespace

void add_audit(CLI::App& app, const Console& console, int& code) {
  auto* audit = app.add_subcommand("audit", "The journal: verify it, read it, decide it again");
  audit->require_subcommand(1);

  auto directory = std::make_shared<std::string>();
  auto* verify_command = audit->add_subcommand("verify", "Two verdicts: nothing altered, nothing missing");
  verify_command->add_option("directory", *directory, "The journal's directory")
      ->required()
      ->type_name("DIR");
  verify_command->callback([&console, &code, directory] { code = verify(console, *directory); });

  auto decision = std::make_shared<std::string>();
  auto where = std::make_shared<std::string>();
  auto* show_command = audit->add_subcommand("show", "Every record of one decision, in order");
  show_command->add_option("decision", *decision, "The decision's id")->required();
  show_command->add_option("--journal", *where, "The journal's directory (else the configuration's)")
      ->type_name("DIR");
  show_command->callback([&console, &code, decision, where] { code = show(console, *decision, *where); });

  add_audit_replay(*audit, console, code);
}

}  // namespace sekisho::console
