// What is signed of a register's list, and the file beside the list (LIST.sig) that carries the signatures.
//
//   { "schema": "sekisho/list-signature/v1",
//     "register": "etoc", "serial": 12, "published": "2026-11-24", "rows": 5, "sha256": "<64 hex digits>",
//     "mapping": "<64 hex digits>",
//     "signatures": [ { "key": "desk-1", "signature": "<64 bytes in base64>" } ] }
//
// A signature never covers these JSON bytes, which may be written in many ways, but the text of
// `signed_text`. Each line ends in a line feed, the last one too; numbers are plain decimals:
//
//   sekisho list signature v1
//   register etoc
//   serial 12
//   published 2026-11-24
//   rows 5
//   sha256 <64 lower-case hex digits of the list's bytes>
//   mapping <the same of the mapping file's bytes, or `none`>
//
// The mapping is signed with the list because it can turn every word of the list into its opposite.
//
// The first line keeps it apart from whatever else a key may sign. No value can hold a line feed, so no other
// statement has the same text.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/ed25519.h"
#include "config/file_error.h"
#include "config/list_keys.h"
#include "config/register_file.h"
#include "policy/calendar.h"

namespace sekisho::config {

struct ListStatement {
  Signed which{};
  std::uint64_t serial = 0;  // the list's own; of a trust file its version
  policy::JstDate published;
  std::uint64_t rows = 0;                         // of a trust file: keys
  std::string sha256;                             // of the list's bytes, hex
  std::string mapping = std::string(no_mapping);  // SHA-256 of the mapping file by which it is read
  bool operator==(const ListStatement&) const = default;
};
std::string signed_text(const ListStatement& statement);

struct ListSignature {
  std::string key;  // its id in the trust file
  Signature signature{};
  int line = 0, column = 0;  // of the entry
};

struct SignatureFile {
  ListStatement statement;
  std::vector<ListSignature> signatures;
};

std::filesystem::path signature_beside(const std::filesystem::path& list);  // LIST.sig

// Strictly: unknown, repeated and missing keys, other JSON types and trailing bytes are errors. That nothing
// lies there is a broken promise of the list (FileError).
Loaded<SignatureFile> load_signature_file(const std::filesystem::path& file);
Loaded<SignatureFile> read_signature_file(const std::filesystem::path& name, std::string_view text);
std::string print(const SignatureFile& file);

// Adds a signature of the file's statement, in the place of an earlier one under the same id.
void add_signature(SignatureFile& file, const std::string& id, const PrivateKey& key);

}  // namespace sekisho::config
