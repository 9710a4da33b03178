// One operator as `registry show` prints it.
#pragma once

#include <boost/json.hpp>
#include <string>

#include "policy/registry.h"

namespace sekisho::console {

// {operator, serial, etoc: {state, listed, certificate, certified_on, valid_until}, plan, refusals,
// track_record, names, act}
boost::json::object record_json(const policy::OperatorRecord& record, policy::JstDate today);
std::string record_text(const boost::json::object& record);

}  // namespace sekisho::console
