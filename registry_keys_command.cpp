// registry keys: shows the trust file in force, or brings the next one into force.
#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "config/list_signature.h"
#include "gateway/main/commands.h"
#include "gateway/main/registry_keys.h"

namespace sekisho::console {
namespace {

using cache::RegistryChange;
using cache::RegistryStore;

struct KeysArguments {
  std::string file, by, reason;
};

const std::string text_field = "keys.text";

json::object keys_json(const config::ListKeys& keys) {
  json::array all;
  for (const auto& key : keys.all) all.emplace_back(key.id);
  return {{"version", keys.version}, {"threshold", keys.threshold}, {"keys", std::move(all)}};
}

std::string keys_text(const config::ListKeys& keys) {
  std::string out = fmt::format("version {}, {} signature(s) needed\n", keys.version, keys.threshold);
  for (const auto& key : keys.all) out += fmt::format("  {:<20} {}\n", key.id, policy::join(key.registers));
  return out;
}

Task<int> show_keys(const Console& console, cache::RedisLink& link) {
  RegistryStore store(link);
  const auto meta = co_await store.meta();
  if (!meta) co_return console.fail("the registry cannot be read from Redis");
  const auto keys = keys_in_force(*meta);
  if (!keys) co_return console.fail(keys.errors);
  console.print(keys_json(*keys.value), keys_text(*keys.value));
  co_return done;
}

// The first trust file is trusted because a person says so; each later one because those who are trusted signed it.
Task<int> take_keys(const Console& console, KeysArguments arguments, cache::RedisLink& link) {
  RegistryStore store(link);
  while (true) {
    const auto meta = co_await store.meta();
    if (!meta) co_return console.fail("the registry cannot be read from Redis");
    const bool first = !meta->fields.contains(text_field);
    config::Loaded<config::ListKeys> next;
    if (first) {
      next = config::load_list_keys(arguments.file);
    } else {
      const auto before = keys_in_force(*meta);
      if (!before) co_return console.fail(before.errors);
      next = config::load_next_list_keys(*before.value, arguments.file);
    }
    if (!next) co_return console.fail(next.errors);
    std::ifstream in(arguments.file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    RegistryChange change{
        .kind = RegistryChange::Kind::keys, .at = now(), .by = arguments.by, .reason = arguments.reason};
    change.meta[text_field] = text;
    const std::vector<policy::RecordPtr> nobody;
    const auto serial = co_await store.commit(meta->serial, change, nobody);
    if (!serial) co_return console.fail("Redis went away; run the command again to be certain");
    if (*serial == 0) continue;
    auto result = keys_json(*next.value);
    result["serial"] = *serial;
    console.print(result, fmt::format("in force (serial {}): {}", *serial, keys_text(*next.value)));
    co_return done;
  }
}

}  // namespace

config::Loaded<config::ListKeys> keys_in_force(const cache::RegistryMeta& meta) {
  const auto text = meta.fields.find(text_field);
  if (text != meta.fields.end()) return config::read_list_keys("the trust file in force", text->second);
  config::FileError none{.text = "no trust file is in force, so no signature counts: bring one into force with "
                                 "`sekisho registry keys FILE --by NAME --reason R`"};
  return {.errors = {std::move(none)}};
}

void add_registry_keys(CLI::App& registry, const Console& console, int& code) {
  auto arguments = std::make_shared<KeysArguments>();
  auto* command = registry.add_subcommand("keys", "Whose signatures on lists count: show, or bring the next file into force");
  command->add_option("file", arguments->file, "The next trust file, with its signatures beside it");
  command->add_option("--by", arguments->by, "Who decided it");
  command->add_option("--reason", arguments->reason, "Why; stands in the journal");
  command->callback([&console, &code, arguments] {
    if (!arguments->file.empty() && (arguments->by.empty() || arguments->reason.empty())) {
      code = console.fail("a change of keys is named and reasoned: give --by NAME and --reason R");
      return;
    }
    code = with_redis(console, [&](cache::RedisLink& link, const config::Settings&) {
      return arguments->file.empty() ? show_keys(console, link) : take_keys(console, *arguments, link);
    });
  });
}

}  // namespace sekisho::console
