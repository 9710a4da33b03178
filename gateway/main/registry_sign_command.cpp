// registry sign, registry verify: signatures on lists, away from any Redis and any gateway.
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <fstream>

#include "config/list_signature.h"
#include "config/register_file.h"
#include "gateway/main/commands.h"

namespace sekisho::console {
namespace {

using config::Signed;

struct ListArguments {
  std::string file, which, mapping;
};

struct SignArguments {
  ListArguments list;
  std::string serial, published, key_id, key;
};

struct VerifyArguments {
  ListArguments list;
  std::string keys;
};

// The list as an import reads it: what is signed is what would be imported, and how many rows that are.
config::Loaded<config::ListFacts> read_list(const ListArguments& arguments, policy::Register which) {
  auto mapping = config::plain_mapping(which);
  if (!arguments.mapping.empty()) {
    auto loaded = config::load_mapping(arguments.mapping);
    if (!loaded) return {.errors = std::move(loaded.errors)};
    mapping = std::move(*loaded.value);
    if (mapping.which != which)
      return {.errors = {{.file = arguments.mapping,
                          .text = fmt::format("maps the register '{}', not '{}'", policy::name(mapping.which),
                                              arguments.which)}}};
  }
  auto list = config::load_register(arguments.file, mapping);
  if (!list) return {.errors = std::move(list.errors)};
  return {.value = config::list_facts(*list.value)};
}

config::Loaded<config::ListStatement> statement_of(const SignArguments& arguments) {
  const auto refused = [](const std::string& file, std::string text) {
    return config::Loaded<config::ListStatement>{.errors = {{.file = file, .text = std::move(text)}}};
  };
  config::ListStatement made;
  const auto& digits = arguments.serial;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), made.serial);
  if (failed != std::errc() || end != digits.data() + digits.size())
    return refused("--serial", "takes a whole number, not '" + digits + "'");
  const auto day = policy::JstDate::parse(arguments.published);
  if (!day) return refused("--published", "takes a date such as 2026-11-24");
  made.published = *day;
  const auto facts = [&](const config::ListFacts& list) {
    made.which = list.which;
    made.rows = list.rows;
    made.sha256 = list.digest;
    made.mapping = list.mapping;
    return config::Loaded<config::ListStatement>{.value = made};
  };
  if (const auto which = policy::parse_word<policy::Register>(arguments.list.which)) {
    auto list = read_list(arguments.list, *which);
    if (!list) return {.errors = std::move(list.errors)};
    return facts(*list.value);
  }
  auto keys = config::load_list_keys(arguments.list.file);
  if (!keys) return {.errors = std::move(keys.errors)};
  if (made.serial != static_cast<std::uint64_t>(keys.value->version))
    return refused(
        arguments.list.file,
        fmt::format("is version {}; the serial of a trust file is its version", keys.value->version));
  return facts(
      {.which = Signed::keys, .rows = keys.value->all.size(), .digest = std::move(keys.value->digest)});
}

// A reader sees the old file or the new one, never a part.
bool write_whole(const std::filesystem::path& file, const std::string& text) {
  const std::filesystem::path fresh = file.string() + "." + std::to_string(::getpid()) + ".tmp";
  std::ofstream out(fresh, std::ios::binary);
  out << text;
  out.close();
  std::error_code failed;
  if (out) std::filesystem::rename(fresh, file, failed);
  if (out && !failed) return true;
  std::filesystem::remove(fresh, failed);
  return false;
}

bool known_word(const Console& console, const ListArguments& list) {
  if (policy::parse_word<Signed>(list.which)) return true;
  console.fail("--register takes " + policy::all_words<Signed>() + ", not '" + list.which + "'");
  return false;
}

int sign(const Console& console, const SignArguments& arguments) {
  if (!known_word(console, arguments.list)) return unreadable;
  auto statement = statement_of(arguments);
  if (!statement) return console.fail(statement.errors);
  const auto key = config::PrivateKey::load(arguments.key);
  if (!key) return console.fail(key.errors);
  const auto beside = config::signature_beside(arguments.list.file);
  config::SignatureFile file{.statement = *statement.value};
  std::error_code ignored;
  if (std::filesystem::exists(beside, ignored)) {
    auto earlier = config::load_signature_file(beside);
    if (!earlier) return console.fail(earlier.errors);
    // Signatures of two statements cannot stand in one file, and none of others is thrown away unasked.
    if (earlier.value->statement != file.statement)
      return console.fail(beside.string() + ": others signed something else:\n" +
                              signed_text(earlier.value->statement) + "and this would be:\n" +
                              signed_text(file.statement) + "Sign what they signed, or remove the file",
                          answer_no);
    file = std::move(*earlier.value);
  }
  config::add_signature(file, arguments.key_id, *key.value);
  // A file that its own reader would refuse is not written; an id of other characters is the way there.
  if (const auto again = config::read_signature_file(beside, print(file)); !again)
    return console.fail("--key-id takes letters, digits, '-', '_' and '.', not '" + arguments.key_id + "'");
  if (!write_whole(beside, print(file))) return console.fail(beside.string() + " cannot be written");
  const auto public_key = config::base64(key.value->public_key());
  console.print(
      json::object{{"file", beside.string()},
                   {"register", policy::name(file.statement.which)},
                   {"serial", file.statement.serial},
                   {"published", file.statement.published.text()},
                   {"rows", file.statement.rows},
                   {"sha256", file.statement.sha256},
                   {"mapping", file.statement.mapping},
                   {"key", arguments.key_id},
                   {"public", public_key},
                   {"signatures", file.signatures.size()}},
      fmt::format("{}: {} signature(s) of\n{}public key of '{}': {}\n", beside.string(),
                  file.signatures.size(), signed_text(file.statement), arguments.key_id, public_key));
  return done;
}

// A trust file against the one in force before it.
int verify_keys(const Console& console, const VerifyArguments& arguments, const config::ListKeys& before) {
  const auto next = config::load_next_list_keys(before, arguments.list.file);
  if (!next) return console.fail(next.errors);
  console.print(
      json::object{
          {"ok", true}, {"register", "keys"}, {"serial", next.value->version}, {"errors", json::array{}}},
      next.value->version == before.version
          ? fmt::format("ok: this is version {} itself\n", before.version)
          : fmt::format("ok: version {} may follow version {}\n", next.value->version, before.version));
  return done;
}

int verify(const Console& console, const VerifyArguments& arguments) {
  if (!known_word(console, arguments.list)) return unreadable;
  const auto keys = config::load_list_keys(arguments.keys);
  if (!keys) return console.fail(keys.errors);
  const auto which = policy::parse_word<policy::Register>(arguments.list.which);
  if (!which) return verify_keys(console, arguments, *keys.value);
  const auto list = read_list(arguments.list, *which);
  if (!list) return console.fail(list.errors);
  const auto beside = config::signature_beside(arguments.list.file);
  const auto file = config::load_signature_file(beside);
  if (!file) return console.fail(file.errors);
  const auto verdict = config::verify_list(*file.value, *list.value, *keys.value);
  const auto errors = verdict.refusals(beside);
  for (const auto& error : errors) console.fail(error.print());
  const auto& said = file.value->statement;
  json::array signatures;
  for (const auto& one : verdict.signatures)
    signatures.push_back(json::object{{"key", one.key}, {"state", policy::name(one.state)}});
  console.print(json::object{{"ok", verdict.accepted()},
                             {"register", policy::name(said.which)},
                             {"serial", said.serial},
                             {"published", said.published.text()},
                             {"rows", said.rows},
                             {"sha256", said.sha256},
                             {"mapping", said.mapping},
                             {"keys_version", keys.value->version},
                             {"good", verdict.good},
                             {"needed", verdict.needed},
                             {"signatures", std::move(signatures)},
                             {"errors", errors_json(errors)}},
                verdict.accepted()
                    ? fmt::format("ok: {} serial {} of {}, {} rows; {}\n", arguments.list.which, said.serial,
                                  said.published.text(), said.rows, verdict.count_text())
                    : "");
  return verdict.accepted() ? done : answer_no;
}

void add_list(CLI::App& command, ListArguments& list) {
  command.add_option("file", list.file, "The list, or with --register keys the next trust file")
      ->required()
      ->type_name("FILE");
  command.add_option("--register", list.which, "Which one, or keys for a trust file")
      ->required()
      ->type_name("{etoc,plan,refusals,track-record,keys}");
  command.add_option("--mapping", list.mapping, "How the file's columns map onto the register")
      ->type_name("FILE");
}

}  // namespace

void add_registry_signing(CLI::App& registry, const Console& console, int& code) {
  auto signing = std::make_shared<SignArguments>();
  auto* sign_command =
      registry.add_subcommand("sign", "Sign a list: makes FILE.sig or adds a signature to it");
  add_list(*sign_command, signing->list);
  sign_command->add_option("--serial", signing->serial, "The list's own number; of a trust file its version")
      ->required();
  sign_command->add_option("--published", signing->published, "When it was published (YYYY-MM-DD)")
      ->required();
  sign_command->add_option("--key-id", signing->key_id, "The key's id in the trust file")->required();
  sign_command->add_option("--key", signing->key, "The private key, Ed25519 in PEM")
      ->required()
      ->type_name("FILE");
  sign_command->callback([&console, &code, signing] { code = sign(console, *signing); });

  auto verifying = std::make_shared<VerifyArguments>();
  auto* verify_command = registry.add_subcommand("verify", "Whether enough keys signed a list");
  add_list(*verify_command, verifying->list);
  verify_command->add_option("--keys", verifying->keys, "The trust file in force")
      ->required()
      ->type_name("FILE");
  verify_command->callback([&console, &code, verifying] { code = verify(console, *verifying); });
}

}  // namespace sekisho::console
