// Reading orders out of calls and outcomes out of answers, exactly as the carrier would, or not at all.
//
// A body is JSON, a form or XML, as the adapter's locators say and its Content-Type must agree. Repeated
// keys, fields and elements, numbers that are not plain decimal integers, wrong content types and compressed
// bodies are refused, never guessed; a quantity that cannot be read is never zero.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "policy/adapter.h"
#include "policy/numbering_plan.h"
#include "policy/order.h"

namespace sekisho::policy {

// What is given under a name: the first value, and how often. One is read; two are refused, whatever they
// say.
struct Given {
  std::string_view first;
  std::size_t times = 0;
};
using Lookup = std::function<Given(std::string_view name)>;

// A call as the HTTP room sees it, without depending on it.
struct Message {
  std::string_view query;
  Lookup headers;
  std::string_view body;
  Lookup claims;  // of the caller's token; empty: the caller has shown none
};

// Every order that hands something out has a quantity of at least 1: its own, or the count of the numbers it
// names. Three have not: one whose quantity an earlier answer told (`recall`; a confirmation recalls its
// reservation unless the adapter says otherwise), a transfer of what an order was granted, and a modification
// that adds nothing (0). An optional field that is JSON null counts as absent. `quantity_span` is set only
// where the caller takes fewer and the quantity is one token of the body. The plan, as it is today, tells the
// type of an order whose adapter takes it from the numbers themselves.
ReadOrder read_order(const RouteMatch& match, const Message& message, const NumberingPlan& plan,
                     JstDate today);

// The body with another quantity in the span's place, in quotes if the old one was. Nothing else changes.
std::string rewrite_quantity(std::string_view body, BodySpan span, Quantity quantity);

// What the carrier did, as far as its answer tells.
struct Outcome {
  enum class Kind {
    unsent,    // provably never reached the carrier
    finished,  // the carrier said what it did
    pending,   // accepted; the carrier will say later
    unknown,   // sent, and nobody knows
    reserved,  // kept for a confirmation, which will be an order of its own
  };
  Kind kind = Kind::unknown;
  Quantity granted = 0;
  bool all = false;  // as many as the order that it is about asked for, whatever `granted` says
  Quantity released = 0;
  std::string order_id;
  std::vector<std::string> numbers;  // national digits
  std::string detail;                // why unknown, or what else could not be read
};

// The format that this entry reads an answer's body as; nothing: it looks into none.
std::optional<Locator::Kind> body_format(const ResultRule& rule);

// By the first entry for this status that reads the format which the answer's Content-Type says, or looks
// into no body; if there is none, by the first for this status. Without a rule for this status: a 4xx
// finished with nothing granted, anything else is unknown. For a status call it is pending: nothing was
// learned, and a 404 about an order never frees its hold. A reservation that was made is reserved.
Outcome read_outcome(const RouteMatch& match, int status, std::string_view body, const Lookup& headers = {});

// normal_form (policy/numbering_plan.h), also of full-width text ("０３…"); nothing if it is not a number.
std::optional<std::string> national_number(std::string_view text, NumberSpelling spelling = {});

}  // namespace sekisho::policy
