// The trust file: whose signatures on a register's list count, and how many of them are needed.
//
//   schema: sekisho/list-keys/v1
//   version: 3
//   threshold: 2
//   keys:
//     - { id: desk-1, public: "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=" }
//     - { id: desk-2, public: "…", registers: [etoc, plan] }
//
// A key without `registers` may sign everything. The word `keys` among them stands for the next version of
// this file: a key that is named for single registers has no say in who else may sign.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/ed25519.h"
#include "config/file_error.h"
#include "policy/registry.h"
#include "policy/words.h"

namespace sekisho::config {

// What can be signed: the registers, in their order, and the trust file itself.
enum class Signed : std::uint8_t { etoc, plan, refusals, track_record, keys };
inline constexpr std::string_view signed_words[] = {"etoc", "plan", "refusals", "track-record", "keys"};
constexpr auto& words_of(Signed) { return signed_words; }
constexpr Signed signed_as(policy::Register which) { return static_cast<Signed>(which); }

struct ListKey {
  std::string id;
  PublicKey public_key{};
  policy::WordSet<Signed> registers = policy::WordSet<Signed>::all();
};

struct ListKeys {
  std::int64_t version = 0;
  std::size_t threshold = 0;
  std::vector<ListKey> all;
  std::string
      text;  // the file's bytes: who keeps the file keeps these, and not what lies there a moment later
  std::string digest;  // their SHA-256, hex

  const ListKey* find(std::string_view id) const;
};

// Refused beside what no file may have: an id or a public key that stands twice (it would count twice), a
// weak key, a threshold that those who may sign a register cannot reach. A register that no key is for cannot
// be signed.
Loaded<ListKeys> load_list_keys(const std::filesystem::path& file);
// The same from its text, for instance as it was kept from an earlier time; `name` stands in complaints.
Loaded<ListKeys> read_list_keys(const std::filesystem::path& name, std::string text);

}  // namespace sekisho::config
