// A record's form, and the chain that holds records together.
//
//   {"seq":N,"at":"...","kind":"...",<fields>,"mac":"<64 hex>"}\n
//
// mac        HMAC-SHA256 over the mac before (64 hex digits; zeros before the first record) and the record's
// bytes
//            before `,"mac"`.
// checkpoint fields "open_from","from","digest","signature". `digest` = SHA-256 over the lines (newlines
// included)
//            of records `from` .. seq-1, of which the first is the checkpoint before; in the very first
//            checkpoint, over the gateway's id. `signature` = Ed25519 over the record's bytes before
//            `,"signature"`.
// Thus each signature vouches for the whole journal before it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cache/journal.h"
#include "cache/journal_identity.h"

namespace sekisho::cache {

// At most this many records follow a checkpoint before the next one. Part of the format.
inline constexpr std::uint64_t checkpoint_records = 4096;
inline constexpr std::string_view mac_before_first =
    "0000000000000000000000000000000000000000000000000000000000000000";

struct RecordForm {  // views into the line
  std::uint64_t seq = 0;
  RecordKind kind{};
  std::string_view at;
  std::string_view sealed;  // the bytes the mac is over
  std::string_view mac;
};
// Nothing when the line is not a record. Looks at the common fields only, not at the JSON between them.
std::optional<RecordForm> read_form(std::string_view line);

struct CheckpointForm {
  std::uint64_t open_from = 0, from = 0;
  std::string digest, signature;
  std::string_view signed_part;  // of the line
};
std::optional<CheckpointForm> read_checkpoint(std::string_view line);

// A gap record that owns up to records known from the head, but no longer there
// ("missing_from","missing_until", "head"). The chain goes on behind it from the head's mac.
struct StatedHole {
  std::uint64_t from = 0, until = 0;
  std::string head;
};
std::optional<StatedHole> read_stated_hole(const RecordForm& form, std::string_view line);

// The writer's end of the chain. Nothing is final before the bytes are on disk: `mark`, then `rollback` on
// failure.
class Chain {
 public:
  Chain(const JournalSecret& secret, std::string_view gateway);

  void add(std::string& out, RecordKind kind, policy::Instant at, std::string_view fields);
  void add_checkpoint(std::string& out, policy::Instant at, std::uint64_t open_from);
  bool checkpoint_owed() const { return end_.since_checkpoint >= checkpoint_records; }
  std::uint64_t since_checkpoint() const { return end_.since_checkpoint; }  // records it would cover

  void mark();
  void rollback();

  std::uint64_t seq() const { return end_.seq; }  // of the last record
  std::string_view mac() const { return {end_.mac.data(), end_.mac.size()}; }

  // Going on with records that exist.
  bool fits(const RecordForm& form);                           // its mac follows from the record before
  void follow(const RecordForm& form, std::string_view line);  // take it as the last record
  void skip_to(std::uint64_t seq, std::string_view mac);       // records up to here are gone

 private:
  struct End {
    std::uint64_t seq = 0;
    std::uint64_t since_checkpoint = 0;
    std::uint64_t from = 1;  // the last checkpoint
    std::array<char, hex_length> mac;
  };
  void seal(std::string& out, std::size_t begin);
  void begin_record(std::string& out, RecordKind kind, policy::Instant at);

  HmacSha256 hmac_;
  SigningKey signing_key_;
  End end_, marked_;
  Sha256 digest_, marked_digest_;
  std::string at_text_;  // of `at_second_`, because most records share their second with the one before
  std::int64_t at_second_ = -1;
};

}  // namespace sekisho::cache
