// What a reseller asks of the carrier, as read out of one call.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "policy/reason.h"
#include "policy/types.h"

namespace sekisho::policy {

// Where the quantity stands in the body, so that a trim can rewrite it and nothing else.
struct BodySpan {
  std::size_t offset = 0, length = 0;
};

struct Order {
  Operation operation = Operation::pass;
  std::string carrier;
  std::optional<NumberType> number_type;
  Quantity quantity = 0;
  std::string area;
  Quantity channels = 0;             // simultaneous calls asked for; 0: the order does not say
  std::vector<std::string> chain;    // operators further down, as the caller names them
  std::string reference;             // the caller's idempotency key; empty: none
  bool partial = false;              // the caller takes fewer
  std::string order_id;              // of an earlier order (status, confirm, cancel; release, transfer)
  std::vector<std::string> numbers;  // national digits (release, transfer)
  OperatorId receiver;               // who is given the numbers (transfer); empty: the caller
  // The id of an earlier answer (a search, a reservation) that told quantity and type, where this order names
  // only that: until they are filled in from there, `quantity` may be 0 and `number_type` empty.
  std::string recall;
  std::optional<BodySpan> quantity_span;
};

// Why a call could not be read as an order.
struct Unreadable {
  Reason reason = Reason::unreadable_order;
  std::string detail;  // which field, and why
};

using ReadOrder = std::variant<Order, Unreadable>;

}  // namespace sekisho::policy
