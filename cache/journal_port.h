// What the keeping of books asks of a journal. `Journal` is the real one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "policy/calendar.h"
#include "policy/words.h"

namespace sekisho::cache {

enum class RecordKind : std::uint8_t {
  decision,
  forwarding,
  outcome,
  settled,
  registry,
  policy,
  epoch,
  gap,
  checkpoint
};
inline constexpr std::string_view record_kind_words[] = {
    "decision", "forwarding", "outcome", "settled", "registry", "policy", "epoch", "gap", "checkpoint"};
constexpr auto& words_of(RecordKind) { return record_kind_words; }

class JournalPort {
 public:
  // Called once the record is on disk (true), or could not be written (false). Must not throw, nor wait.
  using Done = std::function<void(bool durable)>;

  virtual ~JournalPort() = default;
  // Any thread. `fields` is the inside of a JSON object without braces.
  virtual void append(RecordKind kind, policy::Instant at, std::string fields, Done done = {}) = 0;
  virtual bool writable() const = 0;
  virtual std::uint64_t end() const = 0;  // seq of the last record on disk
  virtual const std::string& gateway_id() const = 0;
  virtual std::uint64_t boot() const = 0;
};

}  // namespace sekisho::cache
