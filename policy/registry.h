// The registry: what is known about operators, one immutable snapshot at a time.
//
// A snapshot is a tree of small pieces, and shares all that did not change with the one before: a revocation
// copies the way down to its operator and not a million records. Readers hold a shared pointer and never
// lock; a lookup is a hash, three steps down and one record. Nothing in here knows where the facts came from.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "policy/packed_record.h"

namespace sekisho::policy {

// How one source of facts stands: nothing in a register is certain before its first import.
struct SourceStatus {
  std::uint64_t serial = 0;  // imports so far
  std::optional<Instant> verified_at;
  std::size_t rows = 0;
  bool operator==(const SourceStatus&) const = default;
};
using Sources = std::array<SourceStatus, count_of<Register>()>;

class Registry {
 public:
  const PackedRecord* find(std::string_view id) const;
  const PackedRecord* find(const OperatorId& id) const { return find(id.text()); }
  RecordPtr share(std::string_view id) const;  // the same, to keep

  // Whose facts count for an order of this operator: its own, or those of the one that it was merged into
  // (Telecommunications Business Act, article 50-7: the successor carries on). An operator that is revoked or
  // refused itself hides behind nobody. Null: nobody knows it.
  const PackedRecord* acting_for(std::string_view id, JstDate day) const;

  static constexpr int mergers_max = 8;  // a row of them is short; a ring, by mistake, must end

  std::uint64_t serial() const { return serial_; }
  std::size_t size() const { return size_; }
  const Sources& sources() const { return sources_; }
  const SourceStatus& source(Register which) const { return sources_[static_cast<std::size_t>(which)]; }

  // A new snapshot with these records put in place, and this serial. Of two records of one operator the last
  // stands.
  std::shared_ptr<const Registry> with(std::vector<RecordPtr> changed, std::uint64_t serial,
                                       const Sources& sources) const;

  template <class F>
  void each(F&& visit) const {
    for (const auto& branch : root_)
      for (std::size_t i = 0; branch && i < width; ++i)
        for (std::size_t j = 0; branch->twigs[i] && j < width; ++j)
          for (const auto& slot : branch->twigs[i]->leaves[j].all()) visit(*slot.record);
  }

 private:
  static constexpr std::size_t width = 64;  // six bits of the hash a level
  struct Slot {
    std::uint32_t tag = 0;  // further bits of the hash: a record that is not meant is hardly ever touched
    RecordPtr record;
  };
  struct Leaf {
    std::shared_ptr<const Slot[]> slots;
    std::uint32_t count = 0;
    std::span<const Slot> all() const { return {slots.get(), count}; }
  };
  struct Twig {
    std::array<Leaf, width> leaves;
  };
  struct Branch {
    std::array<std::shared_ptr<const Twig>, width> twigs;
  };
  struct Change;
  const Slot* slot(std::string_view id) const;
  static Leaf grown(const Leaf& old, std::span<const Change> changes);

  std::array<std::shared_ptr<const Branch>, width> root_{};
  Sources sources_{};
  std::uint64_t serial_ = 0;
  std::size_t size_ = 0;
};

}  // namespace sekisho::policy
