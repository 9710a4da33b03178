#include "cache/hold_record.h"

#include <charconv>
#include <vector>

namespace sekisho::cache {
namespace {

template <class T = std::int64_t>
std::optional<T> integer(std::string_view text) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

constexpr std::size_t record_bytes = 192;  // of nearly every hold

template <class T>
void append(std::string& out, T number) {
  char digits[20];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '|')
      out += "%7C";
    else if (c == '%')
      out += "%25";
    else
      out += c;
  }
}

void append_before_quantity(std::string& out, const policy::Hold& hold) {
  out += name(hold.state);
  out += '|';
}

void append_after_quantity(std::string& out, const policy::Hold& hold) {
  out += '|';
  out += name(hold.number_type);
  out += '|';
  out += hold.day.text();
  out += '|';
  append(out, policy::to_ms(hold.since));
  out += '|';
  out += hold.carrier;
  out += '|';
  out += hold.gateway;
  out += '|';
  append(out, hold.ordinal);
  out += '|';
  out += hold.key;
  out += '|';
  append_escaped(out, hold.group);
  out += '|';
  append_escaped(out, hold.order_id);
}

}  // namespace

std::string unescape_order_id(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 3) == "%7C" || text.substr(i, 3) == "%25") {
      out += text[i + 1] == '7' ? '|' : '%';
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string escape_order_id(std::string_view order_id) {
  std::string out;
  append_escaped(out, order_id);
  return out;
}

std::pair<std::string, std::string> encode_around_quantity(const policy::Hold& hold) {
  std::pair<std::string, std::string> out;
  append_before_quantity(out.first, hold);
  out.second.reserve(record_bytes);
  append_after_quantity(out.second, hold);
  return out;
}

std::string encode(const policy::Hold& hold) {
  std::string out;
  out.reserve(record_bytes);
  append_before_quantity(out, hold);
  append(out, hold.quantity);
  append_after_quantity(out, hold);
  return out;
}

std::optional<policy::Hold> decode_hold(std::string_view id, std::string_view text) {
  std::vector<std::string_view> parts;
  while (parts.size() < 10) {
    const auto bar = text.find('|');
    if (bar == std::string_view::npos) return std::nullopt;
    parts.push_back(text.substr(0, bar));
    text.remove_prefix(bar + 1);
  }
  const auto state = policy::parse_word<policy::HoldState>(parts[0]);
  const auto quantity = integer(parts[1]);
  const auto type = policy::parse_word<policy::NumberType>(parts[2]);
  const auto day = policy::JstDate::parse(parts[3]);
  const auto since = integer(parts[4]);
  const auto ordinal = integer<std::uint64_t>(parts[7]);
  if (!state || !quantity || !type || !day || !since || !ordinal) return std::nullopt;
  return policy::Hold{.id = std::string(id),
                      .state = *state,
                      .quantity = *quantity,
                      .number_type = *type,
                      .day = *day,
                      .since = policy::from_ms(*since),
                      .carrier = std::string(parts[5]),
                      .order_id = unescape_order_id(text),
                      .gateway = std::string(parts[6]),
                      .ordinal = *ordinal,
                      .key = std::string(parts[8]),
                      .group = unescape_order_id(parts[9])};
}

}  // namespace sekisho::cache
