// What goes into a check and comes out of it, for gateways that stand elsewhere. Pure.
#pragma once

#include <boost/json.hpp>
#include <memory>
#include <string>
#include <variant>

#include "gateway/admin_call.h"
#include "gateway/exchange.h"

namespace sekisho::gateway {

// An order in words (docs/integrations.md), of somebody the files in force know; complaints are the body's.
std::shared_ptr<const DescribedOrder> described_order(AdminBody& body, const config::Installation& site);

// {decision, allowed, status, code?, operator, client?, carrier?, operation, number_type?, quantity?,
// reasons, limits, charges, policy, registry?, at}. The causes are those that may be told outward.
boost::json::object check_json(const Exchange& x, policy::Language language);

// The call that another gateway asks about, read as strictly as one that came by itself.
struct AskedCall {
  http::Request request;
  Peer peer;           // as the gateway in front saw it (X-Real-IP)
  bool whole = false;  // the body came with it
  // Only 200, 401 and 403 get through to the caller (nginx's auth_request): the true status stands in a
  // header.
  bool three_statuses = false;
};
// Or what is wrong with the question, or with the call.
struct Unasked {
  bool call = false;  // the call's own fault, not its gateway's
  std::string text;
};
std::variant<AskedCall, Unasked> asked_call(const http::Request& question);

// 200 with who it is, or the refusal as its caller may see it.
http::Response check_answer(Exchange& x, const AskedCall& asked);
http::Response check_answer(const http::Request& question, const Unasked& unread, bool three_statuses);

}  // namespace sekisho::gateway
