// An operator's record as one line of JSON: how it lies in Redis, in the copy on disk and in the journal.
//
// What has its default value is left out, so a record costs what is known about the operator. Reading ignores
// fields that it does not know (a newer gateway wrote them) and refuses words and dates that it cannot read:
// a state that we do not understand must never become another.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/registry.h"

namespace sekisho::cache {

std::string encode(const policy::OperatorRecord& record);
// Many at once, packed, on all processors; in their order. A line that cannot be read leaves a null.
std::vector<policy::RecordPtr> decode_all(std::span<const std::string_view> lines);

std::optional<policy::OperatorRecord> decode(std::string_view json);

}  // namespace sekisho::cache
