// One operator as `registry show` prints it, and as the admin API tells it.
#pragma once

#include <boost/json.hpp>

#include "policy/registry.h"

namespace sekisho::gateway {

// {operator, serial, etoc: {state, listed, certificate, certified_on, valid_until}, plan, refusals,
// track_record, names, act}
boost::json::object record_json(const policy::OperatorRecord& record, policy::JstDate today);

}  // namespace sekisho::gateway
