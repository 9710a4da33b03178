// The registry in two times: what was so on a day, as it was known at a moment.
//
// Every change of an operator leaves a version behind. One holds from its effective day on (a list: when it
// was published; an act: when it was done, or the day that it names) and was known from the moment of its
// commit.
#pragma once

#include <span>

#include "policy/operator_record.h"

namespace sekisho::policy {

// `versions` oldest first. Null: nobody knew then that there was such an operator on that day.
const OperatorRecord* version_on(std::span<const OperatorRecord> versions, JstDate day, Instant known_at);

}  // namespace sekisho::policy
