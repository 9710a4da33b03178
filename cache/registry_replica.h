// What one gateway knows of the registry, and how that grows. Pure: events and whole registries in, snapshots
// out.
//
// Always true, whatever Redis lost or brings back:
//   - An operator whose revocation by an act is known stays revoked until a later act of reinstatement is
//   known.
//   - Within one epoch nothing that was known is forgotten: what Redis has lost is kept, and handed out to be
//   restored
//     there, so that gateways that never heard of it learn it too. So are the marks below which no list and
//     no trust file comes back: a key that was taken out of use does not count again.
//   - A change is taken only on top of the one that it names. Else something was missed, and all is loaded
//   anew.
#pragma once

#include "cache/registry_change.h"

namespace sekisho::cache {

class RegistryReplica {
 public:
  enum class Taken { applied, known, missed };
  Taken apply(const RegistryEvent& event);

  // Takes Redis's registry as the truth, but for what it has lost. Returns that: records to be restored in
  // Redis.
  std::vector<policy::RecordPtr> adopt(WholeRegistry found);
  // What Redis had lost beside them at the last `adopt`: to be restored with them.
  const RegistryFields& lost_marks() const { return lost_marks_; }

  bool empty() const { return !whole_.registry; }
  bool same_as(std::string_view epoch, std::uint64_t serial, std::string_view head) const;
  bool behind(std::string_view epoch, std::uint64_t serial) const;  // the rest is still to come
  const WholeRegistry& whole() const { return whole_; }
  const std::shared_ptr<const policy::Registry>& registry() const { return whole_.registry; }
  void at_stream(std::string id) { whole_.stream_id = std::move(id); }

 private:
  std::uint64_t last_common(const WholeRegistry& found) const;
  WholeRegistry whole_;
  RegistryFields lost_marks_;
};

}  // namespace sekisho::cache
