// registry keys: shows the trust file in force, or brings the next one into force.
#include "gateway/main/registry_keys.h"

#include <fmt/format.h>

#include "config/list_signature.h"
#include "gateway/main/commands.h"

namespace sekisho::console {
namespace {

using cache::RegistryChange;
using cache::RegistryStore;

struct KeysArguments {
  std::string file, by, reason;
};

json::object keys_json(const config::ListKeys& keys) {
  json::array all;
  for (const auto& key : keys.all) {
    json::array registers;
    key.registers.each([&](config::Signed word) { registers.emplace_back(policy::name(word)); });
    all.push_back(json::object{
        {"id", key.id}, {"public", config::base64(key.public_key)}, {"registers", std::move(registers)}});
  }
  return {{"version", keys.version},
          {"threshold", keys.threshold},
          {"sha256", keys.digest},
          {"keys", std::move(all)},
          {"text", keys.text}};  // for `registry verify`, away from here
}

std::string keys_text(const config::ListKeys& keys) {
  auto out = fmt::format("version {}, {} signature(s) needed, sha256 {}\n", keys.version, keys.threshold,
                         keys.digest);
  for (const auto& key : keys.all)
    out +=
        fmt::format("  {:<20} {}  {}\n", key.id, config::base64(key.public_key), policy::join(key.registers));
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

// The first trust file is trusted because a person says so; each later one because those who are trusted
// signed it.
Task<int> take_keys(const Console& console, KeysArguments arguments, cache::RedisLink& link) {
  RegistryStore store(link);
  const std::vector<policy::RecordPtr> nobody;
  const cache::Fences no_fences;
  while (true) {
    const auto meta = co_await store.meta();
    if (!meta) co_return console.fail("the registry cannot be read from Redis");
    config::Loaded<config::ListKeys> next;
    if (meta->fields.contains(cache::keys_text_field)) {
      const auto before = keys_in_force(*meta);
      if (!before) co_return console.fail(before.errors);
      next = config::load_next_list_keys(*before.value, arguments.file);
      if (next && next.value->digest == before.value->digest) {
        console.print(keys_json(*next.value), "in force already: " + keys_text(*next.value));
        co_return done;
      }
    } else {
      next = config::load_first_list_keys(arguments.file);
    }
    if (!next) co_return console.fail(next.errors);
    const auto& keys = *next.value;
    RegistryChange change{.kind = RegistryChange::Kind::keys, .at = now(), .by = arguments.by};
    change.reason = fmt::format("{} [version {}, sha256 {}]", arguments.reason, keys.version, keys.digest);
    // The bytes that were read and checked; what lies under the name by now is another matter.
    change.meta = {{cache::keys_text_field, keys.text},
                   {cache::keys_version_field, std::to_string(keys.version)}};
    const auto serial = co_await store.commit(meta->serial, change, nobody, no_fences);
    if (!serial) co_return console.fail("Redis went away; run the command again to be certain");
    if (*serial == 0) continue;  // somebody else committed meanwhile: look again
    auto result = keys_json(keys);
    result["serial"] = *serial;
    console.print(result, fmt::format("in force (serial {}): {}", *serial, keys_text(keys)));
    co_return done;
  }
}

}  // namespace

config::Loaded<config::ListKeys> keys_in_force(const cache::RegistryMeta& meta) {
  const std::string name = "trust file in force";
  const auto text = meta.fields.find(cache::keys_text_field);
  if (text != meta.fields.end()) return config::read_list_keys(name, text->second);
  return {.errors = {{.file = name,
                      .text = "there is none, so no signature counts; 'sekisho registry keys FILE --by NAME "
                              "--reason R' brings the first one into force",
                      .broken_promise = true}}};
}

void add_registry_keys(CLI::App& registry, const Console& console, int& code) {
  auto arguments = std::make_shared<KeysArguments>();
  auto* command = registry.add_subcommand(
      "keys", "Whose signatures on lists count: show it, or bring the next trust file into force");
  command->add_option("file", arguments->file, "The next trust file, with FILE.sig beside it")
      ->type_name("FILE");
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
