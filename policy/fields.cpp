#include "policy/fields.h"

#include <algorithm>
#include <charconv>

namespace sekisho::policy {
namespace {

namespace dom = simdjson::dom;
using Kind = Locator::Kind;
using Function = Locator::Function;

constexpr Quantity quantity_max = 999'999'999'999'999'999;  // 18 digits, as in a string
constexpr std::size_t text_max = 255;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// 1 to 18 ASCII digits, no leading zero, sign or space.
std::optional<Quantity> parse_digits(std::string_view text) {
  if (text.empty() || text.size() > 18 || !std::all_of(text.begin(), text.end(), is_digit))
    return std::nullopt;
  if (text.size() > 1 && text[0] == '0') return std::nullopt;
  Quantity value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// No control characters (C0, DEL, C1): the text goes into headers, logs and terminals.
bool is_printable(std::string_view text, bool ascii_only) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == 0x7f || (ascii_only && c > 0x7f)) return false;
    if (c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) return false;
  }
  return true;
}

// A name or value of the query with "%41" and "+" resolved; nothing when an escape is broken.
std::optional<std::string> decode_query(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] == '%') {
      unsigned value = 0;
      if (i + 2 >= text.size()) return std::nullopt;
      const auto [end, error] = std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16);
      if (error != std::errc() || end != text.data() + i + 3) return std::nullopt;
      out += char(value);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string needs_plain(Quantity least) {
  return "is not a plain whole number of at least " + std::to_string(least);
}

}  // namespace

void MessageFields::fail(const Locator& where, std::string_view field, std::string_view text) {
  if (error_.empty()) error_ = std::string(field) + " (" + where.source + ") " + std::string(text);
}

Found MessageFields::look_in_body(const Locator& locator) {
  // No body at all: every field in it is absent.
  if (body_.empty()) return {.absent = true};
  if (!root_) {
    dom::element root;
    const auto refused = read_strict_json(body_, root);
    if (!refused.empty()) {
      error_ = "the body cannot be read as JSON: " + refused;
      return {};
    }
    root_ = root;
  }
  return find_values(*root_, locator.steps, message_ ? Writer::caller : Writer::carrier);
}

std::vector<std::string> MessageFields::look_in_query(std::string_view name) {
  std::vector<std::string> values;
  auto rest = message_->query;
  // Some servers split at ";" as well, and would see other fields than the gate.
  if (rest.find(';') != rest.npos) error_ = "the query holds ';', which servers read in different ways";
  while (!rest.empty()) {
    const auto pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const auto equals = std::min(pair.find('='), pair.size());
    const auto key = decode_query(pair.substr(0, equals));
    auto value = decode_query(pair.substr(std::min(pair.size(), equals + 1)));
    if (!key || !value) error_ = "the query holds a broken escape";
    if (key && value && *key == name) values.push_back(std::move(*value));
  }
  return values;
}

// Every value at the locator's place. Empty: absent and may be, an empty list, or a failure.
std::vector<MessageFields::Value> MessageFields::look(const Where& where, std::string_view field) {
  std::vector<Value> values;
  if (!where || !error_.empty()) return values;
  const Locator& locator = *where;
  bool absent = false;
  switch (locator.kind) {
    case Kind::constant:
      values.push_back({.text = locator.text});
      break;
    case Kind::path:
      for (const auto& [name, value] : match_.parameters)
        if (name == locator.text) values.push_back({.text = value});
      absent = values.empty();
      break;
    case Kind::header:
      if (const auto* headers = message_ ? &message_->headers : headers_; headers && *headers)
        for (auto value : (*headers)(locator.text)) values.push_back({.text = std::string(value)});
      absent = values.empty();
      break;
    case Kind::query:
      if (message_)
        for (auto& value : look_in_query(locator.text)) values.push_back({.text = std::move(value)});
      absent = values.empty();
      break;
    case Kind::json: {
      auto found = look_in_body(locator);
      if (!found.error.empty()) fail(locator, field, "cannot be read: " + found.error);
      for (auto value : found.values) values.push_back({.json = value});
      absent = found.absent;
      break;
    }
  }
  if (locator.kind != Kind::json && values.size() > 1) fail(locator, field, "is given more than once");
  if (absent && !locator.optional) fail(locator, field, "is missing");
  if (!error_.empty()) values.clear();
  return values;
}

// For fields with a single value.
std::optional<MessageFields::Value> MessageFields::one(const Where& where, std::string_view field) {
  auto values = look(where, field);
  if (values.empty()) {
    if (where && !where->optional) fail(*where, field, "is missing");
    return std::nullopt;
  }
  if (values.size() > 1) {
    fail(*where, field, "stands in " + std::to_string(values.size()) + " places, and only one is meant");
    return std::nullopt;
  }
  return std::move(values.front());
}

std::optional<Quantity> MessageFields::whole_number(const Value& value, Quantity least) {
  std::optional<Quantity> number;
  if (!value.json) {
    number = parse_digits(value.text);
  } else if (value.json->is_string()) {
    number = parse_digits(std::string_view(*value.json));
  } else if (value.json->type() == dom::element_type::INT64) {
    // The type follows the token: 10.0 and 1e1 are doubles, what does not fit is unsigned.
    number = std::int64_t(*value.json);
  }
  if (!number || *number < least || *number > quantity_max) return std::nullopt;
  return number;
}

std::optional<Quantity> MessageFields::quantity(const Where& where, std::string_view field, Quantity least) {
  if (!where) return std::nullopt;
  if (where->function == Function::value) {
    const auto value = one(where, field);
    if (!value) return std::nullopt;
    const auto number = whole_number(*value, least);
    if (!number) fail(*where, field, needs_plain(least));
    return number;
  }

  const bool was_readable = error_.empty();
  const auto values = look(where, field);
  if (!was_readable || !error_.empty()) return std::nullopt;
  // An optional place that is absent: not a count of 0.
  if (values.empty() && (where->kind != Kind::json || body_.empty() || look_in_body(*where).absent))
    return std::nullopt;
  Quantity total = 0;
  for (const auto& value : values) {
    const auto number = where->function == Function::count ? Quantity(1) : whole_number(value, least);
    if (!number) {
      fail(*where, field, "adds up something that " + needs_plain(least));
      return std::nullopt;
    }
    if (*number > quantity_max - total) {
      fail(*where, field, "adds up to too much");
      return std::nullopt;
    }
    total += *number;
  }
  if (total < least) {
    fail(*where, field, needs_plain(least));
    return std::nullopt;
  }
  return total;
}

std::optional<std::string> MessageFields::plain_text(const Value& value) {
  std::string text = value.text;
  if (value.json) {
    if (value.json->is_string())
      text = std::string_view(*value.json);
    else if (value.json->type() == dom::element_type::INT64)
      text = std::to_string(std::int64_t(*value.json));
    else
      return std::nullopt;
  }
  if (text.empty() || text.size() > text_max || !is_printable(text, !value.json)) return std::nullopt;
  return text;
}

std::string MessageFields::text(const Where& where, std::string_view field) {
  const auto value = one(where, field);
  if (!value) return {};
  auto text = plain_text(*value);
  if (!text) fail(*where, field, "is not a text of 1 to 255 printable characters");
  return text.value_or("");
}

std::vector<std::string> MessageFields::texts(const Where& where, std::string_view field) {
  std::vector<std::string> all;
  for (const auto& value : look(where, field)) {
    auto text = plain_text(value);
    if (!text) fail(*where, field, "holds something that is not a text of 1 to 255 printable characters");
    if (!error_.empty()) return {};
    all.push_back(std::move(*text));
  }
  return all;
}

std::vector<std::string> MessageFields::numbers(const Where& where, std::string_view field) {
  std::vector<std::string> all;
  for (const auto& value : look(where, field)) {
    // A number that is not a string has lost its leading zero.
    std::optional<std::string> number;
    if (!value.json)
      number = national_number(value.text);
    else if (value.json->is_string())
      number = national_number(std::string_view(*value.json));
    if (!number) fail(*where, field, "holds something that is not a telephone number");
    if (!error_.empty()) return {};
    all.push_back(std::move(*number));
  }
  return all;
}

std::optional<bool> MessageFields::truth(const Where& where, std::string_view field) {
  const auto value = one(where, field);
  if (!value) return std::nullopt;
  if (value->json && value->json->is_bool()) return bool(*value->json);
  if (!value->json && (value->text == "true" || value->text == "false")) return value->text == "true";
  fail(*where, field, "is neither true nor false");
  return std::nullopt;
}

// The one type of all numbers at the place. An order is of one type: limits are counted by it, so numbers of
// two types in one order would charge one of them to the wrong account.
std::optional<NumberType> MessageFields::type_of_numbers(const Where& where, std::string_view field,
                                                         const NumberingPlan& plan, JstDate today) {
  const auto all = numbers(where, field);
  if (all.empty() && !where->optional) fail(*where, field, "is missing");
  std::optional<NumberType> type;
  for (const auto& number : all) {
    const auto own = type_of(plan, number, today);
    if (!own) {
      fail(*where, field,
           "holds " + number + ", which is of no number type: it " + why_no_type(plan, number, today));
      return std::nullopt;
    }
    if (type && *type != *own) {
      fail(*where, field,
           "holds numbers of several types (" + std::string(name(*type)) + ", " + std::string(name(*own)) +
               "), and an order is of one");
      return std::nullopt;
    }
    type = own;
  }
  return type;
}

std::optional<NumberType> MessageFields::number_type(const Where& where, std::string_view field,
                                                     const NumberingPlan& plan, JstDate today) {
  if (where && where->function == Function::type_of) return type_of_numbers(where, field, plan, today);
  const auto word = text(where, field);
  if (word.empty()) return std::nullopt;
  const auto entry = match_.carrier->number_types.find(word);
  if (entry != match_.carrier->number_types.end()) return entry->second;
  // An adapter may write our own word in a constant, where the carrier has none.
  const auto own = where->kind == Kind::constant ? parse_word<NumberType>(word) : std::nullopt;
  if (!own) fail(*where, field, "is not one of the carrier's number types");
  return own;
}

}  // namespace sekisho::policy
