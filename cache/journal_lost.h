// What the journal lost while its disk failed, and what the gap record says of it.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "cache/journal_port.h"

namespace sekisho::cache {

// Records that could not be kept, until a gap record tells.
struct Lost {
  std::uint64_t count = 0;
  std::array<std::uint64_t, policy::count_of<RecordKind>()> kinds{};
  policy::Instant from, until;

  void add(RecordKind kind, policy::Instant at) {
    from = count ? std::min(from, at) : at;
    until = count ? std::max(until, at) : at;
    ++count;
    ++kinds[static_cast<std::size_t>(kind)];
  }
  std::string fields() const {
    std::string by_kind;
    for (std::size_t i = 0; i < kinds.size(); ++i)
      if (kinds[i])
        by_kind +=
            fmt::format("{}\"{}\":{}", by_kind.empty() ? "" : ",", policy::name(RecordKind(i)), kinds[i]);
    return fmt::format("\"lost\":{},\"from\":\"{}\",\"until\":\"{}\",\"kinds\":{{{}}}", count,
                       policy::iso_jst(from), policy::iso_jst(until), by_kind);
  }
};

}  // namespace sekisho::cache
