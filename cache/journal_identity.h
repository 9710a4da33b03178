// Who wrote a journal, and with which secret. Beside the journal's directory lies the secret (one file, mode
// 0600); inside it `gateway.json` tells everybody else the gateway's id and public key.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "cache/journal_crypto.h"
#include "policy/calendar.h"

namespace sekisho::cache {

// Where these files are when the configuration does not say: beside the directory, never in it, so that a
// copy of the directory gives no secret away and whoever cuts the journal must also know of the other place.
std::filesystem::path default_key_file(const std::filesystem::path& directory);   // "<directory>.key"
std::filesystem::path default_head_file(const std::filesystem::path& directory);  // "<directory>.head"

struct JournalSecret {
  Bytes32 hmac_key{};
  Bytes32 signing_seed{};
};

// Nothing when the file does not exist; throws std::runtime_error (file and line) when it is not a key file.
std::optional<JournalSecret> read_secret(const std::filesystem::path& file);
JournalSecret make_secret(const std::filesystem::path& file);  // from the kernel's random bytes, mode 0600

struct GatewayIdentity {
  std::string gateway;     // "gw-<16 hex>"
  std::uint64_t boot = 0;  // how often the journal was opened
  Bytes32 public_key{};
  std::string created;
};

// Nothing when there is no gateway.json; throws std::runtime_error when it is not one of ours.
std::optional<GatewayIdentity> read_identity(const std::filesystem::path& directory);
void write_identity(const std::filesystem::path& directory, const GatewayIdentity& identity);

// The secret and the identity to go on with, `boot` counted up and written. Makes both in a new directory;
// refuses a journal whose secret is missing or another one. Throws std::runtime_error.
struct Opening {
  JournalSecret secret;
  GatewayIdentity identity;
};
Opening take_identity(const std::filesystem::path& directory, const std::filesystem::path& key_file,
                      bool has_records, policy::Instant now);

}  // namespace sekisho::cache
