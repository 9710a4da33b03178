#include "policy/fields.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "policy/form.h"
#include "policy/json_finder.h"
#include "policy/media_type.h"
#include "policy/strict_json.h"
#include "policy/text_rules.h"
#include "policy/xml.h"

namespace sekisho::policy {
namespace {

namespace dom = simdjson::dom;
using Kind = Locator::Kind;
using Function = Locator::Function;

constexpr Quantity quantity_max = 999'999'999'999'999'999;  // 18 digits, as in a string
// Parsers that keep every JSON number as a double (JavaScript's) read a larger one as another number.
constexpr std::int64_t json_integer_max = (std::int64_t(1) << 53) - 1;
constexpr std::size_t text_max = 255;
constexpr std::string_view given_twice = "is given more than once";

// Memory of a thread's readers: kept between messages, so that an order costs no allocation here.
thread_local Form form, query;
thread_local Xml xml;
thread_local Found scratch;

// 1 to 18 ASCII digits, no leading zero, sign or space.
std::optional<Quantity> parse_digits(std::string_view text) {
  if (text.empty() || text.size() > 18 || !std::all_of(text.begin(), text.end(), is_digit))
    return std::nullopt;
  if (text.size() > 1 && text[0] == '0') return std::nullopt;
  Quantity value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// "10000 ea", or without the unit. Other units count something else: a dozen, a block.
std::optional<Quantity> parse_amount(std::string_view text) {
  if (text.ends_with(" ea")) text.remove_suffix(3);
  return parse_digits(text);
}

std::string needs_plain(Quantity least) {
  return "is not a plain whole number of at least " + std::to_string(least);
}

// " (FIXED, IP050)": whoever sent another word need not look them up. As many as one reads.
std::string told(const std::map<std::string, NumberType>& words) {
  constexpr std::size_t most = 12;
  std::string list;
  std::size_t count = 0;
  for (const auto& [word, type] : words) {
    if (count++ == most) {
      list += ", …";
      break;
    }
    list += (list.empty() ? "" : ", ") + word;
  }
  return list.empty() ? "" : " (" + list + ")";
}

}  // namespace

void MessageFields::fail(const Locator& where, std::string_view field, std::string_view text) {
  if (error_.empty()) error_ = std::string(field) + " (" + where.source + ") " + std::string(text);
}

// Whether the body could be read; else `error_` tells why not.
bool MessageFields::open_body(Kind format) {
  if (opened_ == format) return true;
  const auto writer = message_ ? Writer::caller : Writer::carrier;
  std::string refused;
  if (format == Kind::json)
    refused = read_strict_json(body_, root_);
  else if (format == Kind::form)
    refused = form.read(body_);
  else
    refused = xml.read(body_, writer);
  if (refused.empty()) {
    opened_ = format;
    return format != Kind::form || check_repeated_names();
  }
  const auto* name = format == Kind::json ? "JSON" : format == Kind::form ? "a form" : "XML";
  error_ = "the body cannot be read as " + std::string(name) + ": " + refused;
  return false;
}

// A name may stand twice where the adapter reads a list of it.
bool MessageFields::check_repeated_names() {
  const auto& order = match_.route->order;
  const auto is_list = [](const std::optional<Locator>& where, std::string_view name, bool list) {
    if (!where || where->kind != Kind::form || where->text != name) return false;
    return list || where->function == Function::count || where->function == Function::sum;
  };
  for (auto name = form.repeated(); name; name = form.repeated(name)) {
    if (is_list(order.numbers, *name, true) || is_list(order.chain, *name, true) ||
        is_list(order.quantity, *name, false) || is_list(order.channels, *name, false))
      continue;
    error_ =
        "the body cannot be read as a form: the field '" + std::string(name->substr(0, 40)) + "' is repeated";
    return false;
  }
  return true;
}

void MessageFields::look_in_body(const Locator& locator, Takes takes, Found& found) {
  // No body at all: every field in it is absent.
  if (body_.empty()) {
    found.absent = true;
  } else if (open_body(locator.kind)) {
    if (locator.kind == Kind::json) {
      find_in_json(root_, locator.steps, message_ ? Writer::caller : Writer::carrier, found);
    } else if (locator.kind == Kind::form) {
      form.find(locator.text, found);
      if (takes == Takes::one && found.values.size() > 1) found.error = "it is given more than once";
    } else {
      const auto repeats = takes == Takes::one                 ? Xml::Repeats::none
                           : locator.function == Function::sum ? Xml::Repeats::summed
                                                               : Xml::Repeats::last;
      xml.find(locator.steps, repeats, found);
    }
  }
  // Many servers merge the query with a form, and differ in which of two fields counts.
  const bool queried = locator.kind == Kind::form && message_ && !message_->query.empty();
  if (queried && error_.empty() && open_query() && !query.namesake(locator.text).empty())
    found.error = "the query has it too";
}

bool MessageFields::open_query() {
  if (query_opened_) return true;
  if (auto refused = query.read(message_->query); !refused.empty())
    error_ = "the query cannot be read: " + refused;
  else
    query_opened_ = true;
  return query_opened_;
}

void MessageFields::look_in_query(const std::string& name, Found& found) {
  if (!open_query()) return;
  query.find(name, found);
  if (body_.empty()) return;
  const auto type = message_->headers("Content-Type");
  if (format_of(type.first) != Kind::form || !open_body(Kind::form)) return;
  if (!form.namesake(name).empty()) found.error = "the body has it too";
}

// Every value at the locator's place. Without values: absent and may be, an empty list, or a failure.
Found& MessageFields::look(const Locator& locator, std::string_view field, Takes takes) {
  Found& found = scratch;
  found.values.clear();
  found.absent = false;
  found.error.clear();
  if (!error_.empty()) return found;
  switch (locator.kind) {
    case Kind::constant:
      found.values.push_back({.text = locator.text});
      break;
    case Kind::path:
      for (const auto& [name, value] : match_.parameters)
        if (name == locator.text) found.values.push_back({.text = value});
      found.absent = found.values.empty();
      break;
    case Kind::header:
    case Kind::token: {
      const Lookup* headers = message_ ? &message_->headers : headers_;
      const Lookup* claims = message_ ? &message_->claims : nullptr;
      const auto* ask = locator.kind == Kind::header ? headers : claims;
      const auto given = ask && *ask ? (*ask)(locator.text) : Given();
      if (given.times == 1) found.values.push_back({.text = given.first});
      if (given.times > 1) fail(locator, field, given_twice);
      found.absent = given.times == 0;
      break;
    }
    case Kind::query:
      if (message_)
        look_in_query(locator.text, found);
      else
        found.absent = true;
      break;
    case Kind::json:
    case Kind::form:
    case Kind::xml:
      look_in_body(locator, takes, found);
      break;
  }
  if (!found.error.empty()) fail(locator, field, "cannot be read: " + found.error);
  if (!locator.in_body() && found.values.size() > 1) fail(locator, field, given_twice);
  if (found.absent && !locator.optional) fail(locator, field, "is missing");
  if (!error_.empty()) found.values.clear();
  return found;
}

// For fields with a single value.
std::optional<Value> MessageFields::one(const Locator& where, std::string_view field) {
  const auto& values = look(where, field, Takes::one).values;
  if (values.size() == 1) return values.front();
  if (values.empty() && !where.optional) fail(where, field, "is missing");
  if (values.size() > 1)
    fail(where, field, "stands in " + std::to_string(values.size()) + " places, and only one is meant");
  return std::nullopt;
}

std::optional<Quantity> MessageFields::whole_number(const Locator& where, const Value& value,
                                                    Quantity least) const {
  const auto parse = where.amounts ? parse_amount : parse_digits;
  std::optional<Quantity> number;
  if (!value.json) {
    number = parse(value.text);
  } else if (value.json->is_string()) {
    number = parse(std::string_view(*value.json));
  } else if (value.json->type() == dom::element_type::INT64) {
    // The type follows the token: 10.0 and 1e1 are doubles, what does not fit is unsigned.
    number = std::int64_t(*value.json);
    if (*number > json_integer_max) return std::nullopt;
  }
  if (!number || *number < least || *number > quantity_max) return std::nullopt;
  return number;
}

std::optional<Quantity> MessageFields::quantity(const Where& where, std::string_view field, Quantity least) {
  if (!where || where->function == Function::recall) return std::nullopt;
  if (!where->others.empty()) return quantity(stands_at(where, field), field, least);
  if (where->function == Function::span) return size_of_span(*where, field);
  if (where->function != Function::value) return total(*where, field, least);
  const auto value = one(*where, field);
  if (!value) return std::nullopt;
  const auto number = whole_number(*where, *value, least);
  if (!number)
    fail(*where, field, needs_plain(least) + (where->amounts ? ", alone or with the unit 'ea'" : ""));
  return number;
}

// count(...) and sum(...).
std::optional<Quantity> MessageFields::total(const Locator& where, std::string_view field, Quantity least) {
  const bool was_readable = error_.empty();
  const auto& found = look(where, field, Takes::several);
  // An optional place that is absent: not a count of 0.
  if (!was_readable || !error_.empty() || found.absent) return std::nullopt;
  Quantity total = 0;
  for (const auto& value : found.values) {
    const bool counts = where.function == Function::count;
    if (counts && value.json && value.json->is_array()) {
      fail(where, field, "counts a list as one; what is in it would be more, or none");
      return std::nullopt;
    }
    const auto number = counts ? Quantity(1) : whole_number(where, value, least);
    if (!number) {
      fail(where, field, "adds up something that " + needs_plain(least));
      return std::nullopt;
    }
    if (*number > quantity_max - total) {
      fail(where, field, "adds up to too much");
      return std::nullopt;
    }
    total += *number;
  }
  if (total < least) {
    fail(where, field, needs_plain(least));
    return std::nullopt;
  }
  return total;
}

std::optional<std::string> MessageFields::plain_text(const Value& value) const {
  if (!value.plain) return std::nullopt;
  if (!value.json) return std::string(value.text);
  if (value.json->is_string()) return std::string(std::string_view(*value.json));
  if (value.json->type() != dom::element_type::INT64) return std::nullopt;
  const auto number = std::int64_t(*value.json);
  // A carrier knows its own ids, however long.
  if (message_ && std::abs(number) > json_integer_max) return std::nullopt;
  return std::to_string(number);
}

MessageFields::Where MessageFields::stands_at(const Where& where, std::string_view field) {
  if (!where || where->others.empty()) return where;
  const Locator* place = nullptr;
  const auto try_at = [&](const Locator& one) {
    if (one.kind == Kind::constant && place) return;  // it stands for what none of the others says
    const auto is_there = [&](Locator end) {
      end.optional = true;
      return !look(end, field, Takes::several).values.empty();
    };
    // Half a range stands there too: it is for its reader to refuse.
    if (!is_there(one) && !(one.last && is_there(*one.last))) return;
    if (place) fail(one, field, "stands there and at " + place->source + " too");
    place = &one;
  };
  try_at(*where);
  for (const auto& other : where->others) try_at(other);
  if (!error_.empty()) return std::nullopt;
  if (!place) {
    if (!where->optional) fail(*where, field, "is missing, and stands nowhere else");
    return std::nullopt;
  }
  Where found(*place);
  found->others.clear();
  return found;
}

// An order is of one type, in one area: what says so in several places says the same.
std::string MessageFields::shared_text(const Where& where, std::string_view field) {
  auto all = texts(where, field);
  if (all.empty()) {
    if (!where->optional) fail(*where, field, "is missing");
    return {};
  }
  for (const auto& other : all) {
    if (other == all.front()) continue;
    fail(*where, field, "is both '" + all.front() + "' and '" + other + "', and an order is of one");
    return {};
  }
  return std::move(all.front());
}

std::string MessageFields::text(const Where& where, std::string_view field) {
  if (where && !where->others.empty()) return text(stands_at(where, field), field);
  if (where && where->finds_several()) return shared_text(where, field);
  const auto value = where ? one(*where, field) : std::nullopt;
  if (!value) return {};
  // A body is UTF-8 by its type; elsewhere nothing says what a byte beyond ASCII means.
  const bool ascii_only = !where->in_body();
  auto text = plain_text(*value);
  if (text && (text->empty() || text->size() > text_max || !is_printable(*text, ascii_only))) text.reset();
  if (!text) fail(*where, field, "is not a text of 1 to 255 printable characters");
  return std::move(text).value_or("");
}

std::vector<std::string> MessageFields::texts(const Where& where, std::string_view field) {
  std::vector<std::string> all;
  if (!where) return all;
  if (!where->others.empty()) return texts(stands_at(where, field), field);
  for (const auto& value : look(*where, field, Takes::several).values) {
    auto text = plain_text(value);
    if (!text || text->empty() || text->size() > text_max || !is_printable(*text, !where->in_body())) {
      fail(*where, field, "holds something that is not a text of 1 to 255 printable characters");
      return {};
    }
    all.push_back(std::move(*text));
  }
  return all;
}

std::vector<std::string> MessageFields::numbers(const Where& where, std::string_view field) {
  std::vector<std::string> all;
  if (!where) return all;
  if (!where->others.empty()) return numbers(stands_at(where, field), field);
  if (where->last) return numbers_of_span(*where, field);
  for (const auto& value : look(*where, field, Takes::several).values) {
    // A number that is not a string has lost its leading zero.
    std::optional<std::string> number;
    if (!value.json)
      number = national(value.text);
    else if (value.json->is_string())
      number = national(std::string_view(*value.json));
    if (!number) fail(*where, field, "holds something that is not a telephone number");
    if (!error_.empty()) return {};
    all.push_back(std::move(*number));
  }
  return all;
}

std::optional<bool> MessageFields::truth(const Where& where, std::string_view field) {
  if (where && !where->others.empty()) return truth(stands_at(where, field), field);
  const auto value = where ? one(*where, field) : std::nullopt;
  if (!value) return std::nullopt;
  if (value->json && value->json->is_bool()) return bool(*value->json);
  if (!value->json && (value->text == "true" || value->text == "false")) return value->text == "true";
  fail(*where, field, "is neither true nor false");
  return std::nullopt;
}

std::optional<NumberType> MessageFields::number_type(const Where& where, std::string_view field,
                                                     const NumberingPlan& plan, JstDate today) {
  if (!where || where->function == Function::recall) return std::nullopt;
  if (!where->others.empty()) return number_type(stands_at(where, field), field, plan, today);
  if (where->function == Function::type_of) return type_of_numbers(where, field, plan, today);
  const auto word = text(where, field);
  if (word.empty()) return std::nullopt;
  const auto entry = match_.carrier->number_types.find(word);
  if (entry != match_.carrier->number_types.end()) return entry->second;
  // An adapter may write our own word in a constant, where the carrier has none.
  const auto own = where->kind == Kind::constant ? parse_word<NumberType>(word) : std::nullopt;
  if (!own)
    fail(*where, field, "is not one of the carrier's number types" + told(match_.carrier->number_types));
  return own;
}

std::string MessageFields::recall(const Where& quantity, const Where& number_type) {
  const auto is_recall = [](const Where& where) { return where && where->function == Function::recall; };
  auto id = is_recall(quantity) ? text(quantity, "quantity") : std::string();
  if (!is_recall(number_type)) return id;
  auto other = text(number_type, "number_type");
  if (is_recall(quantity) && id != other)
    fail(*number_type, "number_type", "recalls another answer than the quantity does");
  return other;
}

std::optional<BodySpan> MessageFields::token(const Locator& where) const {
  if (opened_ != where.kind) return std::nullopt;
  if (where.kind == Kind::json) return token_in_json(body_, where.steps);
  return where.kind == Kind::form ? form.token(where.text) : xml.token(where.steps);
}

}  // namespace sekisho::policy
