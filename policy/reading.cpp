#include "policy/reading.h"

#include <algorithm>

#include "policy/fields.h"
#include "policy/media_type.h"
#include "policy/text_rules.h"

namespace sekisho::policy {
namespace {

using Where = std::optional<Locator>;

// The format that the adapter looks for in the body; nothing: it looks elsewhere.
std::optional<Locator::Kind> body_format(const OrderFields& fields) {
  for (const auto* where :
       {&fields.quantity, &fields.number_type, &fields.area, &fields.channels, &fields.chain,
        &fields.reference, &fields.partial, &fields.order_id, &fields.numbers, &fields.receiver}) {
    if (!*where) continue;
    if (const auto* one = (*where)->place_in_body()) return one->kind;
  }
  return std::nullopt;
}

// An operator as the caller names it: by the carrier's account, by id, or by corporate number.
std::optional<OperatorId> operator_named(const Carrier& carrier, const std::string& name) {
  if (const auto known = carrier.operators.find(name); known != carrier.operators.end()) return known->second;
  auto id = OperatorId::parse(name);
  return id ? id : OperatorId::parse("jp:" + name);
}

std::optional<Unreadable> check_body(const Message& message, Locator::Kind format) {
  const auto refused = [](std::string detail) {
    return Unreadable{Reason::unsupported_body, std::move(detail)};
  };
  const auto coding = message.headers("Content-Encoding");
  const bool plain = coding.times == 1 && same_ignoring_case(without_spaces(coding.first), "identity");
  if (coding.times > 0 && !plain) return refused("the body is compressed or encoded (Content-Encoding)");
  if (message.body.empty()) return std::nullopt;
  const auto type = message.headers("Content-Type");
  if (type.times == 0) return refused("the body has no Content-Type");
  if (type.times > 1) return refused("Content-Type is given more than once");
  if (format_of(type.first) == format) return std::nullopt;
  return refused("the body is not " + std::string(media_type_of(format)) + " in UTF-8");
}

// Where the quantity may be rewritten: one token of the body, and proven by reading a rewritten body again.
std::optional<BodySpan> quantity_span(const RouteMatch& match, const Message& message, MessageFields& fields,
                                      Quantity quantity) {
  const auto where = fields.stands_at(match.route->order.quantity, "quantity");
  if (!where || !where->in_body() || where->function != Locator::Function::value || where->amounts ||
      quantity < 2)
    return std::nullopt;
  const auto span = fields.token(*where);
  if (!span) return std::nullopt;
  const auto rewritten = rewrite_quantity(message.body, *span, quantity - 1);
  MessageFields again(match, &message, rewritten);
  if (again.quantity(where, "quantity", 1) != quantity - 1) return std::nullopt;
  return span;
}

Outcome unknown(std::string detail) { return {.kind = Outcome::Kind::unknown, .detail = std::move(detail)}; }

std::string in_status(int status, const std::string& text) {
  return "the carrier answered " + std::to_string(status) + " and " + text;
}

Outcome without_rule(const RouteMatch& match, int status) {
  if (match.route->operation == Operation::status)
    return {.kind = Outcome::Kind::pending, .detail = in_status(status, "nothing was learned from it")};
  const bool nothing_to_tell = hands_out(match.route->operation) && !gives(*match.route) && status < 300;
  if (nothing_to_tell || (status >= 400 && status <= 499)) return {.kind = Outcome::Kind::finished};
  return unknown(in_status(status, "the adapter has no rule for that"));
}

// Fills what was granted and released; false when it cannot be told.
bool read_counts(MessageFields& fields, const RouteMatch& match, const ResultRule& rule, int status,
                 Outcome& outcome) {
  const auto granted = fields.quantity(rule.granted, "granted", 0);
  const auto released = fields.quantity(rule.released, "released", 0);
  outcome.granted = granted.value_or(0);
  outcome.released = released.value_or(0);
  if (!fields.error().empty()) {
    outcome = unknown(in_status(status, fields.error()));
    return false;
  }
  const bool refused = status >= 400 && status <= 499;
  const auto operation = match.route->operation;
  outcome.all = rule.all;
  const bool tells_granted = granted || rule.all || !(gives(*match.route) || operation == Operation::status);
  const bool tells_released = released || operation != Operation::release;
  if (refused || (tells_granted && tells_released)) return true;
  outcome = unknown(
      in_status(status, tells_granted ? "did not tell what was released" : "did not tell what was granted"));
  return false;
}

}  // namespace

ReadOrder read_order(const RouteMatch& match, const Message& message, const NumberingPlan& plan,
                     JstDate today) {
  const OrderFields& where = match.route->order;
  if (const auto format = body_format(where))
    if (auto refused = check_body(message, *format)) return std::move(*refused);

  MessageFields fields(match, &message, message.body);
  Order order;
  order.operation = match.route->operation;
  order.carrier = match.carrier->name;
  const auto quantity = fields.quantity(where.quantity, "quantity", 1);
  order.number_type = fields.number_type(where.number_type, "number_type", plan, today);
  order.recall = fields.recall(where.quantity, where.number_type);
  order.area = fields.text(where.area, "area");
  order.channels = fields.quantity(where.channels, "channels", 0).value_or(0);
  order.chain = fields.texts(where.chain, "chain");
  order.reference = fields.text(where.reference, "reference");
  order.partial = fields.truth(where.partial, "partial").value_or(false);
  order.order_id = fields.text(where.order_id, "order_id");
  order.numbers = fields.numbers(where.numbers, "numbers");
  const auto receiver = fields.text(where.receiver, "receiver");
  if (!fields.error().empty()) return Unreadable{.detail = fields.error()};
  if (!receiver.empty()) {
    const auto id = operator_named(*match.carrier, receiver);
    if (!id) return Unreadable{.detail = "receiver (" + where.receiver->source + ") names no operator"};
    order.receiver = *id;
  }

  const auto named = Quantity(order.numbers.size());
  order.quantity = quantity.value_or(named);
  const bool recalls_quantity = where.quantity && where.quantity->function == Locator::Function::recall;
  const bool confirms = order.operation == Operation::confirm && !where.quantity && !where.numbers;
  if (confirms) order.recall = order.order_id;
  if (gives(*match.route) && !recalls_quantity && !confirms && !names_order_only(*match.route)) {
    if (order.quantity < 1) return Unreadable{.detail = "quantity is missing"};
    if (named > 0 && named != order.quantity)
      return Unreadable{.detail = "quantity is " + std::to_string(order.quantity) + ", but " +
                                  std::to_string(named) + " numbers are named"};
  }
  if (order.partial) order.quantity_span = quantity_span(match, message, fields, order.quantity);
  return order;
}

std::string rewrite_quantity(std::string_view body, BodySpan span, Quantity quantity) {
  const bool quoted = span.length > 0 && body[span.offset] == '"';
  std::string out(body.substr(0, span.offset));
  if (quoted) out += '"';
  out += std::to_string(quantity);
  if (quoted) out += '"';
  out += body.substr(span.offset + span.length);
  return out;
}

std::optional<Locator::Kind> body_format(const ResultRule& rule) {
  for (const auto* where : {&rule.granted, &rule.released, &rule.order_id, &rule.numbers, &rule.state}) {
    if (!*where) continue;
    if (const auto* one = (*where)->place_in_body()) return one->kind;
  }
  return std::nullopt;
}

static const ResultRule* rule_for(const std::vector<ResultRule>& rules, int status, const Lookup& headers) {
  const auto said = headers ? format_of(headers("Content-Type").first) : std::nullopt;
  const ResultRule* first = nullptr;
  for (const auto& rule : rules) {
    if (status < rule.status_from || status > rule.status_to) continue;
    const auto format = body_format(rule);
    if (!format || format == said) return &rule;
    if (!first) first = &rule;
  }
  return first;
}

Outcome read_outcome(const RouteMatch& match, int status, std::string_view body, const Lookup& headers) {
  const auto* rule = rule_for(match.route->results, status, headers);
  if (!rule) return without_rule(match, status);

  MessageFields fields(match, nullptr, body);
  fields.look_in_headers(headers);
  Outcome outcome{.kind = rule->pending ? Outcome::Kind::pending : Outcome::Kind::finished};
  CarrierState state = CarrierState::done;
  if (rule->state) {
    const auto word = fields.text(rule->state, "state");
    if (!fields.error().empty()) return unknown(in_status(status, fields.error()));
    const auto entry = rule->states.find(word);
    if (entry == rule->states.end())
      return unknown(in_status(status, "the adapter does not know the state '" + word + "'"));
    state = entry->second;
    if (state == CarrierState::pending) outcome.kind = Outcome::Kind::pending;
    if (state == CarrierState::reserved) outcome.kind = Outcome::Kind::reserved;
  }
  const bool counts = !rule->pending && state == CarrierState::done;
  if (counts && !read_counts(fields, match, *rule, status, outcome)) return outcome;

  // What was granted is certain from here on; an id or a number that cannot be read is told, and changes no
  // count.
  outcome.order_id = fields.text(rule->order_id, "order_id");
  outcome.detail = fields.take_error();
  if (rule->pending && !outcome.detail.empty()) return unknown(in_status(status, outcome.detail));
  const bool reserved =
      counts && match.route->operation == Operation::reserve && (outcome.all || outcome.granted > 0);
  if (reserved) outcome.kind = Outcome::Kind::reserved;
  if (counts && !reserved) {
    outcome.numbers = fields.numbers(rule->numbers, "numbers");
    if (outcome.detail.empty()) outcome.detail = fields.take_error();
  }
  return outcome;
}

std::optional<std::string> national_number(std::string_view text, NumberSpelling spelling) {
  std::string narrow;
  while (!text.empty()) {
    // Full-width forms in UTF-8 are "！" EF BC 81 and on, as "!" is 21 and on: "０" is EF BC 90. The wide
    // space is E3 80 80. normal_form refuses whatever else is not ASCII.
    if (text.starts_with("\xef\xbc") && text.size() > 2 && static_cast<unsigned char>(text[2]) > 0x80) {
      narrow += char(static_cast<unsigned char>(text[2]) - 0x81 + '!');
      text.remove_prefix(3);
    } else if (text.starts_with("\xe3\x80\x80")) {
      narrow += ' ';
      text.remove_prefix(3);
    } else {
      narrow += text[0];
      text.remove_prefix(1);
    }
  }
  auto number = normal_form(narrow, spelling);
  if (!number) return std::nullopt;
  return std::move(number.digits);
}

}  // namespace sekisho::policy
