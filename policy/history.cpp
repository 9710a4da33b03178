#include "policy/history.h"

namespace sekisho::policy {

const OperatorRecord* version_on(std::span<const OperatorRecord> versions, JstDate day, Instant known_at) {
  const OperatorRecord* found = nullptr;
  for (const auto& version : versions)
    if (version.version.known_at <= known_at && version.version.from() <= day) found = &version;
  return found;
}

}  // namespace sekisho::policy
