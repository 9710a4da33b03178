#include "config/kinds.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

namespace sekisho::config {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

std::string lower(std::string text) {
  for (char& c : text) c = is_upper(c) ? char(c - 'A' + 'a') : c;
  return text;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  if (text.empty() || text.size() > 18 || (text[0] == '0' && text.size() > 1)) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

struct Unit {
  std::string_view name;
  std::int64_t factor;
};
constexpr std::array<Unit, 5> durations = {
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr std::array<Unit, 4> sizes = {{{"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}}};

// "50ms": an integer and one of the units, without anything between.
template <class Units>
std::optional<std::int64_t> parse_with_unit(std::string_view text, const Units& units) {
  const auto end = text.find_first_not_of("0123456789");
  const auto value = parse_integer(text.substr(0, end));
  if (!value || end == text.npos) return std::nullopt;
  for (const auto& unit : units) {
    if (unit.name != text.substr(end)) continue;
    if (*value > std::numeric_limits<std::int64_t>::max() / unit.factor) return std::nullopt;
    return *value * unit.factor;
  }
  return std::nullopt;
}

// In the largest unit that leaves nothing over.
template <class Units>
std::string print_with_unit(std::int64_t value, const Units& units) {
  const Unit* best = &units.front();
  for (const auto& unit : units)
    if (value != 0 && value % unit.factor == 0) best = &unit;
  return std::to_string(value / best->factor) + std::string(best->name);
}

template <class Print>
bool in_bounds(Document& document, const Node& node, std::int64_t value, std::int64_t min, std::int64_t max,
               Print print) {
  if (value < min)
    return document.error(node.place, node.found() + " is too little; at least " + print(min)), false;
  if (value > max)
    return document.error(node.place, node.found() + " is too much; at most " + print(max)), false;
  return true;
}

bool is_kebab(std::string_view text) {
  if (text.empty() || text.size() > 64 || text.front() == '-' || text.back() == '-') return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_lower(text[i]) && !is_digit(text[i]) && text[i] != '-') return false;
    if (text[i] == '-' && text[i - 1] == '-') return false;
  }
  return true;
}

bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return is_lower(c) || is_upper(c) || is_digit(c) ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

// Framing and hop-by-hop headers belong to the connection, and the gate writes its own words about a request
// itself.
bool is_governed(const std::string& name) {
  static constexpr std::array<std::string_view, 13> names = {"connection",
                                                             "content-length",
                                                             "expect",
                                                             "forwarded",
                                                             "host",
                                                             "keep-alive",
                                                             "proxy-authenticate",
                                                             "proxy-authorization",
                                                             "proxy-connection",
                                                             "te",
                                                             "trailer",
                                                             "transfer-encoding",
                                                             "upgrade"};
  return std::find(names.begin(), names.end(), name) != names.end() || name.starts_with("x-forwarded-") ||
         name.starts_with("sekisho-");
}

}  // namespace

bool unexpected(Document& document, const Node& node, const std::string& what) {
  document.error(node.place, "expected " + what + ", not " + node.found());
  return false;
}

bool Text::read(Document& document, const Node& node, std::string& out) const {
  if (node.kind != Node::Kind::scalar || node.text.empty()) return unexpected(document, node, says());
  if (node.text.size() > 2000)
    return document.error(node.place, "this text is longer than 2000 bytes"), false;
  out = node.text;
  return true;
}

bool KebabName::read(Document& document, const Node& node, std::string& out) const {
  if (node.kind != Node::Kind::scalar || !is_kebab(node.text)) return unexpected(document, node, says());
  out = node.text;
  return true;
}

bool Identifier::fits(std::string_view text) {
  const auto word = [](char c) { return is_lower(c) || is_upper(c) || is_digit(c); };
  return !text.empty() && text.size() <= 64 && word(text[0]) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return word(c) || c == '-' || c == '_' || c == '.'; });
}

bool Identifier::read(Document& document, const Node& node, std::string& out) const {
  if (node.kind != Node::Kind::scalar || !fits(node.text)) return unexpected(document, node, says());
  out = node.text;
  return true;
}

bool HeaderName::read(Document& document, const Node& node, std::string& out) const {
  if (node.kind != Node::Kind::scalar || !is_token(node.text)) return unexpected(document, node, says());
  if (is_governed(lower(node.text)))
    return document.error(node.place, "the header '" + node.text + "' is the gate's own business"), false;
  out = node.text;
  return true;
}

bool Path::read(Document& document, const Node& node, std::filesystem::path& out) const {
  if (node.kind != Node::Kind::scalar || node.text.empty()) return unexpected(document, node, says());
  out = document.beside(node.text);
  return true;
}

bool YesNo::read(Document& document, const Node& node, bool& out) const {
  if (node.kind != Node::Kind::scalar || node.quoted) return unexpected(document, node, says());
  if (node.text == "yes" || node.text == "true") return out = true, true;
  if (node.text == "no" || node.text == "false") return out = false, true;
  return unexpected(document, node, says());
}

bool Count::read(Document& document, const Node& node, std::int64_t& out) const {
  const auto value = node.kind == Node::Kind::scalar && !node.quoted ? parse_integer(node.text)
                                                                     : std::optional<std::int64_t>();
  if (!value) return unexpected(document, node, "a whole number");
  if (!in_bounds(document, node, *value, min, max, [](std::int64_t v) { return std::to_string(v); }))
    return false;
  out = *value;
  return true;
}

std::string Count::says() const {
  return "a whole number from " + std::to_string(min) + " to " + std::to_string(max);
}

bool Duration::read(Document& document, const Node& node, Milliseconds& out) const {
  const auto value =
      node.kind == Node::Kind::scalar ? parse_with_unit(node.text, durations) : std::optional<std::int64_t>();
  if (!value) return unexpected(document, node, "a duration such as 50ms, 2s, 10m, 5h or 2d");
  const auto text = [](std::int64_t ms) { return print(Milliseconds(ms)); };
  if (!in_bounds(document, node, *value, min.count(), max.count(), text)) return false;
  out = Milliseconds(*value);
  return true;
}

std::string Duration::says() const { return "a duration from " + print(min) + " to " + print(max); }

std::string Duration::print(Milliseconds value) {
  return value.count() == 0 ? "0s" : print_with_unit(value.count(), durations);
}

bool Size::read(Document& document, const Node& node, std::int64_t& out) const {
  std::optional<std::int64_t> value;
  if (node.kind == Node::Kind::scalar) value = parse_with_unit(node.text, sizes);
  if (node.kind == Node::Kind::scalar && !value && !node.quoted) value = parse_integer(node.text);
  if (!value) return unexpected(document, node, "a size such as 16KiB or 1MiB");
  if (!in_bounds(document, node, *value, min, max, print)) return false;
  out = *value;
  return true;
}

std::string Size::says() const { return "a size from " + print(min) + " to " + print(max); }
std::string Size::print(std::int64_t bytes) { return print_with_unit(bytes, sizes); }

bool Share::read(Document& document, const Node& node, double& out) const {
  double value = 0;
  const auto& text = node.text;
  if (node.kind != Node::Kind::scalar || text.size() < 2 || text.back() != '%' || !is_digit(text[0]))
    return unexpected(document, node, says());
  const auto* end = text.data() + text.size() - 1;
  const auto [stopped, trouble] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  if (trouble != std::errc() || stopped != end || value > 100) return unexpected(document, node, says());
  out = value / 100;
  return true;
}

std::string Share::print(double value) {
  auto text = std::to_string(std::round(value * 10000) / 100);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text + "%";
}

bool Date::read(Document& document, const Node& node, policy::JstDate& out) const {
  const auto date =
      node.kind == Node::Kind::scalar ? policy::JstDate::parse(node.text) : std::optional<policy::JstDate>();
  if (!date) return unexpected(document, node, says());
  out = *date;
  return true;
}

bool Operator::read(Document& document, const Node& node, policy::OperatorId& out) const {
  if (node.kind != Node::Kind::scalar) return unexpected(document, node, says());
  if (auto id = policy::OperatorId::parse(node.text)) return out = std::move(*id), true;
  const bool digits = node.text.size() == 16 && node.text.starts_with("jp:") &&
                      node.text.find_first_not_of("0123456789", 3) == std::string::npos;
  if (!digits) return unexpected(document, node, says());
  document.error(node.place,
                 node.found() + " is not a corporate number: its check digit, the first, is wrong");
  return false;
}

bool OneOf::read(Document& document, const Node& node, std::string& out) const {
  if (node.kind != Node::Kind::scalar) return unexpected(document, node, says());
  if (std::find(words.begin(), words.end(), node.text) == words.end()) {
    document.error(node.place, node.found() + " is not " + says() + did_you_mean(node.text, words));
    return false;
  }
  out = node.text;
  return true;
}

std::string OneOf::says() const {
  std::string out = words.size() == 1 ? "'" : "one of ";
  for (const auto& word : words) out += (&word == &words.front() ? "" : ", ") + word;
  return words.size() == 1 ? out + "'" : out;
}

}  // namespace sekisho::config
