// Whether a register's list carries the signatures that a trust file asks for, and whether one trust file may
// follow another. Pure, apart from the two functions that read files for it.
//
// Nothing here knows what was imported before: that a serial may not fall is for whoever keeps the last one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/file_error.h"
#include "config/list_keys.h"
#include "config/list_statement.h"

namespace sekisho::config {

enum class SignatureState : std::uint8_t {
  good,
  unknown_key,
  key_not_for_register,
  bad_signature,
  repeated_key
};
inline constexpr std::string_view signature_state_words[] = {"good", "unknown-key", "key-not-for-register",
                                                             "bad-signature", "repeated-key"};
constexpr auto& words_of(SignatureState) { return signature_state_words; }

// A list as it was read.
struct ListFacts {
  Signed which{};
  std::uint64_t rows = 0;
  std::string digest;  // SHA-256 of the bytes, hex
  std::string mapping = std::string(no_mapping);
};
ListFacts list_facts(const RegisterFile& list);

struct ListVerdict {
  struct One {
    std::string key;
    SignatureState state{};
  };
  std::vector<One> signatures;       // as they stand in the file
  std::size_t good = 0, needed = 0;  // different keys
  std::size_t entitled = 0;          // keys of the trust file that may sign this register at all
  std::vector<std::string> differs;  // sentences: where the statement is about something else than the list

  bool accepted() const { return differs.empty() && needed > 0 && good >= needed; }
  // "1 of 2 signatures: 'desk-1' is good; 'desk-9' is not a key of the trust file"
  std::string count_text() const;
  Errors refusals(const std::filesystem::path& signature_file) const;  // broken promises; none when accepted
};
ListVerdict verify_list(const SignatureFile& file, const ListFacts& list, const ListKeys& keys);

// For an import: what LIST.sig says when it is about this list and enough keys signed it. The list comes as
// it was read, never by its path alone: what is checked is what is imported. What merely does not suffice is
// a broken promise, what cannot be read is not (FileError).
struct SignedList {
  ListStatement statement;
  std::vector<std::string> by;  // ids of the keys whose signatures are good
};
Loaded<SignedList> check_signed(const RegisterFile& list, const ListKeys& keys);

// Why `next` may not take the place of `before`; nothing when it may. The next version is signed by enough
// keys of both: those who are trusted today let it in, and those who will be show that they hold their keys.
// The file in force itself, byte for byte, may always stay, without `signatures`.
std::optional<std::string> may_follow(const ListKeys& before, const ListKeys& next,
                                      const SignatureFile* signatures);

// The first trust file: nobody is trusted yet who could let it in, so a person answers for it. It is signed
// by enough of its own keys all the same. A key that was mistyped, or that nobody holds, would let no list in
// and no next trust file either.
Loaded<ListKeys> load_first_list_keys(const std::filesystem::path& file);
// The trust file, when FILE.sig lets it follow.
Loaded<ListKeys> load_next_list_keys(const ListKeys& before, const std::filesystem::path& file);

}  // namespace sekisho::config
