// What the gate reads out of one recorded call and its answer: for whoever writes a carrier's file. Nothing
// is sent, decided or counted.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gateway/http/message.h"
#include "policy/reading.h"

namespace sekisho::gateway {

// A message as it was written to a file, read as strictly as one from the wire; or why it is refused. Lines
// may end in LF, the newline at the end of the file is no part of the body, and the body's length is counted
// anew.
std::variant<http::Request, std::string> recorded_request(std::string_view text);
std::variant<http::Response, std::string> recorded_answer(std::string_view text, bool to_head);

struct Trial {
  std::optional<policy::RouteMatch> match;  // points into the carriers
  policy::ReadOrder read;                   // good where a route was found
  std::optional<policy::Outcome> outcome;   // of the answer, or of what a webhook tells
  std::optional<bool> signature;            // of a webhook: whether it is right, at the time that was signed

  const policy::Order* order() const { return match ? std::get_if<policy::Order>(&read) : nullptr; }
  bool is_read() const;  // the order, and the end of it where there is an answer
};

Trial try_adapter(const std::vector<policy::Carrier>& carriers, const http::Request& request,
                  const http::Response* answer, const policy::NumberingPlan& plan, policy::JstDate today);

// A few lines of English.
std::string told(const Trial& trial);

}  // namespace sekisho::gateway
