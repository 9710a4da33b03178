// An operator's record as one line of JSON: how it lies in Redis, in the copy on disk and in the journal.
//
// What has its default value is left out, so a record costs what is known about the operator. Reading ignores
// fields that it does not know (a newer gateway wrote them) and refuses words and dates that it cannot read:
// a state that we do not understand must never become another.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "policy/registry.h"

namespace sekisho::cache {

std::string encode(const policy::OperatorRecord& record);
std::optional<policy::OperatorRecord> decode(std::string_view json);

}  // namespace sekisho::cache
