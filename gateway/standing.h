// GET /sekisho/v1/standing: how the caller stands itself. Pure.
#pragma once

#include <boost/json.hpp>

#include "gateway/http/message.h"
#include "policy/decide.h"

namespace sekisho::gateway {

inline constexpr std::string_view standing_path = "/sekisho/v1/standing";

// {rule, code, per, limit, used, held, left, resets_at}: a limit wherever the gate prints one.
boost::json::object limit_json(const policy::LimitState& limit);

// {operator, etoc, plan, granted, held, suspense, limits[], holds[], coming[]}. What stands on the refusal
// list, and what other carriers are told, is not the caller's to see. `record` null: no register has the
// operator.
http::Response standing_answer(const policy::Policy& policy, const policy::PackedRecord* record,
                               const policy::OperatorId& id, const policy::Usage& usage,
                               const policy::Usage* of_group, policy::JstDate today);

}  // namespace sekisho::gateway
