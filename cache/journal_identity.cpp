#include "cache/journal_identity.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <stdexcept>
#include <string_view>

#include "cache/journal_files.h"

namespace sekisho::cache {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

constexpr std::string_view format_name = "sekisho/journal/v1";

fs::path beside(const fs::path& directory, std::string_view extension) {
  fs::path plain = directory.lexically_normal();
  if (!plain.has_filename()) plain = plain.parent_path();  // "journal/"
  return plain.string() + std::string(extension);
}

[[noreturn]] void not_ours(const fs::path& file, std::string_view why) {
  throw std::runtime_error(fmt::format("{}: {}", file.string(), why));
}

}  // namespace

fs::path default_key_file(const fs::path& directory) { return beside(directory, ".key"); }
fs::path default_head_file(const fs::path& directory) { return beside(directory, ".head"); }

std::optional<JournalSecret> read_secret(const fs::path& file) {
  const auto content = read_small_file(file);
  if (!content) return std::nullopt;
  JournalSecret secret;
  bool has_hmac = false, has_seed = false;
  std::string_view rest = *content;
  for (int line = 1; !rest.empty(); ++line) {
    const std::string_view text = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(text.size() + 1, rest.size()));
    if (text.empty() || text.front() == '#') continue;
    const bool is_hmac = text.starts_with("hmac "), is_seed = text.starts_with("ed25519 ");
    const bool fits = (is_hmac && !has_hmac && unhex(text.substr(5), secret.hmac_key)) ||
                      (is_seed && !has_seed && unhex(text.substr(8), secret.signing_seed));
    if (!fits)
      not_ours(file,
               fmt::format("line {}: expected `hmac` or `ed25519` once each, with 64 hex digits", line));
    (is_hmac ? has_hmac : has_seed) = true;
  }
  if (!has_hmac || !has_seed)
    not_ours(file, "not a journal key: `hmac` and `ed25519`, 64 hex digits each, must be in it");
  return secret;
}

JournalSecret make_secret(const fs::path& file) {
  JournalSecret secret;
  random_bytes(secret.hmac_key.data(), secret.hmac_key.size());
  random_bytes(secret.signing_seed.data(), secret.signing_seed.size());
  replace_file(
      file,
      fmt::format(
          "# Secret of a Sekisho journal. Whoever has it can rewrite the journal unnoticed; without it\n"
          "# the gateway cannot go on with it. Keep a copy where the journal is not.\n"
          "hmac {}\ned25519 {}\n",
          hex(secret.hmac_key), hex(secret.signing_seed)),
      0600);
  sync_directory(file.has_parent_path() ? file.parent_path() : fs::path("."));
  return secret;
}

std::optional<GatewayIdentity> read_identity(const fs::path& directory) {
  const fs::path file = directory / "gateway.json";
  const auto content = read_small_file(file);
  if (!content) return std::nullopt;
  GatewayIdentity identity;
  try {
    const json::value root = json::parse(*content);
    const auto& object = root.as_object();
    if (object.at("format").as_string() != format_name)
      not_ours(file, fmt::format("`format` is not {}", format_name));
    identity.gateway = object.at("gateway").as_string();
    identity.boot = object.at("boot").to_number<std::uint64_t>();
    identity.created = object.at("created").as_string();
    if (!unhex(object.at("public_key").as_string(), identity.public_key))
      not_ours(file, "`public_key` is not 64 hex digits");
  } catch (const boost::system::system_error&) {
    not_ours(file, "not the JSON of a gateway's identity");
  } catch (const std::invalid_argument&) {
    not_ours(file, "a member of a gateway's identity has the wrong type");
  } catch (const std::out_of_range&) {
    not_ours(file, "a member of a gateway's identity is missing");
  }
  return identity;
}

void write_identity(const fs::path& directory, const GatewayIdentity& identity) {
  replace_file(
      directory / "gateway.json",
      fmt::format(
          "{{\"format\":\"{}\",\"gateway\":\"{}\",\"boot\":{},\"public_key\":\"{}\",\"created\":\"{}\"}}\n",
          format_name, identity.gateway, identity.boot, hex(identity.public_key), identity.created));
  sync_directory(directory);
}

Opening take_identity(const fs::path& directory, const fs::path& key_file, bool has_records,
                      policy::Instant now) {
  Opening opening;
  auto secret = read_secret(key_file);
  auto identity = read_identity(directory);
  if (!identity && has_records)
    not_ours(directory / "gateway.json",
             "missing, although the journal has records: put it back from a copy");
  if (identity && !secret)
    not_ours(key_file,
             fmt::format("the secret of journal {} is missing: put it back from a copy, or begin a new "
                         "journal in an empty directory",
                         directory.string()));
  opening.secret = secret ? *secret : make_secret(key_file);
  const Bytes32 public_key = SigningKey(opening.secret.signing_seed).public_key();
  if (identity && identity->public_key != public_key)
    not_ours(key_file, fmt::format("this is the secret of another journal than {}", directory.string()));
  if (!identity) {
    unsigned char id[8];
    random_bytes(id, sizeof id);
    identity =
        GatewayIdentity{.gateway = "gw-" + hex(std::string_view(reinterpret_cast<char*>(id), sizeof id)),
                        .public_key = public_key,
                        .created = policy::iso_jst(now)};
  }
  opening.identity = *identity;
  ++opening.identity.boot;
  write_identity(directory, opening.identity);
  return opening;
}

}  // namespace sekisho::cache
