// A problem in the words and the shape of one API: what callers of a carrier's XML, form or TMF interface can
// read. Pure.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "gateway/http/problem.h"
#include "policy/denials.h"

namespace sekisho::http {

// The status that this API's clients know for the problem; the gate's own where the dialect has none.
int status_in(const policy::Denials& denials, const Problem& problem);

struct Body {
  std::string_view type;  // for Content-Type
  std::string text;
};

// `told`: the members of problem+json, all of which may be told to this caller. Nothing else is said in any
// shape, and in every shape the decision's id and the gate's code are said.
Body body_in(const policy::Denials& denials, const Problem& problem, const boost::json::object& told,
             policy::Language language);

}  // namespace sekisho::http
